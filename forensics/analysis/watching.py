"""What was watched, what was read, and when it could not be."""

from collections.abc import Callable, Iterator

import msgspec

from forensics.analysis import coverage
from forensics.analysis.coverage_trace import NEVER_READ
from forensics.analysis.shapes import payload_of, text_at, value_at
from forensics.analysis.wording import words
from forensics.model import record as facts
from forensics.model.finding import Coverage
from forensics.model.ranges import from_ranges
from forensics.model.record import Gap, Record

_HARMLESS = "recovered"
_OPEN = "open"
_UNREAD_NAMED = 10
_CONFLICTS_NAMED = 10


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """AWS refused to let a stream be read."""

    stream: str
    action: str
    """The IAM action that is missing, such as ``ecs:DescribeTasks``."""
    code: str
    is_optional: bool = False
    """The stream is read all the same; only what this operation would have told is missing."""


class _Poll(msgspec.Struct, gc=False):
    streams: list[str]


_decode_poll = msgspec.json.Decoder(_Poll).decode


class Watching:
    """Streams that were opened, streams that were read, and the gaps of each."""

    def __init__(self) -> None:
        self.numbers: dict[int, str] = {}
        self.read: set[str] = set()
        """Streams of which at least one poll succeeded."""
        self.refusals: dict[str, Refusal] = {}
        """By stream: the last refusal; one that keeps the stream from being read ends with a good poll."""
        self.import_notes: dict[str, None] = {}
        """What an import of saved output says is missing or was not understood, each once."""
        self.conflicts: dict[int, str] = {}
        """What AWS told in two ways, in words, by the number of the record that keeps the second."""
        self._gaps: dict[tuple[str, str], Gap] = {}
        self._open: dict[str, str] = {}
        """Since when, of each stream whose last gap is open."""
        self._waiting: dict[int, str] = {}
        """The streams that were opened and not yet seen read, by number."""
        self.is_empty = False
        """There is no record at all."""
        self._ran = False
        self._ended: set[str] = set()
        self._seen = coverage.Coverage()
        self._all_gaps: tuple[Gap, ...] | None = None

    def add(self, record: Record) -> None:
        """Take one record into account; those that say nothing about watching change nothing."""
        self._seen.add(record)
        take = _TAKES.get(record.type)
        if take is not None:
            take(self, record)

    def _add_run(self, _record: Record) -> None:
        self._ran = True

    def _add_stream(self, record: Record) -> None:
        payload = payload_of(record)
        number, stream = value_at(payload, "number"), text_at(payload, "stream")
        if isinstance(number, int):
            self.numbers[number] = stream
            if stream not in self.read:
                self._waiting[number] = stream
        if text_at(payload, "ended_because"):
            self._ended.add(stream)

    def _add_poll(self, record: Record) -> None:
        try:
            streams = _decode_poll(record.data).streams
        except (msgspec.MsgspecError, RecursionError):
            listed = value_at(payload_of(record), "streams")
            streams = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        self.read.update(streams)
        for stream in streams if self.refusals else ():
            refusal = self.refusals.get(stream)
            if refusal is not None and not refusal.is_optional:
                del self.refusals[stream]

    def _add_coverage(self, record: Record) -> None:
        self._waiting = {number: name for number, name in self._waiting.items() if name not in self.read}
        if self._waiting:
            spans = list(from_ranges(text_at(payload_of(record), "streams")))
            self.read.update(
                name
                for number, name in self._waiting.items()
                if any(first <= number <= last for first, last in spans)
            )

    def _add_refusal(self, record: Record) -> None:
        payload = payload_of(record)
        stream = text_at(payload, "stream")
        action = text_at(payload, "action") or text_at(payload, "operation")
        self.refusals[stream] = Refusal(
            stream=stream,
            action=action,
            code=text_at(payload, "code"),
            is_optional=value_at(payload, "optional") is True,
        )

    def _add_import(self, record: Record) -> None:
        notes = value_at(payload_of(record), "notes")
        if isinstance(notes, list):
            self.import_notes |= dict.fromkeys(note for note in notes if isinstance(note, str))

    def _add_conflict(self, record: Record) -> None:
        said = words(record)
        self.conflicts[record.seq] = " ".join(filter(None, (said.where, said.what, said.state)))

    @property
    def unread(self) -> list[str]:
        """Streams that were opened and of which no poll ever succeeded, in the order they were opened."""
        return [stream for stream in self.numbers.values() if stream not in self.read]

    @property
    def was_blind(self) -> bool:
        """Whether a recorder was at work and AWS never answered it, or none came to write anything."""
        return self.is_empty or (self._ran and not self.read)

    def gaps(self) -> tuple[Gap, ...]:
        """Return every gap once, as it was last described, the earliest first.

        Among them are those that no record describes, because the recorder was killed. No record may be added
        afterwards.
        """
        if self._all_gaps is None:
            self._seen.finish(is_live=True)
            traced = [gap for trace in self._seen.traces.values() for gap in trace.gaps]
            # That a stream was never read is said by itself.
            unsaid = [gap.gap for gap in traced if gap.is_inferred and gap.gap.reason != NEVER_READ]
            every = (*self._gaps.values(), *unsaid)
            self._all_gaps = tuple(sorted(every, key=lambda gap: gap.since))
        return self._all_gaps

    def coverage(self) -> Coverage:
        """Return whether anything is, or may be, missing.

        A gap that was recovered misses nothing, and what AWS told in two ways is recorded in both.
        """
        gaps = self.gaps()
        notes = self._notes()
        is_whole = not notes and all(gap.kind == _HARMLESS for gap in gaps)
        return Coverage(complete=is_whole, gaps=gaps, notes=(*notes, *self._notes_on_conflicts()))

    def _notes(self) -> tuple[str, ...]:
        if self.is_empty:
            return ("no record was ever written: nothing was watched",)
        if self.was_blind:
            return ("AWS never answered the recorder", *self.import_notes)
        # What ended without a poll was gone before anybody could look: there was nothing to read.
        unread = [name for name in self.unread if name not in self._ended]
        notes = [f"{name} was never read" for name in unread[:_UNREAD_NAMED]]
        if len(unread) > _UNREAD_NAMED:
            notes.append(f"{len(unread) - _UNREAD_NAMED} more streams were never read")
        notes += self.import_notes
        return tuple(notes)

    def _notes_on_conflicts(self) -> Iterator[str]:
        for seq, name in list(self.conflicts.items())[:_CONFLICTS_NAMED]:
            yield f"AWS told {name} in two ways: the first counts here, the other is record {seq}"
        if len(self.conflicts) > _CONFLICTS_NAMED:
            yield f"AWS told {len(self.conflicts) - _CONFLICTS_NAMED} more facts in two ways"

    def _add_gap(self, record: Record) -> None:
        try:
            gap = msgspec.convert(record.payload(), Gap, strict=False)
        except (msgspec.ValidationError, msgspec.DecodeError):
            return
        # A gap is described again when it closes: the later description holds.
        open_since = self._open.pop(gap.stream, None)
        if open_since is not None:
            del self._gaps[gap.stream, open_since]
        self._gaps[gap.stream, gap.since] = gap
        if gap.kind == _OPEN:
            self._open[gap.stream] = gap.since


def may_miss(gap: Gap) -> bool:
    """Return whether something may be missing because of a gap."""
    return gap.kind != _HARMLESS


_TAKES: dict[str, Callable[[Watching, Record], None]] = {
    facts.GAP: Watching._add_gap,
    facts.RUN: Watching._add_run,
    facts.STREAM: Watching._add_stream,
    facts.POLL: Watching._add_poll,
    facts.COVERAGE: Watching._add_coverage,
    facts.REFUSAL: Watching._add_refusal,
    facts.IMPORT: Watching._add_import,
    facts.CONFLICT: Watching._add_conflict,
}
