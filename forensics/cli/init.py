"""Process 1 of a container: passes signals on and buries the orphans."""

import os
import signal

from forensics.cli.child import FORWARDED

# si_code of a signal that the kernel sent, such as the terminal's Ctrl-C, which the whole group got.
_FROM_KERNEL = 0x80


def leave_process_1() -> None:
    """Return in a process that is not number 1; the caller's process stays behind as init where it is.

    Process 1 inherits every orphan, and must bury it; a process that also starts commands of its own cannot
    do that without taking their exit codes away.
    """
    if os.getpid() == 1:
        stand_before()


def stand_before() -> None:
    """Fork: return in the new process; this one passes signals on, buries orphans and ends with its code."""
    watched = {*FORWARDED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    os._exit(_tend(pid, watched))


def _tend(pid: int, watched: set[signal.Signals]) -> int:
    while True:
        received = signal.sigwaitinfo(watched)
        if received.si_signo != signal.SIGCHLD:
            if received.si_code != _FROM_KERNEL:
                os.kill(pid, received.si_signo)
            continue
        exit_code = _bury(pid)
        if exit_code is not None:
            return exit_code


def _bury(pid: int) -> int | None:
    """Reap whatever has ended; return the exit code of pid where that is among them."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if ended == 0:
            return None
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
