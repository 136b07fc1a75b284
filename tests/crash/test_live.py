"""Reading and checking an archive while another process writes it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.archive.verify import verify

CHECKS = 60


def test_verify_is_content_while_a_writer_writes(tmp_path: Path) -> None:
    """Segments fill, close and begin during the check; what is durable never looks damaged."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.archive_writer", str(tmp_path / "a"), "live"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        acknowledged = 0
        seen = 0
        for _ in range(CHECKS):
            while select.select([child.stdout], [], [], 0)[0]:
                acknowledged += len(os.read(child.stdout.fileno(), 1 << 16).split())
            verdict = verify(tmp_path / "a")
            assert verdict.is_sound, verdict.problems
            archive = Archive.open(tmp_path / "a")
            count = sum(1 for _ in archive.records())
            assert archive.damages == []
            assert seen <= verdict.records <= count
            seen = count
        assert acknowledged > 100
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
