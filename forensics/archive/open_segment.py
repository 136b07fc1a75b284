"""The segment that is being written."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from forensics.archive.append import Append
from forensics.archive.aside import Aside, Task
from forensics.archive.disk import Disk
from forensics.archive.segment import Scan
from forensics.model.record import Record

if TYPE_CHECKING:
    from hashlib import _Hash


# A shorter append is hashed sooner than another thread is woken.
_LONG_BYTES = 16_384


class FlushFailed(OSError):
    """What was written may be lost, whatever a read says: the segment must not be appended to."""


class OpenSegment:
    """A segment's file with the running digest of what is durable in it.

    Args:
        disk: The file calls to use.
        aside: A thread that hashes a long append while this one flushes it.
        number: The segment's.
        fd: Its file, open for appending; closed by `close`.
    """

    def __init__(self, disk: Disk, aside: Aside, number: int, fd: int) -> None:
        self.number = number
        self.size_bytes = 0
        """Length up to the last flushed append."""
        self.count = 0
        self.first: Record | None = None
        self.last: Record | None = None
        self.damaged_lines: list[int] = []
        self.is_abandoned = False
        """A flush failed: it takes no more records."""
        self._is_dirty = False
        self._disk = disk
        self._aside = aside
        self._fd = fd
        self._digest: _Hash = hashlib.sha256()
        self._hashing: Task[_Hash] | None = None
        """What the digest will be with the last append, as long as nobody has asked."""

    def resume(self, scan: Scan) -> None:
        """Take over what a scan found in the file."""
        self.size_bytes = scan.size_bytes
        self._digest = scan.digest()
        self.damaged_lines = [line.number for line in scan.damaged]
        if scan.records:
            self._count(scan.records)

    def sha256(self) -> str:
        """Return the digest of its durable bytes."""
        return self._digest_so_far().hexdigest()

    def append(self, append: Append) -> None:
        """Write and flush one append.

        Raises:
            FlushFailed: The flush failed; the segment is abandoned.
            OSError: The write failed; `mend` takes back what was written of it.
        """
        digest, content = self._digest_so_far(), append.content
        self._is_dirty = True
        if len(content) > _LONG_BYTES:
            hashing = self._aside.start(partial(_hashed, digest, content))
            self._flush(content)
            self._hashing = hashing
        else:
            self._flush(content)
            digest.update(content)
        self._is_dirty = False
        self.size_bytes += len(content)
        self._count(append)

    def _digest_so_far(self) -> "_Hash":
        if self._hashing is not None:
            self._digest, self._hashing = self._hashing.wait(), None
        return self._digest

    def _flush(self, content: bytes) -> None:
        self._disk.write(self._fd, content)
        try:
            self._disk.sync(self._fd)
        except OSError as error:
            self.is_abandoned = True
            raise FlushFailed(error.errno, error.strerror) from error

    def mend(self) -> None:
        """Cut off what a failed append has left; does nothing where none failed.

        Raises:
            OSError: The file could not be cut; it can be tried again.
        """
        if self._is_dirty:
            self._disk.truncate(self._fd, self.size_bytes)
            self._is_dirty = False

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            self._disk.close(fd)

    def _count(self, records: Sequence[Record]) -> None:
        self.first = self.first or records[0]
        self.last = records[-1]
        self.count += len(records)


def _hashed(digest: "_Hash", content: bytes) -> "_Hash":
    """Return the digest of what was hashed before and the content; the first one stays as it was."""
    digest = digest.copy()
    digest.update(content)
    return digest
