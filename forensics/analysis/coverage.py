"""When each stream of an archive was seen, how, and when it was not."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from forensics.analysis.coverage_asked import asked_for
from forensics.analysis.coverage_trace import Trace, TracedGap
from forensics.analysis.shapes import payload_of, text_at, value_at
from forensics.model import record as facts
from forensics.model.clock import from_rfc3339, to_rfc3339
from forensics.model.ranges import from_ranges
from forensics.model.record import Gap, Record

KINDS = ("recovered", "lost", "unknown", "open")
"""What may have become of a gap."""


_LONGEST_STEP_S = 100 * 366 * 86_400
_MOST_STREAMS = 1_000_000


class Run(msgspec.Struct, kw_only=True):
    """One process that recorded."""

    run: str
    started_at: str
    last_at: str
    """When its last record was written, RFC 3339."""
    ended_at: str | None = None
    """When it said that it ends; None where it did not: killed, or still at work."""
    sites: Any = None
    """What it was asked to watch, as its record says it."""


class ClockStep(msgspec.Struct, frozen=True, kw_only=True):
    """The wall clock was set: times before and after it do not compare."""

    before: str
    after: str
    jumped_s: float


class Coverage:
    """Everything that an archive says about when it could see, folded from its records.

    Args:
        records: All of them, in the order of their seq; None where the caller gives one after the other to
            `add` and then calls `finish`.
        is_live: See `finish`.
    """

    def __init__(self, records: Iterable[Record] | None = None, *, is_live: bool = False) -> None:
        self.runs: list[Run] = []
        self.clock_steps: list[ClockStep] = []
        self.traces: dict[str, Trace] = {}
        """By ``str(Stream)``, in the order in which they were opened."""
        self.import_notes: dict[str, None] = {}
        """What imports of saved output say is missing, each once."""
        self.last_at: datetime | None = None
        """When the newest record was written."""
        self._by_number: dict[int, Trace] = {}
        self._by_target: dict[str, list[Trace]] = {}
        self._calm = _Calm()
        self._last = ""
        if records is not None:
            for record in records:
                self.add(record)
            self.finish(is_live=is_live)

    def add(self, record: Record) -> None:
        """Take one record into account; they come in the order of their seq."""
        self._last = record.recordedtime
        if not record.type.startswith("forensics."):
            for trace in self._by_target.get(record.source, ()):
                trace.facts += 1
            return
        if self.runs and self.runs[-1].run == record.run:
            self.runs[-1].last_at = record.recordedtime
        take = _TAKES.get(record.type)
        if take is not None:
            take(self, record, payload_of(record))

    def _add_stream(self, record: Record, payload: Any) -> None:
        name, at = text_at(payload, "stream"), _moment(record.recordedtime)
        number = value_at(payload, "number")
        if not name or at is None:
            return
        trace = self.traces.get(name)
        if trace is None:
            trace = self.traces[name] = Trace(stream=name, opened_at=at)
            self._by_target.setdefault(record.source, []).append(trace)
        if isinstance(number, int):
            self._by_number[number] = trace
            trace.number = number
        self._settle(trace)
        if text_at(payload, "ended_because"):
            trace.end(at, text_at(payload, "ended_because"), run=len(self.runs))
        else:
            trace.open(at, text_at(payload, "opened_because"), run=len(self.runs))

    def _add_poll(self, _record: Record, payload: Any) -> None:
        listed, until = value_at(payload, "streams"), _moment(text_at(payload, "to"))
        names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        if until is None:
            return
        reaches_to = _moment(text_at(payload, "from"))
        for trace in [self.traces[name] for name in names if name in self.traces]:
            self._settle(trace)
            trace.poll(until, reaches_to, run=len(self.runs))

    def _add_coverage(self, _record: Record, payload: Any) -> None:
        since, until = _moment(text_at(payload, "from")), _moment(text_at(payload, "to"))
        if since is None or until is None:
            return
        every = numbers_in(text_at(payload, "streams"))
        vouched = numbers_in(text_at(payload, "vouched")) & every
        now = {"polled": every - vouched, "vouched": vouched}
        for how, numbers in self._calm.numbers.items():
            # A stream that stays calm needs no work: only the last statement about it counts.
            self._stay_calm(how, numbers - now[how] if self._calm.goes_on(since) else numbers)
        self._calm = _Calm(since=since, until=until, numbers=now)

    def _add_gap(self, _record: Record, payload: Any) -> None:
        try:
            gap = msgspec.convert(payload, Gap, strict=False)
        except msgspec.ValidationError:
            return
        trace = self.traces.get(gap.stream)
        since = _moment(gap.since)
        if trace is None or since is None:
            return
        self._settle(trace)
        trace.miss(TracedGap(gap=gap, since=since, until=_moment(gap.until or "")), run=len(self.runs))

    def _add_import(self, _record: Record, payload: Any) -> None:
        notes = value_at(payload, "notes")
        if isinstance(notes, list):
            self.import_notes |= dict.fromkeys(note for note in notes if isinstance(note, str))

    def _add_run(self, record: Record, payload: Any) -> None:
        phase, at = text_at(payload, "phase"), record.recordedtime
        if phase == "started":
            self._settle_all()
            self._calm = _Calm()
            self.runs.append(Run(run=record.run, started_at=at, last_at=at, sites=value_at(payload, "sites")))
        elif self.runs and phase == "ended":
            self.runs[-1].ended_at = at
        elif self.runs and phase == "reloaded":
            self.runs[-1].sites = value_at(payload, "sites")

    def _add_clock(self, _record: Record, payload: Any) -> None:
        jumped_s, after = value_at(payload, "jumped_s"), _moment(text_at(payload, "after"))
        if not isinstance(jumped_s, int | float) or abs(jumped_s) > _LONGEST_STEP_S or after is None:
            return
        before = text_at(payload, "before")
        self.clock_steps.append(
            ClockStep(before=before, after=text_at(payload, "after"), jumped_s=float(jumped_s))
        )
        self._settle_all()
        self._calm = _Calm()
        for trace in self.traces.values():
            trace.clock_set(after, jumped_s)

    def _add_refusal(self, _record: Record, payload: Any) -> None:
        trace = self.traces.get(text_at(payload, "stream"))
        if trace is not None and value_at(payload, "optional") is not True:
            trace.refusal = text_at(payload, "action") or text_at(payload, "operation")

    def _settle(self, trace: Trace) -> None:
        """Let what is calm be said of a stream before something else is."""
        for how, numbers in self._calm.numbers.items():
            if trace.number in numbers:
                self._stay_calm(how, (trace.number,))

    def _settle_all(self) -> None:
        for how, numbers in self._calm.numbers.items():
            self._stay_calm(how, numbers)

    def _stay_calm(self, how: str, numbers: Iterable[int]) -> None:
        since = self._calm.since
        for number in numbers:
            trace = self._by_number.get(number)
            if trace is not None and since is not None:
                trace.stay_calm(since, how, run=len(self.runs))

    def finish(self, *, is_live: bool = False) -> None:
        """Draw the conclusions from all records; nothing may be added any more.

        Args:
            is_live: Whether a recorder is at work on the archive: what the last run has not said may come.
        """
        self.last_at = _moment(self._last)
        self._settle_all()
        if self.last_at is None:
            return
        is_cut_off = bool(self.runs) and self.runs[-1].ended_at is None and not is_live
        sites = self.runs[-1].sites if self.runs else None
        because = {name: trace.because for name, trace in self.traces.items()}
        for trace in self.traces.values():
            is_left = trace.run < len(self.runs) and asked_for(trace.stream, because, sites)
            if trace.run == len(self.runs) and is_cut_off:
                trace.leave_open("The recorder ended without saying so, and none has come back to it.")
            elif is_left:
                trace.leave_open("The recorder was started again and has not read it since.")
            trace.close(self.last_at)


class _Calm(msgspec.Struct, frozen=True, kw_only=True):
    """The last statement about quiet streams."""

    since: datetime | None = None
    until: datetime | None = None
    numbers: dict[str, set[int]] = {}
    """By how they were seen."""

    def goes_on(self, since: datetime) -> bool:
        """Return whether a statement that begins then leaves no time out after this one."""
        return self.since is not None and self.until is not None and self.since <= since <= self.until


def numbers_in(ranges: str) -> set[int]:
    """Return the numbers of a text such as ``1-40,42``; what is no range of numbers is passed over."""
    numbers: set[int] = set()
    for first, last in from_ranges(ranges):
        # Nobody has so many streams: a longer range is not worth the memory.
        numbers.update(range(first, min(last, first + _MOST_STREAMS) + 1))
    return numbers


def as_text(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339, None for None."""
    return None if moment is None else to_rfc3339(moment)


def _moment(text: str) -> datetime | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None


_TAKES = {
    facts.STREAM: Coverage._add_stream,
    facts.POLL: Coverage._add_poll,
    facts.COVERAGE: Coverage._add_coverage,
    facts.GAP: Coverage._add_gap,
    facts.RUN: Coverage._add_run,
    facts.IMPORT: Coverage._add_import,
    facts.CLOCK: Coverage._add_clock,
    facts.REFUSAL: Coverage._add_refusal,
}
