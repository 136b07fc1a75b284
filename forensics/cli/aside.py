"""An open archive that also takes facts from outside the recording's own thread."""

import contextlib
import queue
from collections.abc import Iterator, Sequence

from forensics.archive.pending import Pending, Then
from forensics.archive.streams import ArchiveState
from forensics.archive.writer import Writer
from forensics.cli.old_segments import OldSegments
from forensics.errors import ArchiveUnwritable
from forensics.model.record import Fact, Record


class Aside:
    """A writer that slips noted facts in between the recording's own; the recording sees only its own.

    Args:
        writer: The open archive; from now on only this object may use it.
        run: Names this process in its records.
        old_segments: Lets go of the oldest segments; closed together with the writer.
    """

    def __init__(self, writer: Writer, run: str, old_segments: OldSegments) -> None:
        self._writer = writer
        self._old_segments = old_segments
        self._noted: queue.SimpleQueue[Fact] = queue.SimpleQueue()
        self._kept: list[Fact] = []
        self.run = run
        self.sealed = writer.sealed
        """Number of the last sealed segment, and the head then; to be read from any thread."""

    @property
    def archive_id(self) -> str:
        """The archive's own id."""
        return self._writer.archive_id

    @property
    def state(self) -> ArchiveState:
        """What all records so far come to."""
        return self._writer.state

    @property
    def head(self) -> str:
        """Digest of the last record, hex."""
        return self._writer.head

    def note(self, fact: Fact) -> None:
        """Have a fact written before the next one of the recording, or at the end; from any thread."""
        self._noted.put(fact)

    def tail(self) -> Iterator[Record]:
        """Return the open segment's records as they stood when the archive was opened."""
        return self._writer.tail()

    def begin(
        self,
        facts: Sequence[Fact],
        *,
        poll: str | None = None,
        again: Sequence[Fact] = (),
        then: Then | None = None,
    ) -> Pending:
        """Write what was noted, then begin to write the facts.

        Raises:
            ArchiveUnwritable: The facts were not written; it may be tried again. What was noted is kept.
        """
        self._write_noted()
        # Where the disk lets us remove nothing, the write that follows meets the same disk and says so.
        with contextlib.suppress(ArchiveUnwritable):
            self._old_segments.let_go(self._writer)
        pending = self._writer.begin(facts, poll=poll, again=again, then=then)
        self.sealed = self._writer.sealed
        return pending

    def close(self) -> str:
        """Write what was noted, seal, release the archive, return the head digest.

        Raises:
            ArchiveUnwritable: What was noted could not be written.
        """
        self._old_segments.close()
        self._write_noted()
        return self._writer.close()

    def _write_noted(self) -> None:
        while not self._noted.empty():
            self._kept.append(self._noted.get())
        if self._kept:
            self._writer.append(self._kept)
            self._kept.clear()
