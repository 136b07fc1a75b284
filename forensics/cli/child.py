"""The command that `forensics run` wraps, as a process of its own."""

import errno
import os
import select
import shutil
import signal
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT)
"""Signals that reach the command when they reach us."""

NOT_EXECUTABLE = 126
NOT_FOUND = 127

_GLANCE_S = 1.0

# CPython ignores these; a command that inherited that would not die of a closed pipe.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)


class Child:
    """One command, with our own stdin, stdout, stderr, terminal and process group.

    Only the main thread may use it: signals are forwarded from there, so that none can reach a process
    that took over the number of a command already gone.

    Args:
        argv: The command and its arguments; at least one.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)
        self._pid: int | None = None
        self._early: list[int] = []
        self._displaced: dict[signal.Signals, Any] = {}
        self.exit_code: int | None = None
        """The command's own code, 128+n when signal n ended it; None while it runs."""
        self.trouble: str | None = None
        """Why the command could not be started; None when it could."""
        self.interrupted_by: int | None = None
        """The first signal that asked the command to end; None where none did."""

    @property
    def name(self) -> str:
        """The command without its arguments, which may hold secrets."""
        return self._argv[0]

    def start(self, environment: Mapping[str, str] | None = None) -> bool:
        """Start the command and forward signals to it from now on.

        Args:
            environment: The command's variables; None means ours.

        Returns:
            False when it cannot be started: exit_code is 126 or 127 and trouble says why.
        """
        for signum in FORWARDED:
            # What the caller ignored (nohup, a background job) stays ignored, here and in the command.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._displaced[signum] = signal.signal(signum, self._forward)
        # Where it is ignored, the system throws the exit code away; where it is handled, it wakes us.
        self._displaced[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        try:
            self._pid = self._spawn(dict(os.environ if environment is None else environment))
        except FileNotFoundError:
            return self._refuse(NOT_FOUND, "command not found")
        except (OSError, ValueError) as error:
            return self._refuse(NOT_EXECUTABLE, getattr(error, "strerror", None) or str(error))
        for early in self._early:
            os.kill(self._pid, early)
        return True

    def wait(self) -> int:
        """Wait for the command to end and stop forwarding signals.

        Returns:
            Its exit code, as `exit_code`.

        Raises:
            RuntimeError: The command was never started.
        """
        if self._pid is not None:
            _await_zombie(self._pid)
            # The number stays taken until here, so nobody else can have been sent a signal.
            pid, self._pid = self._pid, None
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self.exit_code = code if code >= 0 else 128 - code
        for signum, handler in self._displaced.items():
            signal.signal(signum, handler)
        self._displaced.clear()
        if self.exit_code is None:
            raise RuntimeError("a command that was not started cannot be waited for")
        return self.exit_code

    def _spawn(self, environment: dict[str, str]) -> int:
        try:
            return os.posix_spawnp(self._argv[0], self._argv, environment, setsigdef=_RESTORED)
        except OSError as error:
            # A script without a #! line: execvp, env and every shell hand it to sh.
            path = shutil.which(self._argv[0]) if error.errno == errno.ENOEXEC else None
            if path is None:
                raise
        script = ["/bin/sh", path, *self._argv[1:]]
        return os.posix_spawn(script[0], script, environment, setsigdef=_RESTORED)

    def _refuse(self, exit_code: int, trouble: str) -> bool:
        self.exit_code, self.trouble = exit_code, f"{self._argv[0]}: {trouble}"
        return False

    def _forward(self, signum: int, frame: FrameType | None) -> None:
        """Pass a signal on, unless the terminal gave it to the command as well."""
        if self.interrupted_by is None and signum not in (signal.SIGUSR1, signal.SIGUSR2):
            self.interrupted_by = signum
        if signum in (signal.SIGINT, signal.SIGQUIT) and is_foreground():
            return
        if self._pid is None:
            self._early.append(signum)
        else:
            os.kill(self._pid, signum)


def _await_zombie(pid: int) -> None:
    """Wait for a child's end without reaping it, waking for every signal to this process.

    A plain wait is not enough: the system may give a signal to another thread, and Python's handlers run
    only when the main thread moves.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    former_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if select.select([reading], [], [], _GLANCE_S)[0]:
                os.read(reading, 4096)
    finally:
        signal.set_wakeup_fd(former_fd)
        os.close(reading)
        os.close(writing)


def is_foreground() -> bool:
    """Return whether our process group has the terminal, so that its Ctrl-C reaches all of the group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
