"""When each stream was seen, as the rows of a chart with a time axis of its own."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.analysis.coverage import Coverage
from forensics.analysis.coverage_statement import Share, StreamStatement, statement
from forensics.model.record import Record
from forensics.report.html.ground import LEAST
from forensics.report.html.scale import Scale, percent, scale_of
from forensics.report.moments import clock_time

SHOWN = 50
_SEEN = ("polled", "vouched")


class Span(msgspec.Struct, frozen=True):
    """A stretch in which a stream was seen, or not, in one way."""

    x: str
    width: str
    kind: str
    """seen, recovered or gap."""
    title: str


class StreamLine(msgspec.Struct, frozen=True, kw_only=True):
    """One stream."""

    name: str
    seen: str
    """How much of the watched time was seen, or why that cannot be said."""
    facts: int
    summary: str
    spans: tuple[Span, ...]


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """The streams of an archive."""

    scale: Scale
    share: str
    """Of all of them together."""
    lines: tuple[StreamLine, ...]
    total: int


def streams(records: Iterable[Record]) -> Streams | None:
    """Return when each stream was seen, those that miss most first; None where nobody watched.

    Args:
        records: In the order of their seq.
    """
    stated = statement(Coverage(records))
    scale = scale_of([stated.since or "", stated.until or ""])
    if scale is None or not stated.streams:
        return None
    ordered = sorted(stated.streams, key=lambda item: -item.coverage.missing_s)[:SHOWN]
    return Streams(
        scale=scale,
        share=_share(stated.coverage),
        lines=tuple(_line(item, scale) for item in ordered),
        total=len(stated.streams),
    )


def _line(item: StreamStatement, scale: Scale) -> StreamLine:
    seen = _share(item.coverage)
    return StreamLine(
        name=item.name,
        seen=f"{item.refusal} refused" if item.refusal else seen,
        facts=item.facts,
        summary=f"{item.name}: {seen} seen",
        spans=tuple(_spans(item, scale)),
    )


def _spans(item: StreamStatement, scale: Scale) -> Sequence[Span]:
    found = []
    for interval in item.intervals:
        begin, end = scale.place(interval.since), scale.place(interval.until)
        if begin is not None and end is not None:
            kind = "seen" if interval.how in _SEEN else "recovered" if interval.how == "recovered" else "gap"
            title = f"{interval.how} {clock_time(interval.since)} to {clock_time(interval.until)}"
            found.append(Span(percent(begin), percent(max(end - begin, LEAST)), kind, title))
    return found


def _share(share: Share) -> str:
    if share.share is None:
        return "never read"
    # Rounded up, something that is missing would look like nothing.
    return "100%" if share.missing_s == 0 else f"{min(share.share, 0.9999):.2%}"
