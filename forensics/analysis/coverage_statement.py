"""The coverage of an archive as values: the document of ``forensics coverage -o json`` (schema_version 1).

Fields may be added, none is renamed or dropped.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from forensics.analysis.blindness import sentence_of
from forensics.analysis.coverage import KINDS, ClockStep, Coverage, Run, as_text
from forensics.analysis.coverage_trace import Interval, Trace, TracedGap
from forensics.analysis.wording import stream_name
from forensics.model.identity import parse_stream
from forensics.model.record import Gap

SCHEMA_VERSION = 1


class GapStatement(Gap, frozen=True, kw_only=True):
    """A gap, and a sentence about it."""

    is_inferred: bool
    """No record says it: it follows from what the records do not say."""
    sentence: str


class IntervalStatement(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A span in which a stream was seen, or not, in one way."""

    since: str
    until: str
    how: str
    """Seen: polled, vouched, recovered. Not seen: lost, unknown, open."""


class RunStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One process that recorded."""

    run: str
    started_at: str
    last_at: str
    """When its last record was written."""
    ended_at: str | None
    """None where it did not say that it ends: it was killed, or is still at work."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the watched time was seen."""

    seen_s: float
    missing_s: float
    share: float | None
    """0 to 1; None where no time was watched."""
    gaps: dict[str, int]
    """How many gaps of each kind: recovered, lost, unknown, open."""


class StreamStatement(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """One stream: when it was watched, and what of that was seen."""

    stream: str
    """``SOURCE TARGET``."""
    source: str
    target: str
    name: str
    """As a person names it."""
    opened_because: str
    since: str
    """When it was first watched."""
    until: str | None
    """The end of what can be said; None where it was never read."""
    reads_back_to: str | None
    """How far back the first poll reached; None: to the beginning, or it is not known."""
    ended_because: str | None
    refusal: str | None
    """The IAM action that AWS refuses."""
    facts: int
    """Records of AWS's facts about the target."""
    coverage: Share
    intervals: tuple[IntervalStatement, ...]
    """In order; none overlaps another. What is between two of them was not watched."""
    gaps: tuple[GapStatement, ...]


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """What an archive saw, and what it did not."""

    schema_version: int = SCHEMA_VERSION
    archive: str
    since: str | None
    """When the first of the streams was first watched."""
    until: str | None
    """When the newest record was written."""
    coverage: Share
    """Of all streams together."""
    runs: tuple[RunStatement, ...]
    clock_steps: tuple[ClockStep, ...]
    """Where the wall clock was set: times before and after do not compare."""
    notes: tuple[str, ...]
    """Sentences on what else is missing."""
    streams: tuple[StreamStatement, ...]


def statement(
    coverage: Coverage,
    *,
    archive: str = "",
    notes: Iterable[str] = (),
    takes: Callable[[Trace], bool] = lambda _trace: True,
) -> Statement:
    """Return the statement about an archive's streams, in the order in which they were opened.

    Args:
        coverage: What its records say.
        archive: Where it is, as it was named.
        notes: Sentences on what the records cannot say.
        takes: Whether a stream was asked for.
    """
    streams = tuple(_stream(trace) for trace in coverage.traces.values() if takes(trace))
    return Statement(
        archive=archive,
        since=min((stream.since for stream in streams), default=None),
        until=as_text(coverage.last_at),
        coverage=_sum(stream.coverage for stream in streams),
        runs=tuple(_run(run) for run in coverage.runs),
        clock_steps=tuple(coverage.clock_steps),
        notes=tuple(notes),
        streams=streams,
    )


def _stream(trace: Trace) -> StreamStatement:
    source, target = parse_stream(trace.stream)
    intervals = trace.intervals()
    return StreamStatement(
        stream=trace.stream,
        source=source,
        target=target,
        name=stream_name(trace.stream),
        opened_because=trace.because,
        since=as_text(trace.opened_at) or "",
        until=as_text(trace.until) if trace.was_read else None,
        reads_back_to=as_text(trace.reads_back_to),
        ended_because=trace.ended_because or None,
        refusal=trace.refusal,
        facts=trace.facts,
        coverage=_share(intervals, trace.gaps),
        intervals=tuple(_interval(interval) for interval in intervals),
        gaps=tuple(_gap(gap) for gap in trace.gaps),
    )


def _interval(interval: Interval) -> IntervalStatement:
    since, until = as_text(interval.since) or "", as_text(interval.until) or ""
    return IntervalStatement(since=since, until=until, how=interval.how)


def _gap(traced: TracedGap) -> GapStatement:
    gap = traced.gap
    return GapStatement(
        stream=gap.stream,
        since=gap.since,
        until=gap.until,
        reason=gap.reason,
        kind=gap.kind,
        lower_bound=gap.lower_bound,
        detail=gap.detail,
        is_inferred=traced.is_inferred,
        sentence=sentence_of(gap),
    )


def _run(run: Run) -> RunStatement:
    return RunStatement(run=run.run, started_at=run.started_at, last_at=run.last_at, ended_at=run.ended_at)


def _share(intervals: Iterable[Interval], gaps: Iterable[TracedGap]) -> Share:
    seen_s = missing_s = 0.0
    for interval in intervals:
        if interval.is_seen:
            seen_s += interval.length_s
        else:
            missing_s += interval.length_s
    return _made(seen_s, missing_s, Counter(gap.gap.kind for gap in gaps))


def _sum(shares: Iterable[Share]) -> Share:
    seen_s = missing_s = 0.0
    gaps: Counter[str] = Counter()
    for share in shares:
        seen_s += share.seen_s
        missing_s += share.missing_s
        gaps.update(share.gaps)
    return _made(seen_s, missing_s, gaps)


def _made(seen_s: float, missing_s: float, gaps: Counter[str]) -> Share:
    watched_s = seen_s + missing_s
    return Share(
        seen_s=round(seen_s, 3),
        missing_s=round(missing_s, 3),
        share=round(seen_s / watched_s, 6) if watched_s else None,
        gaps={kind: gaps[kind] for kind in KINDS},
    )
