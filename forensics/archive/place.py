"""The directory that an archive is written to: entered with care, or made."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from forensics.archive import lock, manifest
from forensics.archive.aside import Aside
from forensics.archive.disk import Disk, Folder, write_whole
from forensics.archive.lock import Lock
from forensics.archive.manifest import Manifest
from forensics.archive.segment import FOLDER, numbers_in
from forensics.archive.statement import BadStatement
from forensics.errors import ArchiveError, ArchiveUnwritable, NotAnArchive, SegmentDamaged
from forensics.model.clock import Clock, to_rfc3339

QUARANTINE = "quarantine"
SOCKET = "credentials.sock"
"""Where a recorder takes credentials while it runs; no part of what is kept."""
_HALF_MADE = {lock.NAME, FOLDER, QUARANTINE, SOCKET, f"{manifest.NAME}.tmp"}


class Place:
    """An archive's directories, open and locked for one writer.

    Args:
        directory: Where the archive is or shall be.
        disk: The file calls to use.
        clock: Stamps a new archive and the lock.
        tool: Written into a new archive's manifest.

    Raises:
        NotAnArchive: Something else is there; it was left as it was.
        ArchiveInUse: Another process writes it.
        ArchiveTooNew: It has a newer format.
        ArchiveUnwritable: It cannot be created or written.
        ArchiveError: Others may write it, or its manifest is damaged.
    """

    def __init__(self, directory: Path, *, disk: Disk, clock: Clock, tool: str) -> None:
        self.path = directory
        self._disk = disk
        self._open: list[Folder] = []
        self.aside = Aside()
        """Computes while the writer's own thread waits for the disk."""
        try:
            self.root = self._enter()
            if not is_unmade(directory, self.root):
                read_manifest(directory, self.root)
            self.lock = Lock(self.root.fd, clock)
            try:
                # Another process may have made it while we waited for the lock.
                if is_unmade(directory, self.root):
                    self._make(clock, tool)
                self.manifest = read_manifest(directory, self.root)
                require_segments(directory, self.root)
                self.segments = self._inside(FOLDER)
                self.quarantine = self._inside(QUARANTINE)
            except BaseException:
                self.lock.release()
                raise
        except OSError as error:
            self.close()
            raise unwritable(directory, error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the directories and let another process write; a second call does nothing."""
        if hasattr(self, "lock"):
            self.lock.release()
        for folder in self._open:
            folder.close()
        self.aside.close()

    def _enter(self) -> Folder:
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self._disk.make_folder(str(self.path))
            parent = Folder(self._disk.open_folder(str(self.path.parent)))
            self._disk.sync_folder(parent.fd)
            parent.close()
        root = Folder(self._disk.open_folder(str(self.path)))
        self._open.append(root)
        refuse_shared(self.path, os.fstat(root.fd))
        return root

    def _make(self, clock: Clock, tool: str) -> None:
        os.fchmod(self.root.fd, 0o700)
        names = self.root.names()
        for name in (FOLDER, QUARANTINE):
            if name not in names:
                self._disk.make_folder(name, folder=self.root.fd)
        content, _ = manifest.encode(
            Manifest(archive_id=secrets.token_hex(16), created=to_rfc3339(clock.now()), tool=tool)
        )
        write_whole(self._disk, manifest.NAME, content, folder=self.root)

    def _inside(self, name: str) -> Folder:
        if name not in self.root.names():
            self._disk.make_folder(name, folder=self.root.fd)
            self._disk.sync_folder(self.root.fd)
        folder = Folder(self._disk.open_folder(name, folder=self.root.fd))
        self._open.append(folder)
        return folder


def unwritable(path: Path, error: OSError) -> ArchiveUnwritable | NotAnArchive:
    """Return our error for what the operating system said while writing an archive."""
    if error.errno == errno.ENOTDIR:
        return NotAnArchive(
            f"{path}: not a directory", hint="an archive is a directory; name another one with --archive"
        )
    hints = {
        errno.ENOSPC: "free some space on that disk; nothing that was recorded is lost",
        errno.EDQUOT: "the disk quota is used up; nothing that was recorded is lost",
        errno.EFBIG: "raise the file size limit (ulimit -f); nothing that was recorded is lost",
        errno.EROFS: "the file system is mounted read-only; name another place with --archive",
        errno.EACCES: "give this user write permission, or name another place with --archive",
        errno.EPERM: "give this user write permission, or name another place with --archive",
    }
    hint = hints.get(error.errno or 0, "check the disk; nothing that was recorded before is lost")
    return ArchiveUnwritable(f"{path}: cannot be written: {error.strerror or error}", hint=hint)


def refuse_shared(path: Path, status: os.stat_result) -> None:
    """Refuse an archive's directory that others own or may write.

    Raises:
        ArchiveError: They do.
    """
    if status.st_uid != os.geteuid():
        raise ArchiveError(
            f"{path}: belongs to user {status.st_uid}, this process runs as {os.geteuid()}",
            hint="run as the archive's owner, or name another place with --archive",
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ArchiveError(
            f"{path}: other users may write it (mode {stat.S_IMODE(status.st_mode):04o})",
            hint=f"chmod 0700 {path}",
        )


def is_unmade(path: Path, root: Folder) -> bool:
    """Tell whether a directory is empty, or holds no more than a creation that was cut short.

    Raises:
        NotAnArchive: It holds something else.
        ArchiveError: It is an archive that has lost its manifest.
        OSError: It cannot be read.
    """
    names = set(root.names())
    has_manifest = manifest.NAME in names and root.read(manifest.NAME).strip(b"\0") != b""
    if has_manifest:
        return False
    others = names - _HALF_MADE - {manifest.NAME}
    if others:
        raise NotAnArchive(
            f"{path}: holds other files ({min(others)!r} …) and is no archive",
            hint="name an empty or new directory with --archive; nothing was changed",
        )
    if FOLDER in names and _holds_segments(root):
        raise ArchiveError(
            f"{path}: ARCHIVE.json is gone from an archive that has records",
            hint="put it back from a copy, or record into a new directory; reading still works",
        )
    return True


def require_segments(path: Path, root: Folder) -> None:
    """Refuse an archive that has lost its segments.

    Raises:
        SegmentDamaged: It has.
        OSError: The directory cannot be read.
    """
    # The manifest is written last: an archive that has it and no segments' folder has lost its records.
    if FOLDER not in root.names():
        raise SegmentDamaged(
            f"{path}: its folder {FOLDER}/ is gone, and with it all records",
            hint="put it back from a copy, or record into a new directory",
        )


def _holds_segments(root: Folder) -> bool:
    folder = Folder(os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root.fd))
    segments, seals = numbers_in(folder.names())
    folder.close()
    return bool(segments or seals)


def read_manifest(path: Path, root: Folder) -> Manifest:
    """Return the manifest of the archive in a directory.

    Raises:
        NotAnArchive: It is not one of ours.
        ArchiveTooNew: The archive has a newer format.
        ArchiveError: It is damaged.
        OSError: It cannot be read.
    """
    try:
        return manifest.decode(root.read(manifest.NAME))
    except BadStatement as error:
        if FOLDER not in root.names():
            raise NotAnArchive(
                f"{path}: its ARCHIVE.json was not written by forensics",
                hint="name another directory with --archive; nothing was changed",
            ) from error
        raise ArchiveError(
            f"{path}: ARCHIVE.json is damaged: {error}",
            hint="put it back from a copy, or record into a new directory; reading still works",
        ) from error
