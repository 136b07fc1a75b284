"""Whether a directory could be recorded into, found out without leaving anything behind."""

import errno
import os
import resource
import secrets
from pathlib import Path

import msgspec

from forensics.archive import lock
from forensics.archive.disk import FOLDER_MODE, Folder
from forensics.archive.place import is_unmade, read_manifest, refuse_shared, require_segments, unwritable
from forensics.archive.segment import FOLDER, numbers_in, segment_name

_ALWAYS_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS)
_PAGE = b"\0" * 4096


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What a file system has left."""

    free_bytes: int
    """For a user without privileges."""
    free_files: int | None
    """None where the file system does not count them."""
    longest_file_bytes: int | None
    """The limit that this process has for a file (``ulimit -f``); None: no limit."""


def probe(directory: Path) -> bool:
    """Try what opening an archive for writing would need, short of creating or changing anything.

    Args:
        directory: Where the archive is or shall be.

    Returns:
        Whether an archive is there and would be continued.

    Raises:
        NotAnArchive: Something else is there.
        ArchiveInUse: Another process writes it.
        ArchiveTooNew: It has a newer format.
        ArchiveUnwritable: It cannot be created or written.
        ArchiveError: Others may write it, its manifest or its segments are gone or damaged, or the file
            system cannot lock.
    """
    try:
        if directory.exists():
            return _probe_existing(directory)
        _require_writable(_nearest(directory), is_for_folder=True)
        return False
    except OSError as error:
        raise unwritable(directory, error) from error


def room_of(directory: Path) -> Room:
    """Return the room on the file system where an archive is or shall be.

    Raises:
        OSError: It cannot be told.
    """
    found = os.statvfs(_nearest(directory))
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return Room(
        free_bytes=found.f_bavail * found.f_frsize,
        free_files=found.f_favail if found.f_files else None,
        longest_file_bytes=None if soft == resource.RLIM_INFINITY else soft,
    )


def _probe_existing(directory: Path) -> bool:
    root = Folder(os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    try:
        refuse_shared(directory, os.fstat(root.fd))
        is_there = not is_unmade(directory, root)
        if is_there:
            read_manifest(directory, root)
            require_segments(directory, root)
        holder = lock.holder_of(root.fd)
        if holder is not None:
            raise lock.in_use(holder)
        lock.require_locks(root.fd)
        _require_writable(directory)
        for path in (directory / lock.NAME, directory / FOLDER, *_newest_segment(directory)):
            if path.exists() and not os.access(path, os.W_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return is_there
    finally:
        root.close()


def _newest_segment(directory: Path) -> list[Path]:
    folder = directory / FOLDER
    numbers, _ = numbers_in(os.listdir(folder)) if folder.is_dir() else ([], [])  # noqa: PTH208
    return [folder / segment_name(max(numbers))] if numbers else []


def _nearest(directory: Path) -> Path:
    """Return the directory itself, or the nearest one above it that is there."""
    absolute = directory.absolute()
    return next(path for path in (absolute, *absolute.parents) if path.exists())


def _require_writable(folder: Path, *, is_for_folder: bool = False) -> None:
    """Write a page into a file without a name; it is gone as soon as it is closed, even by a crash.

    Raises:
        OSError: It cannot be written.
    """
    if not folder.is_dir():
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    nameless = getattr(os, "O_TMPFILE", 0)
    try:
        fd = os.open(folder, nameless | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if nameless and error.errno not in _ALWAYS_UNSUPPORTED:
            raise
        _require_access(folder, is_for_folder=is_for_folder)
        return
    try:
        os.write(fd, _PAGE)
        os.fdatasync(fd)
    finally:
        os.close(fd)


def _require_access(folder: Path, *, is_for_folder: bool) -> None:
    """Ask the system whether the folder may be written, where a nameless file is not to be had."""
    if is_for_folder:
        trial = folder / f".forensics-{secrets.token_hex(8)}"
        trial.mkdir(FOLDER_MODE)
        trial.rmdir()
    elif not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
