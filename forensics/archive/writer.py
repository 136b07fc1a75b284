"""The one way records get into an archive."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from forensics.archive import streams
from forensics.archive.append import Append, Envelope
from forensics.archive.disk import Disk
from forensics.archive.open_segment import FlushFailed, OpenSegment
from forensics.archive.place import Place, unwritable
from forensics.archive.recent import Recent, keys_of
from forensics.archive.removal import find_removable, remove_files, tombstone
from forensics.archive.resume import resume
from forensics.archive.retention import RetentionOptions
from forensics.archive.seal import Seal, write_seal
from forensics.archive.segment import segment_name
from forensics.model.clock import Clock, from_rfc3339, to_rfc3339
from forensics.model.record import Fact, Record


class WriterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """When segments are closed, and how much the writer remembers."""

    segment_bytes: int = 16 << 20
    """A segment of this size takes no more appends."""
    segment_age_s: float = 86_400.0
    """Nor does one of this age."""
    remembered_keys: int = 20_000
    """How many of the newest keys are known, to drop a fact that comes again."""


class Writer:
    """An archive that this process alone appends to. Not for use by several threads.

    Make one with `Writer.open`.

    Attributes:
        archive_id: The archive's own name.
        run: Names this process in its records.
        state: What all records add up to. Whoever captures sets the streams' positions in it.
        recovery: What opening had to mend, already recorded; None where nothing.
    """

    def __init__(self, place: Place, *, clock: Clock, run: str, options: WriterOptions, disk: Disk) -> None:
        self._place, self._clock, self._run, self._options, self._disk = place, clock, run, options, disk
        self._recent = Recent(options.remembered_keys)
        self._at = resume(place, disk, self._recent)
        self._opened_s = clock.monotonic() - self._age_s()
        self._is_closed = False
        self.archive_id = place.manifest.archive_id
        self.run = run
        self.state = self._at.state
        self.recovery = self._at.fact
        self._record_recovery()

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        clock: Clock,
        run: str,
        tool: str,
        options: WriterOptions | None = None,
        disk: Disk | None = None,
    ) -> "Writer":
        """Create an archive or go on with one, mending what a crash has left.

        Args:
            directory: Where it is or shall be; parent directories are made.
            clock: Stamps the records.
            run: Names this process in them.
            tool: Names this program in a new archive's manifest.
            options: None for the defaults.
            disk: The file calls to use; None for the operating system's.

        Raises:
            NotAnArchive: Something else is there; it was left as it was.
            ArchiveInUse: Another process writes it.
            ArchiveTooNew: It has a newer format.
            ArchiveUnwritable: It cannot be created or written.
            ArchiveError: Others may write it, or its manifest is damaged.
        """
        disk = disk or Disk()
        place = Place(Path(directory), disk=disk, clock=clock, tool=tool)
        try:
            return cls(place, clock=clock, run=run, options=options or WriterOptions(), disk=disk)
        except OSError as error:
            place.close()
            raise unwritable(place.path, error) from error
        except BaseException:
            place.close()
            raise

    @property
    def head(self) -> str:
        """The digest that vouches for every record written so far."""
        segment = self._at.segment
        return segment.sha256() if segment is not None and segment.size_bytes else self._at.before

    @property
    def sealed(self) -> tuple[int, str]:
        """The number of the last sealed segment, 0 for none, and the head digest at that moment."""
        return self._at.closed_number, self._at.before

    @property
    def next_seq(self) -> int:
        """The number that the next record gets."""
        return self.state.last_seq + 1

    def tail(self) -> Iterator[Record]:
        """Yield the records that the open segment had when the archive was opened, salvaged ones included.

        The state's positions come from the seal before it: these are the records to bring them up to date.
        They are let go of with the first append.
        """
        yield from self._at.tail

    def append(self, facts: Sequence[Fact], *, poll: str | None = None) -> Sequence[Record]:
        """Write facts so that they survive a crash, then fold them into the state.

        Args:
            facts: What one poll saw, oldest first. Those whose key is remembered are dropped.
            poll: Which poll saw them.

        Returns:
            The records written, in order; durable.

        Raises:
            ArchiveUnwritable: None of them was written. The archive is as before; trying again is safe.
        """
        fresh = self._recent.unknown(facts)
        if not fresh:
            return []
        records = self._durably(list(fresh.values()), poll)
        self._recent.add(fresh)
        return records

    def append_again(self, records: Sequence[Record]) -> None:
        """Write records of another archive as they were seen there, under new numbers.

        Args:
            records: Of one append there; at least one, and none may be here already.

        Raises:
            ArchiveUnwritable: None of them was written. The archive is as before.
        """
        self._durably(records, records[0].poll, like=records[0])
        self._recent.add(keys_of(records))

    def remove_oldest(self, options: RetentionOptions, *, keep_from_seq: int) -> Record | None:
        """Remove whole sealed segments from the beginning, as far as the limits ask for it.

        A record that says what is gone is written first, so that whoever checks the archive can tell what was
        removed from what is missing.

        Args:
            options: The limits.
            keep_from_seq: The oldest record that must stay.

        Returns:
            That record; None where nothing was removed.

        Raises:
            ArchiveUnwritable: It could not be written, or files could not be removed; those go next time.
        """
        folder = self._place.segments
        try:
            remove_files(folder, self.state.removed, disk=self._disk)
            choice = find_removable(
                folder,
                self.state.removed,
                options,
                disk=self._disk,
                clock=self._clock,
                keep_from_seq=keep_from_seq,
            )
            if choice is None:
                return None
            [record] = self.append([tombstone(choice, self.state.removed, self.archive_id)])
            remove_files(folder, self.state.removed, disk=self._disk)
        except OSError as error:
            raise unwritable(self._place.path, error) from error
        return record

    def close(self) -> str:
        """Seal the open segment, let another process write, and return the head digest.

        Raises:
            ArchiveUnwritable: The seal could not be written. The archive is released all the same; its
                records are whole and its last segment stays open.
        """
        if self._is_closed:
            return self.head
        self._is_closed = True
        try:
            self._mend()
            if self._at.segment is not None and self._at.segment.first is not None:
                self._seal("close")
        except OSError as error:
            raise unwritable(self._place.path, error) from error
        finally:
            self._release()
        return self.head

    def _release(self) -> None:
        if self._at.segment is not None:
            self._at.segment.close()
        self._place.close()

    def _record_recovery(self) -> None:
        try:
            salvaged = self._at.salvaged
            if salvaged:
                self._at.tail += self._commit(salvaged, salvaged[0].poll, like=salvaged[0])
                self._recent.add(keys_of(salvaged))
            if self.recovery is not None:
                self._recent.add(keys_of(self._commit([self.recovery], None)))
        except OSError:
            self._release()
            raise

    def _durably(
        self, facts: Sequence[Fact | Record], poll: str | None, *, like: Record | None = None
    ) -> Append:
        if self._is_closed:
            raise ValueError("the archive has been closed")
        self._at.tail = []
        try:
            self._mend()
            because = self._why_close()
            if because is not None:
                self._seal(because)
            return self._commit(facts, poll, like=like)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._mend()
            raise unwritable(self._place.path, error) from error

    def _commit(
        self, fresh: Sequence[Fact | Record], poll: str | None, *, like: Record | None = None
    ) -> Append:
        try:
            written = self._write(fresh, poll, like)
        except FlushFailed:
            # The disk may have dropped what it could not flush: the segment is given up, once.
            self._mend()
            written = self._write(fresh, poll, like)
        streams.fold_written(self.state, written, written.targets())
        return written

    def _write(self, fresh: Sequence[Fact | Record], poll: str | None, like: Record | None) -> Append:
        """Append facts as seen now by this process, or as the record says that they are like."""
        segment = self._at.segment or self._begin()
        envelope = Envelope(
            recordedtime=like.recordedtime if like else to_rfc3339(self._clock.now()),
            first_seq=self.next_seq,
            prev=self.head,
            run=like.run if like else self._run,
            poll=poll,
        )
        append = Append(fresh, envelope)
        segment.append(append)
        return append

    def _begin(self) -> OpenSegment:
        number, folder = self._at.closed_number + 1, self._place.segments
        name = segment_name(number)
        if name in folder.names():
            # Left by an attempt that failed between making the file and flushing its name.
            self._disk.remove(name, folder=folder.fd)
        fd = self._disk.open(name, folder=folder.fd, is_new=True)
        segment = OpenSegment(self._disk, self._place.aside, number, fd)
        try:
            self._disk.sync_folder(folder.fd)
        except OSError:
            segment.close()
            raise
        self._opened_s = self._clock.monotonic()
        self._at.segment = segment
        return segment

    def _mend(self) -> None:
        """Bring the files back to the last flushed append."""
        segment = self._at.segment
        if segment is None:
            return
        segment.mend()
        if not segment.is_abandoned:
            return
        if segment.first is not None:
            self._seal("damage")
            return
        self._disk.remove(segment_name(segment.number), folder=self._place.segments.fd)
        self._disk.sync_folder(self._place.segments.fd)
        segment.close()
        self._at.segment = None

    def _why_close(self) -> str | None:
        segment = self._at.segment
        if segment is None or segment.first is None:
            return None
        if segment.damaged_lines:
            return "damage"
        if segment.size_bytes >= self._options.segment_bytes:
            return "size"
        return "age" if self._clock.monotonic() - self._opened_s >= self._options.segment_age_s else None

    def _seal(self, because: str) -> None:
        at, segment = self._at, self._at.segment
        if segment is None or segment.first is None or segment.last is None:
            return
        seal = Seal(
            archive_id=self.archive_id,
            segment=segment.number,
            first_seq=segment.first.seq,
            last_seq=segment.last.seq,
            count=segment.count,
            size_bytes=segment.size_bytes,
            sha256=segment.sha256(),
            prev=segment.first.prev,
            previous_seal=at.previous_seal,
            opened=segment.first.recordedtime,
            sealed=to_rfc3339(self._clock.now()),
            closed_because=because,
            gap_count=self.state.gap_count,
            damaged_lines=segment.damaged_lines,
            state=self.state,
        )
        at.previous_seal = write_seal(self._disk, seal, folder=self._place.segments)
        at.before, at.closed_number, at.segment = seal.sha256, segment.number, None
        segment.close()

    def _age_s(self) -> float:
        """Return for how long the open segment has been open; 0 where the clock says nonsense."""
        segment = self._at.segment
        if segment is None or segment.first is None:
            return 0.0
        opened_at = from_rfc3339(segment.first.recordedtime)
        return max(0.0, (self._clock.now() - opened_at).total_seconds())
