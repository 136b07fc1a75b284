"""The segment that is being written."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from forensics.archive.append import Append
from forensics.archive.aside import Aside, Task
from forensics.archive.disk import Disk
from forensics.archive.segment import Scan
from forensics.model.record import Record

if TYPE_CHECKING:
    from hashlib import _Hash


class FlushFailed(OSError):
    """What was written may be lost, whatever a read says: the segment must not be appended to."""


class _Written(NamedTuple):
    append: Append
    digest: "_Hash"
    """Of the segment with it."""
    flushing: Task[None]


class OpenSegment:
    """A segment's file with the running digest of what is durable in it.

    Args:
        disk: The file calls to use.
        aside: A thread that flushes an append while this one hashes it and encodes the next.
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
        self._written: _Written | None = None
        """The append whose flush has begun."""

    def resume(self, scan: Scan) -> None:
        """Take over what a scan found in the file."""
        self.size_bytes = scan.size_bytes
        self._digest = scan.digest()
        self.damaged_lines = [line.number for line in scan.damaged]
        if scan.records:
            self._count(scan.records)

    def sha256(self) -> str:
        """Return the digest of its durable bytes."""
        return self._digest.hexdigest()

    def sha256_ahead(self) -> str:
        """Return the digest that its bytes will have when the append under way is durable."""
        return (self._digest if self._written is None else self._written.digest).hexdigest()

    @property
    def is_under_way(self) -> bool:
        """Whether an append was begun and not finished."""
        return self._written is not None

    def begin(self, append: Append) -> None:
        """Write one append, and let its flush begin.

        Raises:
            OSError: The write failed; `mend` takes back what was written of it.
        """
        self._is_dirty = True
        self._disk.write(self._fd, append.content)
        flushing = self._aside.start(partial(self._disk.sync, self._fd))
        digest = self._digest.copy()
        digest.update(append.content)
        self._written = _Written(append, digest, flushing)

    def finish(self) -> None:
        """Return when the append that was begun is durable; does nothing where there is none.

        Raises:
            FlushFailed: The flush failed; the segment is abandoned.
        """
        written, self._written = self._written, None
        if written is None:
            return
        try:
            written.flushing.wait()
        except OSError as error:
            self.is_abandoned = True
            raise FlushFailed(error.errno, error.strerror) from error
        self._is_dirty = False
        self._digest = written.digest
        self.size_bytes += len(written.append.content)
        self._count(written.append)

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
