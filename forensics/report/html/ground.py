"""What lies behind the rows of a chart: rollbacks and intervals nobody watched."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.analysis.blindness import outcome_of, reason_of
from forensics.analysis.timeline import Window
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import stream_name
from forensics.model.record import Gap
from forensics.report.html.scale import Scale, percent
from forensics.report.moments import clock_time

LEAST = 0.35
"""Per cent of the axis that even the shortest thing takes, so that it can be seen."""


class Band(msgspec.Struct, frozen=True):
    """A stretch of the axis as high as its row."""

    x: str
    width: str
    kind: str
    """rollback, gap (something is or may be missing) or recovered (nothing is)."""
    title: str


def band(scale: Scale, since: str, until: str | None, kind: str, title: str) -> Band | None:
    """Return a stretch between two moments; None where it lies outside the axis or cannot be placed.

    Args:
        scale: The axis.
        since: RFC 3339; "" for before the axis begins.
        until: RFC 3339; None for after it ends.
        kind: As in `Band`.
        title: What a person reads who points at it.
    """
    begin = scale.place(since) if since else 0.0
    end = scale.place(until) if until else 100.0
    if begin is None or end is None or end < begin or begin >= 100 or end <= 0:
        return None
    return Band(percent(begin), percent(max(end - begin, LEAST)), kind, title)


def rollback_bands(scale: Scale, rollbacks: Iterable[Window]) -> list[Band]:
    """Return the bands of a stack's rollbacks."""
    found = [
        band(
            scale,
            window.since,
            window.until,
            "rollback",
            f"Rollback from {clock_time(window.since)}"
            + (f" to {clock_time(window.until)}" if window.until else ", not ended"),
        )
        for window in rollbacks
    ]
    return [item for item in found if item is not None]


def gap_bands(scale: Scale, gaps: Sequence[Gap]) -> list[Band]:
    """Return the bands of gaps."""
    found = [
        band(scale, gap.since, gap.until, "gap" if may_miss(gap) else "recovered", _gap_title(gap))
        for gap in gaps
    ]
    return [item for item in found if item is not None]


def _gap_title(gap: Gap) -> str:
    end = clock_time(gap.until) if gap.until else "the end"
    span = f"from {clock_time(gap.since)} to {end}"
    return f"Not watched: {stream_name(gap.stream)} {span}, {reason_of(gap)}: {outcome_of(gap)}"
