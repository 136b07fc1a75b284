"""The wrapped command keeps its terminal, its signals and its exit code."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WRAP = """
import sys
from forensics.cli.child import Child
child = Child(sys.argv[1:])
child.start()
code = child.wait()
if child.trouble: print(child.trouble, file=sys.stderr)
sys.exit(code)
"""

# Names each signal as it comes; USR2 ends it. A signal may come while the one before is still being named,
# which print does not survive.
LISTENER = """
import os, signal, sys
def note(signum, frame):
    os.write(1, signal.Signals(signum).name.encode() + b"\\n")
    if signum == signal.SIGUSR2: sys.exit(5)
for name in ('TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2'):
    signal.signal(getattr(signal, 'SIG' + name), note)
print('ready', flush=True)
while True: signal.pause()
"""
ALL = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def wrapped(*argv: str) -> list[str]:
    return [sys.executable, "-c", WRAP, *argv]


def outcome(*argv: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(wrapped(*argv), capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("code", [0, 1, 7, 125, 130, 255])
def test_the_exit_code_is_the_commands_own(code: int) -> None:
    assert outcome("sh", "-c", f"exit {code}").returncode == code


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "PIPE", "SEGV"])
def test_a_command_ended_by_a_signal_gives_128_plus_its_number(name: str) -> None:
    """As a shell does; PIPE shows that the command does not inherit Python's ignoring of it."""
    number = getattr(signal, f"SIG{name}")
    assert outcome("sh", "-c", f"ulimit -c 0; kill -{name} $$").returncode == 128 + number


def test_a_command_that_does_not_exist_gives_127() -> None:
    ended = outcome("no-such-command-anywhere")
    assert (ended.returncode, ended.stderr) == (127, "no-such-command-anywhere: command not found\n")


@pytest.mark.parametrize("kind", ["directory", "file without x"])
def test_what_cannot_be_executed_gives_126(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    if kind == "directory":
        path.mkdir()
    else:
        path.write_text("#!/bin/sh\n")
    ended = outcome(str(path))
    assert (ended.returncode, ended.stderr) == (126, f"{path}: Permission denied\n")


def test_a_script_without_an_interpreter_line_runs_as_it_does_from_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "deploy"
    script.write_text('echo "$1"; exit 3\n')
    script.chmod(0o755)
    ended = outcome(str(script), "an argument")
    assert (ended.returncode, ended.stdout) == (3, "an argument\n")


def test_stdin_stdout_and_stderr_are_the_callers_own() -> None:
    ended = outcome("sh", "-c", "cat; echo talk >&2", input="from outside\n")
    assert (ended.stdout, ended.stderr) == ("from outside\n", "talk\n")


def test_the_command_stays_in_the_callers_process_group() -> None:
    """A CI runner that cancels by group, and a terminal's Ctrl-C, must reach it."""
    process = subprocess.Popen(
        wrapped(sys.executable, "-c", "import os; print(os.getpgrp())"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.communicate(timeout=60)[0] == f"{process.pid}\n"


def send_each(process: subprocess.Popen[str]) -> list[str]:
    """Send every signal, each after the one before has arrived; return all that the listener said."""
    assert process.stdout is not None
    said = [process.stdout.readline()]
    for name in ALL:
        process.send_signal(signal.Signals[name])
        said.append(process.stdout.readline())
    said.append(process.communicate(timeout=60)[0])
    return "".join(said).split()


def test_every_signal_is_forwarded_once() -> None:
    process = subprocess.Popen(
        wrapped(sys.executable, "-c", LISTENER), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert send_each(process) == ["ready", *ALL]
    assert process.returncode == 5


def test_a_signal_ignored_by_the_caller_stays_ignored() -> None:
    """Under nohup a deploy must survive the terminal's end."""
    ended = outcome(
        "sh",
        "-c",
        "kill -HUP $$; echo alive",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert ended.stdout == "alive\n"


def test_the_exit_code_survives_a_caller_that_ignores_the_end_of_children() -> None:
    """Some supervisors start their programs with SIGCHLD ignored, and the system then keeps no code."""
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", ignoring, *wrapped("sh", "-c", "exit 7")]
    assert subprocess.run(command, timeout=60).returncode == 7


BUSY = """
import sys, threading
from forensics.cli.child import Child
hold = threading.Event()
for _ in range(5):
    threading.Thread(target=hold.wait, daemon=True).start()
child = Child(sys.argv[1:])
child.start()
sys.exit(child.wait())
"""


def test_signals_are_forwarded_at_once_beside_other_threads() -> None:
    """The system may give a signal to any thread; the recorder's threads must not swallow it."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, sys.executable, "-c", LISTENER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert send_each(process) == ["ready", *ALL]
    assert process.returncode == 5


def read_until(descriptor: int, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        seen += os.read(descriptor, 1024)
    return seen


def test_a_ctrl_c_on_the_terminal_reaches_the_command_once() -> None:
    """A second SIGINT makes terraform and cdk give up without cleaning up."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, wrapped(sys.executable, "-c", LISTENER))
    try:
        read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        said = read_until(terminal, b"SIGINT")
        os.kill(pid, signal.SIGUSR2)
        said += read_until(terminal, b"SIGUSR2")
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    assert said.count(b"SIGINT") == 1
    assert os.waitstatus_to_exitcode(status) == 5


INIT = """
import ctypes, os, sys
# What process 1 is for the kernel: the one that inherits orphans.
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
from forensics.cli.init import stand_before
stand_before()
os.execvp(sys.argv[1], sys.argv[1:])
"""


ORPHAN = """
import os, sys
reading, writing = os.pipe()
if (parent := os.fork()) == 0:
    orphan = os.fork()
    if orphan:
        os.write(writing, str(orphan).encode())
    os._exit(0)
os.waitpid(parent, 0)
orphan = os.read(reading, 20).decode()
while os.path.exists(f"/proc/{orphan}"):
    os.sched_yield()
sys.exit(9)
"""


def test_process_1_buries_orphans_and_ends_with_the_commands_code() -> None:
    """A container's process 1 that does not reap fills the process table with zombies."""
    ended = subprocess.run([sys.executable, "-c", INIT, sys.executable, "-c", ORPHAN], timeout=60)
    assert ended.returncode == 9


def test_process_1_ends_with_128_plus_the_signal_that_ended_the_command() -> None:
    ended = subprocess.run([sys.executable, "-c", INIT, "sh", "-c", "kill -KILL $$"], timeout=60)
    assert ended.returncode == 128 + signal.SIGKILL


def test_process_1_passes_every_signal_on_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INIT, sys.executable, "-c", LISTENER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert send_each(process) == ["ready", *ALL]
    assert process.returncode == 5
