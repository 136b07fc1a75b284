"""The one way records get into an archive."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from forensics.archive import streams
from forensics.archive.append import Append, Envelope
from forensics.archive.conflicts import conflicts
from forensics.archive.disk import Disk
from forensics.archive.end import End, WriterOptions
from forensics.archive.pending import EMPTY, Pending, Then
from forensics.archive.place import Place, unwritable
from forensics.archive.recent import Key, Recent, key_of, keys_of
from forensics.archive.removal import find_removable, remove_files, tombstone
from forensics.archive.resume import resume
from forensics.archive.retention import RetentionOptions
from forensics.errors import ArchiveError
from forensics.model.clock import Clock, to_rfc3339
from forensics.model.record import Fact, Record


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
        self._place, self._clock, self._run, self._disk = place, clock, run, disk
        self._recent = Recent(options.remembered_keys)
        self._at = resume(place, disk, self._recent)
        self._end = End(place, self._at, clock=clock, options=options, disk=disk)
        self._is_closed = False
        self._pending: Pending | None = None
        """What was written last, until its flush has been waited for."""
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
        return self._end.head

    @property
    def sealed(self) -> tuple[int, str]:
        """The number of the last sealed segment, 0 for none, and the head digest at that moment."""
        return self._end.sealed

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

    def append(
        self, facts: Sequence[Fact], *, poll: str | None = None, again: Sequence[Fact] = ()
    ) -> Sequence[Record]:
        """Write facts so that they survive a crash, then fold them into the state.

        Args:
            facts: What one poll saw, oldest first. Those whose key is remembered are dropped; where a poll
                was told something else under that key before, a ``forensics.conflict`` record keeps it.
            poll: Which poll saw them.
            again: What it saw that is recorded for certain: it is held against what is remembered, too.

        Returns:
            The records written, in order; durable.

        Raises:
            ArchiveUnwritable: None of them was written. The archive is as before; trying again is safe.
        """
        return self.begin(facts, poll=poll, again=again).wait()

    def begin(
        self,
        facts: Sequence[Fact],
        *,
        poll: str | None = None,
        again: Sequence[Fact] = (),
        then: Then | None = None,
    ) -> Pending:
        """Write facts as `append` does, and let the caller go on while the disk flushes them.

        What was begun before is waited for: facts reach the disk in the order in which they come here.

        Args:
            facts: As for `append`.
            poll: As for `append`.
            again: As for `append`.
            then: Told the records when they are durable, by whoever waits for them or begins the next.

        Raises:
            ArchiveUnwritable: None of them was written, because of them or of those before them.
        """
        fresh, known = self._recent.unknown(facts)
        if self._pending is not None and not fresh.keys().isdisjoint(self._pending.keys):
            known += [fresh.pop(key) for key in list(fresh) if key in self._pending.keys]
        # What no poll saw was not told by AWS: somebody saved it, in a form of its own.
        if poll is not None and (known or again):
            fresh |= self._conflicts([*known, *again], fresh)
        if not fresh:
            self._settle_before()
            if then is not None:
                then([])
            return Pending()
        return self._begin_append(list(fresh.values()), poll, fresh, then=then)

    def append_again(self, records: Sequence[Record]) -> None:
        """Write records of another archive as they were seen there, under new numbers.

        Args:
            records: Of one append there; at least one, and none may be here already.

        Raises:
            ArchiveUnwritable: None of them was written. The archive is as before.
        """
        self._begin_append(records, records[0].poll, keys_of(records), like=records[0]).wait()

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
            self._settle()
            self._end.mend()
            self._end.seal("close")
        except OSError as error:
            raise unwritable(self._place.path, error) from error
        finally:
            self._release()
        return self.head

    def _release(self) -> None:
        self._end.release()
        self._place.close()

    def _record_recovery(self) -> None:
        try:
            salvaged = self._at.salvaged
            if salvaged:
                append = self._encoded(salvaged, salvaged[0].poll, like=salvaged[0])
                self._at.tail += self._written(append, keys_of(salvaged)).wait()
            if self.recovery is not None:
                self._written(self._encoded([self.recovery], None), keys_of([self.recovery])).wait()
        except (OSError, ArchiveError):
            self._release()
            raise

    def _begin_append(
        self,
        facts: Sequence[Fact | Record],
        poll: str | None,
        keys: Mapping[Key, object],
        *,
        like: Record | None = None,
        then: Then | None = None,
    ) -> Pending:
        if self._is_closed:
            raise ValueError("the archive has been closed")
        self._at.tail = []
        append = self._encoded(facts, poll, like=like)
        self._settle_before()
        if append.prev != self._end.head:
            # A flush failed: what was under way stands in a segment of its own, with another head.
            append = self._encoded(facts, poll, like=like)
        try:
            self._end.close_if_due()
            return self._written(append, keys, then)
        except OSError as error:
            raise self._refused(error) from error

    def _conflicts(self, told: Sequence[Fact], fresh: Mapping[Key, Fact]) -> dict[Key, Fact]:
        if self._pending is not None and not self._pending.keys.keys().isdisjoint(map(key_of, told)):
            self._settle_before()
        at = self._at
        newest = at.closed_number if at.segment is None else at.segment.number
        found = conflicts(told, fresh, self._recent, segments=self._place.segments, newest=newest)
        under_way = EMPTY if self._pending is None else self._pending.keys
        return {key: fact for key, fact in found.items() if key not in under_way}

    def _encoded(
        self, facts: Sequence[Fact | Record], poll: str | None, *, like: Record | None = None
    ) -> Append:
        """Return facts as seen now by this process, or as the record says that they are like.

        They follow what is under way, as if it were durable already.
        """
        ahead = self._pending.append if self._pending is not None else None
        return Append(
            facts,
            Envelope(
                recordedtime=like.recordedtime if like else to_rfc3339(self._clock.now()),
                first_seq=self.next_seq + (len(ahead) if ahead else 0),
                prev=self._end.head_ahead,
                run=like.run if like else self._run,
                poll=poll,
            ),
        )

    def _written(self, append: Append, keys: Mapping[Key, object], then: Then | None = None) -> Pending:
        self._end.begin(append)
        append.compute_crcs()
        self._pending = Pending(append, keys, settle=self._settle, then=then)
        return self._pending

    def _settle_before(self) -> None:
        """Wait for what is under way; where it failed, raise why: nothing may overtake it."""
        before = self._pending
        self._settle()
        if before is not None and before.error is not None:
            raise before.error

    def _settle(self) -> None:
        """Wait for what is under way, and let it count; where the disk refuses it, it never was."""
        pending, self._pending = self._pending, None
        if pending is None or pending.append is None:
            return
        try:
            self._end.finish(pending.append)
        except OSError as error:
            pending.fail(self._refused(error))
            return
        streams.fold_written(self.state, pending.append, pending.append.targets())
        if len(pending.keys) == len(pending.append):
            self._recent.add(pending.keys, pending.append.first_seq, pending.append.crcs)
        else:
            self._recent.add_records(pending.append)
        pending.succeed()

    def _refused(self, error: OSError) -> ArchiveError:
        """Bring the files back to the last flushed append, and return what to say."""
        with contextlib.suppress(OSError):
            self._end.mend()
        refused = unwritable(self._place.path, error)
        refused.__cause__ = error
        return refused
