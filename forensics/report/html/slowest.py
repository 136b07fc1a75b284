"""The resources that took longest."""

from collections.abc import Sequence

import msgspec

from forensics.analysis.resources import CANCELLED, FAILED, StackRow
from forensics.report.html.gantt import longest, nested_names
from forensics.report.html.ground import LEAST
from forensics.report.html.scale import percent
from forensics.report.moments import clock_time, lasted

SHOWN = 10


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """One resource and its longest action."""

    name: str
    kind: str
    stack: str
    status: str
    since: str
    length: str
    width: str
    """Beside the longest of all, per cent."""
    tone: str
    """failed, cancelled or done: for its colour."""
    seq: int


class Slowest(msgspec.Struct, frozen=True, kw_only=True):
    """The slowest resources, and of how many."""

    rows: tuple[Slow, ...]
    total: int
    """Resources whose duration is known."""


def slowest(stacks: Sequence[StackRow]) -> Slowest:
    """Return the resources that took longest, nested stacks and undoing left out."""
    names = nested_names(stacks)
    nested = {stack.arn for stack in stacks}
    found = [
        (stack, row, *longest(row))
        for stack in stacks
        for row in stack.resources
        if row.physical_id not in nested
    ]
    known = sorted((item for item in found if item[2] > 0), key=lambda item: -item[2])
    most_s = known[0][2] if known else 1.0
    rows = tuple(
        Slow(
            name=row.logical_id,
            kind=row.resource_type,
            stack=names.get(stack.name, stack.name),
            status=item.status + (", cancelled" if item.result == CANCELLED else ""),
            since=clock_time(item.started_at),
            length=lasted(item.started_at, item.ended_at),
            width=percent(max(length_s / most_s * 100, LEAST)),
            tone=item.result if item.result in {FAILED, CANCELLED} else "done",
            seq=item.seq,
        )
        for stack, row, length_s, item in known[:SHOWN]
        if item is not None
    )
    return Slowest(rows=rows, total=len(known))
