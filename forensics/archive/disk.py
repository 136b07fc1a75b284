"""The operating system's file calls, as an object that a test can make fail."""

import errno
import os
import stat
import weakref
from io import BufferedReader, FileIO

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_NEVER_FOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC


class Disk:
    """Every call by which an archive is written; folders are file descriptors, names are plain.

    All methods raise OSError as the operating system does.
    """

    def open_folder(self, path: str, *, folder: int | None = None) -> int:
        """Return a descriptor of an existing folder; below another folder a symbolic link is refused."""
        nofollow = os.O_NOFOLLOW if folder is not None else 0
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | nofollow, dir_fd=folder)

    def make_folder(self, path: str, *, folder: int | None = None) -> None:
        """Create a folder that only its owner may enter, whatever the umask."""
        os.mkdir(path, FOLDER_MODE, dir_fd=folder)
        os.chmod(path, FOLDER_MODE, dir_fd=folder)

    def open(self, name: str, *, folder: int, is_new: bool = False) -> int:
        """Return a descriptor to read and append to a file that only its owner may read.

        Args:
            name: The file's name in the folder.
            folder: The folder's descriptor.
            is_new: Create it, and fail where it exists.
        """
        flags = os.O_RDWR | os.O_APPEND | _NEVER_FOLLOW | (os.O_CREAT | os.O_EXCL if is_new else 0)
        fd = os.open(name, flags, FILE_MODE, dir_fd=folder)
        if is_new:
            os.fchmod(fd, FILE_MODE)
        return fd

    def write(self, fd: int, content: bytes) -> None:
        """Append the whole content: one call, and more only where the system took a part of it."""
        written = os.write(fd, content)
        while written < len(content):
            written += os.write(fd, content[written:])

    def truncate(self, fd: int, size_bytes: int) -> None:
        """Cut a file to a length."""
        os.ftruncate(fd, size_bytes)

    def sync(self, fd: int) -> None:
        """Return when a file's content and length would survive a loss of power."""
        os.fdatasync(fd)

    def sync_folder(self, fd: int) -> None:
        """Return when a folder's names would survive a loss of power."""
        os.fsync(fd)

    def rename(self, name: str, new_name: str, *, folder: int) -> None:
        """Give a file another name in its folder, replacing what had that name."""
        os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=folder)

    def remove(self, name: str, *, folder: int) -> None:
        """Remove a file's name."""
        os.unlink(name, dir_fd=folder)

    def free_bytes(self, fd: int) -> int:
        """Return how much room the disk behind a descriptor has left for this user."""
        room = os.fstatvfs(fd)
        return room.f_bavail * room.f_frsize

    def close(self, fd: int) -> None:
        """Give a descriptor back."""
        os.close(fd)


class Folder:
    """An open directory to read from: it stays the same one when its path is moved or replaced.

    Args:
        fd: Its descriptor, which this object closes.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.close = weakref.finalize(self, os.close, fd)

    def names(self) -> list[str]:
        """Return the names in it, sorted."""
        return sorted(os.listdir(self.fd))  # noqa: PTH208

    def open(self, name: str) -> BufferedReader:
        """Return a plain file of it to read from.

        Raises:
            OSError: It is not there, cannot be read, or is a link, a pipe or another thing that is no file.
        """
        # A pipe under a segment's name would make a reader wait for ever.
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NEVER_FOLLOW, dir_fd=self.fd)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a plain file", name)
        return BufferedReader(FileIO(fd, "rb"), 1 << 18)

    def size_bytes(self, name: str) -> int:
        """Return a file's length; raises as `open` does."""
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_size

    def read(self, name: str) -> bytes:
        """Return a file's whole content; raises as `open` does."""
        with self.open(name) as file:
            return file.read()


def write_whole(disk: Disk, name: str, content: bytes, *, folder: Folder) -> None:
    """Create or replace a small file so that it is there whole, or not at all, after a crash.

    Raises:
        OSError: The file could not be written; whatever had the name still has it.
    """
    temporary = f"{name}.tmp"
    if temporary in folder.names():
        disk.remove(temporary, folder=folder.fd)
    try:
        fd = disk.open(temporary, folder=folder.fd, is_new=True)
        try:
            disk.write(fd, content)
            disk.sync(fd)
        finally:
            disk.close(fd)
        disk.rename(temporary, name, folder=folder.fd)
    except OSError:
        # On a full disk the temporary file would take the room that a later attempt needs.
        if temporary in folder.names():
            disk.remove(temporary, folder=folder.fd)
        raise
    disk.sync_folder(folder.fd)
