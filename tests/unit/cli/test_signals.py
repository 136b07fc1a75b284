"""Signals that come before anybody listens."""

import subprocess
import sys

import pytest

HELD = """
import os, signal
from forensics.cli.signals import Signals, hold_hangup
hold_hangup()
os.kill(os.getpid(), signal.SIGHUP)
told = []
with Signals((signal.SIGHUP,), told.append):
    os.kill(os.getpid(), signal.SIGHUP)
print(told)
"""
STARTED = """
import signal, sys
sys.argv = ["forensics", sys.argv[1], "--no-such-flag"]
from forensics.__main__ import main
try:
    main()
except SystemExit:
    print("kept" if callable(signal.getsignal(signal.SIGHUP)) else "ends the process")
"""


def printed(program: str, *args: str) -> str:
    """Return what a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *args], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_a_hangup_before_anybody_listens_is_handed_over() -> None:
    """New settings asked for in the first second are read in the second one."""
    assert printed(HELD) == "[1, 1]"


@pytest.mark.parametrize(("command", "what"), [("watch", "kept"), ("status", "ends the process")])
def test_only_a_recording_keeps_a_hangup_from_its_first_moment(command: str, what: str) -> None:
    """A read command whose terminal is closed has nobody to read for."""
    assert printed(STARTED, command) == what
