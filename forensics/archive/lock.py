"""The lock that lets one process write an archive."""

import contextlib
import errno
import fcntl
import itertools
import os
import threading
import weakref

import msgspec

from forensics.archive.disk import FILE_MODE
from forensics.errors import ArchiveError, ArchiveInUse
from forensics.model.clock import Clock, to_rfc3339

NAME = "LOCK"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
# A reader that asks whether a writer lives takes the lock for an instant: that is no writer. A writer has
# its name in the file.
_ATTEMPTS = 5
_ATTEMPTS_UNNAMED = 50
_PAUSE_S = 0.02
_UNLOCKABLE = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds an archive's lock, as the LOCK file says."""

    pid: int
    host: str
    started: str


class Lock:
    """An archive's lock, held until `release` or the end of the process.

    Args:
        folder: Descriptor of the archive's directory.
        clock: Stamps the LOCK file.

    Raises:
        ArchiveInUse: Another process has it.
        ArchiveError: The file system cannot lock.
        OSError: The LOCK file cannot be written.
    """

    def __init__(self, folder: int, clock: Clock) -> None:
        self._fd = os.open(NAME, os.O_RDWR | os.O_CREAT | _FLAGS, FILE_MODE, dir_fd=folder)
        try:
            os.fchmod(self._fd, FILE_MODE)
            _take(self._fd, clock)
            holder = Holder(pid=os.getpid(), host=os.uname().nodename, started=to_rfc3339(clock.now()))
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, msgspec.json.encode(holder) + b"\n", 0)
        except BaseException:
            os.close(self._fd)
            raise
        _held.add(self)

    def release(self) -> None:
        """Let another process write; a second call does nothing."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            self.forget()

    def forget(self) -> None:
        """Close the file without unlocking what a parent process holds by the same descriptor."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def holder_of(folder: int) -> Holder | None:
    """Return who is writing the archive now, or None.

    A LOCK file whose writer was killed names a process, but nothing locks it.
    """
    try:
        fd = os.open(NAME, os.O_RDONLY | _FLAGS, dir_fd=folder)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named_in(fd)
    except OSError:
        return None
    finally:
        os.close(fd)
    return None


def _take(fd: int, clock: Clock) -> None:
    for attempt in itertools.count(1):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            holder = _named_in(fd)
            if attempt >= (_ATTEMPTS if holder.pid else _ATTEMPTS_UNNAMED):
                raise in_use(holder) from error
            clock.wait(threading.Event(), _PAUSE_S)
        except OSError as error:
            if error.errno not in _UNLOCKABLE:
                raise
            raise _unlockable(error) from error


def require_locks(folder: int) -> None:
    """Refuse a file system that cannot lock; nothing is written, and nothing stays locked.

    Raises:
        ArchiveError: It cannot.
        OSError: It failed for another reason.
    """
    try:
        fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(folder, fcntl.LOCK_UN)
    except BlockingIOError:
        return  # somebody has locked it: it can
    except OSError as error:
        if error.errno not in _UNLOCKABLE:
            raise
        raise _unlockable(error) from error


def _unlockable(error: OSError) -> ArchiveError:
    return ArchiveError(
        f"this file system cannot lock files: {error.strerror}",
        hint="keep the archive on a local disk; without a lock two writers would mix their records",
    )


def in_use(holder: Holder) -> ArchiveInUse:
    """Return the error that names who holds an archive."""
    who = f"process {holder.pid} on {holder.host}, started {holder.started}" if holder.pid else "a process"
    return ArchiveInUse(
        f"the archive is being written by {who}",
        hint="stop that process, or give this one another --archive; reading needs no lock",
    )


def _named_in(fd: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(fd, 4096, 0), type=Holder)
    except msgspec.MsgspecError:
        # The other process has locked the file and not yet written its name.
        return Holder(pid=0, host="", started="")


_held: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _forget_inherited() -> None:
    for lock in list(_held):
        lock.forget()


# A forked child shares the parent's lock: kept open there, it would outlive a killed parent.
os.register_at_fork(after_in_child=_forget_inherited)
