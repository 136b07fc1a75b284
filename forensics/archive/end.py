"""The end of an archive: the segment that takes appends, and those that it becomes and follows."""

import msgspec

from forensics.archive.append import Append
from forensics.archive.disk import Disk
from forensics.archive.open_segment import FlushFailed, OpenSegment
from forensics.archive.place import Place
from forensics.archive.resume import Standing
from forensics.archive.seal import Seal, write_seal
from forensics.archive.segment import segment_name
from forensics.model.clock import Clock, from_rfc3339, to_rfc3339


class WriterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """When segments are closed, and how much the writer remembers."""

    segment_bytes: int = 16 << 20
    """A segment of this size takes no more appends."""
    segment_age_s: float = 86_400.0
    """Nor does one of this age."""
    remembered_keys: int = 20_000
    """How many of the newest keys are known, to drop a fact that comes again."""


class End:
    """Where appends go: begins segments, gives them up, seals them.

    All methods but `release` raise OSError where the disk refuses; after `mend` it can be tried again.

    Args:
        place: The archive, locked.
        standing: Where it stands.
        clock: Tells a segment's age, and stamps seals.
        options: When segments are closed.
        disk: The file calls to use.
    """

    def __init__(
        self, place: Place, standing: Standing, *, clock: Clock, options: WriterOptions, disk: Disk
    ) -> None:
        self._place, self._at, self._clock, self._options, self._disk = place, standing, clock, options, disk
        self._opened_s = clock.monotonic() - self._age_s()

    @property
    def head(self) -> str:
        """The digest that vouches for every durable record."""
        segment = self._at.segment
        return segment.sha256() if segment is not None and segment.size_bytes else self._at.before

    @property
    def head_ahead(self) -> str:
        """The head as it will be when the append under way is durable in this segment.

        Whether the segment is sealed in between does not change it; where it is given up, `finish` does.
        """
        segment = self._at.segment
        return segment.sha256_ahead() if segment is not None and segment.is_under_way else self.head

    @property
    def sealed(self) -> tuple[int, str]:
        """The number of the last sealed segment, 0 for none, and the head at that moment."""
        return self._at.closed_number, self._at.before

    def close_if_due(self) -> None:
        """Mend what a failed append has left; seal a segment that takes no more."""
        self.mend()
        because = self._why_close()
        if because is not None:
            self.seal(because)

    def begin(self, append: Append) -> None:
        """Write one append, and let its flush begin."""
        self._taking().begin(append)

    def finish(self, append: Append) -> None:
        """Return when the append that was begun is durable."""
        try:
            self._taking().finish()
        except FlushFailed:
            # The disk may have dropped what it could not flush: the segment is given up, once.
            self.mend()
            self.begin(append)
            self._taking().finish()

    def release(self) -> None:
        """Close the open segment's file."""
        if self._at.segment is not None:
            self._at.segment.close()

    def mend(self) -> None:
        """Bring the files back to the last flushed append."""
        segment = self._at.segment
        if segment is None:
            return
        segment.mend()
        if not segment.is_abandoned:
            return
        if segment.first is not None:
            self.seal("damage")
            return
        self._disk.remove(segment_name(segment.number), folder=self._place.segments.fd)
        self._disk.sync_folder(self._place.segments.fd)
        segment.close()
        self._at.segment = None

    def seal(self, because: str) -> None:
        """Close the open segment; does nothing where there is none with records."""
        at, segment = self._at, self._at.segment
        if segment is None or segment.first is None or segment.last is None:
            return
        seal = Seal(
            archive_id=self._place.manifest.archive_id,
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
            gap_count=at.state.gap_count,
            damaged_lines=segment.damaged_lines,
            state=at.state,
        )
        at.previous_seal = write_seal(self._disk, seal, folder=self._place.segments)
        at.before, at.closed_number, at.segment = seal.sha256, segment.number, None
        segment.close()

    def _taking(self) -> OpenSegment:
        """Return the segment that takes appends; a new one where there is none."""
        return self._at.segment or self._open()

    def _open(self) -> OpenSegment:
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

    def _why_close(self) -> str | None:
        segment = self._at.segment
        if segment is None or segment.first is None:
            return None
        if segment.damaged_lines:
            return "damage"
        if segment.size_bytes >= self._options.segment_bytes:
            return "size"
        return "age" if self._clock.monotonic() - self._opened_s >= self._options.segment_age_s else None

    def _age_s(self) -> float:
        """Return for how long the open segment has been open; 0 where the clock says nonsense."""
        segment = self._at.segment
        if segment is None or segment.first is None:
            return 0.0
        opened_at = from_rfc3339(segment.first.recordedtime)
        return max(0.0, (self._clock.now() - opened_at).total_seconds())
