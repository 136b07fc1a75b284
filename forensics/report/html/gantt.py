"""The resources of an attempt as the rows of a chart, stack by stack."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from forensics.analysis import resources
from forensics.analysis.resources import Interval, ResourceRow, StackRow, under_way
from forensics.report.html.ground import LEAST, Band, gap_bands, rollback_bands
from forensics.report.html.scale import Scale, percent
from forensics.report.moments import clock_time, lasted, seconds_between

DEEPEST = 4
"""Stacks nested deeper than this stand as far in as these."""
STACKS_SHOWN = 60
"""More stacks than these are left out: those that failed stay, then those with resources that are drawn."""
LINES_SHOWN = 200
"""More resources than these are left out: those that failed stay, then those that took longest."""


class Bar(msgspec.Struct, frozen=True):
    """One interval of a row."""

    x: str
    width: str
    kind: str
    """done, failed, cancelled, open, unsaid, undone or unfinished (undoing that failed)."""
    title: str


class Mark(msgspec.Struct, frozen=True):
    """One moment of a row that matters."""

    x: str
    kind: str
    """failed, or cause for the one that a finding blames."""
    title: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the chart."""

    name: str
    kind: str
    """Type of the resource."""
    state: str
    """AWS's last word on it."""
    tone: str
    """failed, cancelled, undone, open or done: how it stands, for its colour."""
    length: str
    """How long its first action took; "" where that is not known."""
    seq: int
    """The record to read about it."""
    summary: str
    """All intervals in words."""
    is_cause: bool
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One stack with its rows."""

    number: int
    """Names its ground."""
    name: str
    depth: int
    ground: tuple[Band, ...]
    own: Line
    lines: tuple[Line, ...]
    hidden: int
    """How many of its resources are left out."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """All stacks of an attempt."""

    groups: tuple[Group, ...]
    stacks_total: int
    shown: int
    total: int
    interrupted: tuple[str, ...]
    """What was still going on when the rollback began, a sentence each."""


def chart(stacks: Sequence[StackRow], scale: Scale, causes: Collection[int]) -> Chart:
    """Return the chart of stacks.

    Args:
        stacks: As `resources_of` gives them.
        scale: The axis.
        causes: Numbers of the records that findings rest on.
    """
    nested = {stack.arn for stack in stacks}
    lines = {stack.arn: [row for row in stack.resources if row.physical_id not in nested] for stack in stacks}
    names = nested_names(stacks)
    every = [row for rows in lines.values() for row in rows]
    kept = {id(row) for row in _most_telling(every)}
    groups = [
        _group(
            stack,
            [row for row in lines[stack.arn] if id(row) in kept],
            scale,
            causes,
            number=number,
            name=names.get(stack.name, stack.name),
        )
        for number, stack in enumerate(stacks)
    ]
    whole = [
        msgspec.structs.replace(group, hidden=len(lines[stack.arn]) - len(group.lines))
        for group, stack in zip(groups, stacks, strict=True)
    ]
    drawn = tuple(_most_telling_groups(whole))
    return Chart(
        groups=drawn,
        stacks_total=len(whole),
        shown=sum(len(group.lines) for group in drawn),
        total=len(every),
        interrupted=tuple(_interrupted(stacks, nested)),
    )


def nested_names(stacks: Sequence[StackRow]) -> dict[str, str]:
    """Return what nested stacks are called in their parents, by their own long names."""
    own = {stack.arn: stack.name for stack in stacks}
    return {
        own[row.physical_id]: row.logical_id
        for stack in stacks
        for row in stack.resources
        if row.physical_id in own
    }


def _most_telling(rows: Sequence[ResourceRow]) -> Iterable[ResourceRow]:
    if len(rows) <= LINES_SHOWN:
        return rows
    return sorted(rows, key=lambda row: (row.failure is None, -longest(row)[0]))[:LINES_SHOWN]


def _most_telling_groups(groups: Sequence[Group]) -> Iterable[Group]:
    if len(groups) <= STACKS_SHOWN:
        return groups
    ordered = sorted(groups, key=lambda group: (group.own.tone != "failed", not group.lines, group.number))
    return sorted(ordered[:STACKS_SHOWN], key=lambda group: group.number)


def longest(row: ResourceRow) -> tuple[float, Interval | None]:
    """Return how long the longest action on a resource took, seconds, and which that was.

    Undoing does not count, nor does what was cut off at its beginning; (0, None) where nothing else is.
    """
    known = [(seconds_between(item.started_at, item.ended_at), item) for item in row.intervals]
    lasting = [pair for pair in known if pair[1].has_beginning and not pair[1].is_undoing]
    return max(lasting, key=lambda pair: pair[0], default=(0.0, None))


def _group(
    stack: StackRow,
    rows: Sequence[ResourceRow],
    scale: Scale,
    causes: Collection[int],
    *,
    number: int,
    name: str,
) -> Group:
    own = _line(name, "", stack.own, scale, causes)
    return Group(
        number=number,
        name=name,
        depth=min(stack.depth, DEEPEST),
        ground=(*rollback_bands(scale, stack.rollbacks), *gap_bands(scale, stack.gaps)),
        own=own,
        lines=tuple(_line(row.logical_id, row.resource_type, row.intervals, scale, causes) for row in rows),
        hidden=0,
    )


def _line(name: str, kind: str, intervals: Sequence[Interval], scale: Scale, causes: Collection[int]) -> Line:
    failure = next((item for item in intervals if item.result == resources.FAILED), None)
    last = failure or (intervals[-1] if intervals else None)
    first = intervals[0] if intervals else None
    return Line(
        name=name,
        kind=kind,
        state=_state(intervals),
        tone=_tone(intervals),
        length=lasted(first.started_at, first.ended_at) if first and first.has_beginning else "",
        seq=last.seq if last else 0,
        summary="; ".join(_in_short(item) for item in intervals),
        is_cause=any(item.seq in causes and item.result == resources.FAILED for item in intervals),
        bars=tuple(bar for item in intervals if (bar := _bar(item, scale)) is not None),
        marks=tuple(
            Mark(percent(x), "cause" if item.seq in causes else "failed", _said(item))
            for item in intervals
            if item.result == resources.FAILED and (x := scale.place(item.ended_at or "")) is not None
        ),
    )


def _state(intervals: Sequence[Interval]) -> str:
    """Return the status that says most: of the failure, of what was cancelled, else the newest."""
    for result, after in ((resources.FAILED, ""), (resources.CANCELLED, ", cancelled")):
        for item in intervals:
            # A stack that rolls back cuts off what it was at: its newest status says how that ended.
            if item.result == result and not item.status.endswith("_IN_PROGRESS"):
                return item.status + after
    return intervals[-1].status if intervals else ""


def _bar(item: Interval, scale: Scale) -> Bar | None:
    begin = scale.place(item.started_at)
    end = scale.place(item.ended_at) if item.ended_at else 100.0
    if begin is None or end is None:
        return None
    return Bar(percent(begin), percent(max(end - begin, LEAST)), _kind(item), _said(item))


def _kind(item: Interval) -> str:
    if item.is_undoing or item.action == "DELETE" or item.action.endswith("ROLLBACK"):
        return "unfinished" if item.result == resources.FAILED else "undone"
    return item.result


def _tone(intervals: Sequence[Interval]) -> str:
    kinds = {_kind(item) for item in intervals}
    for kind in ("failed", "unfinished", "cancelled", "open", "undone"):
        if kind in kinds:
            return "failed" if kind == "unfinished" else kind
    return "done"


def _in_short(item: Interval) -> str:
    length = lasted(item.started_at, item.ended_at) if item.has_beginning else ""
    return f"{item.status} {clock_time(item.started_at)}" + (f", {length}" if length else "")


def _said(item: Interval) -> str:
    length = lasted(item.started_at, item.ended_at)
    span = f"{clock_time(item.started_at)} to {clock_time(item.ended_at) if item.ended_at else 'the end'}"
    took = f" ({length})" if length and item.has_beginning else ""
    return f"{item.status} {span}{took}"


def _interrupted(stacks: Sequence[StackRow], nested: Collection[str]) -> Iterator[str]:
    for stack in stacks:
        for window in stack.rollbacks if stack.parent is None else ():
            for inner in stacks:
                for row, item in under_way(inner, window.since):
                    if row.physical_id not in nested:
                        yield _interruption(row, item, window.since)


def _interruption(row: ResourceRow, item: Interval, rollback_at: str) -> str:
    going_on = lasted(item.started_at, rollback_at)
    since = f"since {clock_time(item.started_at)}" + (f", {going_on}" if going_on else "")
    end = f"; then {item.status}" if item.result != resources.OPEN else ""
    return f"{row.logical_id} ({row.resource_type}): {item.action} {since}{end}"
