"""Which resources of a course tell something, where there is no room for all of them."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from forensics.analysis.course import Course
from forensics.analysis.resources import DONE, FAILED, Interval, ResourceRow
from forensics.report.moments import duration_in_words, length_of

MOST = 24
"""Resources shown: those that failed or did not end first, then those that took longest."""
_FEW = 10
"""So few resources are all shown."""
_WORTH = 40
"""A resource that was done within this part of the whole span says little."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What to show."""

    resources: tuple[ResourceRow, ...]
    """In the order of the course's rows."""
    names: frozenset[tuple[str, str]]
    """Stack and logical id of each."""
    left_out: str
    """Words about the others; "" where there are none."""


def telling(course: Course) -> Telling:
    """Return the resources worth showing."""
    everything = [resource for stack in course.stacks for resource in stack.resources]
    ranked = sorted(everything, key=lambda row: _weight(row.intervals), reverse=True)
    span = length_of(course.since, course.until) or timedelta(0)
    count = sum(1 for row in ranked if _matters(row.intervals, span))
    shown = min(MOST, len(ranked) if len(ranked) <= _FEW else count)
    names = frozenset((row.stack, row.logical_id) for row in ranked[:shown])
    return Telling(
        resources=tuple(row for row in everything if (row.stack, row.logical_id) in names),
        names=names,
        left_out=_in_words(ranked[shown:]),
    )


def first_action(intervals: Sequence[Interval]) -> Interval | None:
    """Return what was asked for: the first action that was no undoing; None where there is none."""
    return next((item for item in intervals if not item.is_undoing), None)


def _matters(intervals: Sequence[Interval], span: timedelta) -> bool:
    has_failed, is_unfinished, length = _weight(intervals)
    return has_failed or is_unfinished or length * _WORTH >= span


def _weight(intervals: Sequence[Interval]) -> tuple[bool, bool, timedelta]:
    own = [item for item in intervals if not item.is_undoing]
    lengths = [length_of(item.started_at, item.ended_at) or timedelta(0) for item in own]
    return (
        any(item.result == FAILED for item in intervals),
        any(item.result != DONE for item in own),
        max(lengths, default=timedelta(0)),
    )


def _in_words(left_out: Sequence[ResourceRow]) -> str:
    if not left_out:
        return ""
    weights = [_weight(row.intervals) for row in left_out]
    failed = sum(weight[0] for weight in weights)
    longest = duration_in_words(max(weight[2] for weight in weights))
    how = f"{failed} of them failed" if failed else f"none failed, none took more than {longest}"
    noun = "resource" if len(left_out) == 1 else "resources"
    return f"{len(left_out):,} more {noun}: {how}"
