"""Writing in order, or holding in memory while the archive cannot be written."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from forensics.archive.pending import Pending, Then
from forensics.archive.streams import ArchiveState
from forensics.capture.options import CaptureOptions
from forensics.errors import ArchiveUnwritable
from forensics.model.record import Fact, Record
from forensics.telemetry import get_logger

_RETRY_BASE_S = 1.0
_RETRY_CEILING_S = 30.0


class ArchiveWriter(Protocol):
    """What the recorder needs of an open archive."""

    @property
    def archive_id(self) -> str:
        """The archive's own id."""
        ...

    @property
    def run(self) -> str:
        """Hex id of this process."""
        ...

    @property
    def state(self) -> ArchiveState:
        """What all records so far come to."""
        ...

    @property
    def head(self) -> str:
        """Digest of the last record, hex."""
        ...

    def tail(self) -> Iterator[Record]:
        """The open segment's records as they stood when the archive was opened."""
        ...

    def begin(
        self,
        facts: Sequence[Fact],
        *,
        poll: str | None = None,
        again: Sequence[Fact] = (),
        then: Then | None = None,
    ) -> Pending:
        """Write, and return while it is made durable; ``then`` is told the records when it is.

        Raises:
            ArchiveUnwritable: Nothing was written, because of this or of what was begun before.
        """
        ...

    def close(self) -> str:
        """Seal, release the archive, return the head digest."""
        ...


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction writes, and what becomes true once it is written."""

    facts: Sequence[Fact]
    poll: str | None
    again: Sequence[Fact] = ()
    """Facts that are recorded already, to be held against what was written."""
    then: Then


class Journal:
    """Transactions on their way into the archive, in order.

    Args:
        writer: The open archive.
        options: How much to hold.
    """

    def __init__(self, writer: ArchiveWriter, options: CaptureOptions) -> None:
        self._writer = writer
        self.options = options
        """How much to hold; may be replaced."""
        self._under_way: tuple[Entry, Pending] | None = None
        self._held: deque[tuple[Entry, int]] = deque()
        self._held_bytes = 0
        self._retry_delay_s = _RETRY_BASE_S
        self._retry_at_s = 0.0
        self._log = get_logger("capture")
        self.trouble: str | None = None
        """Why the archive cannot be written now; None while it can."""
        self.records = 0
        """Records written."""

    @property
    def held(self) -> int:
        """Transactions that wait in memory."""
        return len(self._held)

    @property
    def is_full(self) -> bool:
        """Whether no more can be held: what is read from now on cannot be kept."""
        return len(self._held) >= self.options.buffer_batches or self._held_bytes >= self.options.buffer_bytes

    def write(self, entry: Entry, now_s: float) -> bool:
        """Write a transaction, or hold it where the archive cannot be written.

        What was written is durable when the next transaction is, or after `settle`, whichever is sooner. Only
        then its `Entry.then` is called; a transaction that the disk refuses so late is held.

        Args:
            entry: The transaction.
            now_s: Monotonic seconds.

        Returns:
            False where it was neither written nor held: the caller's state must not advance.
        """
        if not self._held and self._begin(entry, now_s):
            return True
        if self.is_full:
            return False
        self._hold(entry)
        return True

    def settle(self, now_s: float) -> None:
        """Return when everything written is durable, or held because the disk refused it.

        Args:
            now_s: Monotonic seconds.
        """
        under_way, self._under_way = self._under_way, None
        if under_way is None:
            return
        entry, pending = under_way
        try:
            pending.wait()
        except ArchiveUnwritable as error:
            self._note_trouble(error, now_s)
            self._hold(entry, is_oldest=True)

    def retry(self, now_s: float, *, at_once: bool = False) -> bool:
        """Write what is held, oldest first, when it is time to try again.

        Returns:
            Whether nothing is held any more.
        """
        if self._held and not at_once and now_s < self._retry_at_s:
            return False
        while self._held:
            entry, size_bytes = self._held[0]
            if not self._begin(entry, now_s):
                return False
            self._held.popleft()
            self._held_bytes -= size_bytes
        self.settle(now_s)
        return not self._held

    def retry_at_s(self) -> float | None:
        """Return when to try again, monotonic; None where nothing is held."""
        return self._retry_at_s if self._held else None

    def _hold(self, entry: Entry, *, is_oldest: bool = False) -> None:
        size_bytes = len(msgspec.json.encode([entry.facts, entry.again]))
        self._held_bytes += size_bytes
        if is_oldest:
            self._held.appendleft((entry, size_bytes))
        else:
            self._held.append((entry, size_bytes))

    def _begin(self, entry: Entry, now_s: float) -> bool:
        def then(written: Sequence[Record]) -> None:
            if self.trouble is not None:
                self._log.info("archive writable again", held=len(self._held))
            self.trouble = None
            self._retry_delay_s = _RETRY_BASE_S
            self.records += len(written)
            entry.then(written)

        try:
            pending = self._writer.begin(entry.facts, poll=entry.poll, again=entry.again, then=then)
        except ArchiveUnwritable as error:
            self.settle(now_s)
            self._note_trouble(error, now_s)
            return False
        self.settle(now_s)
        self._under_way = entry, pending
        return True

    def _note_trouble(self, error: ArchiveUnwritable, now_s: float) -> None:
        if self.trouble is None:
            self._log.error("archive unwritable", reason=error.message, hint=error.hint)
        self.trouble = error.message
        self._retry_at_s = now_s + self._retry_delay_s
        self._retry_delay_s = min(_RETRY_CEILING_S, self._retry_delay_s * 2)
