"""Resources over time: what each resource of a tree of stacks went through, and when.

`resources_of` gives one `StackRow` for each stack, parents before the stacks nested in them, each with a
`ResourceRow` for each logical resource; a row holds `Interval`s, oldest first. Everything that draws or
counts durations (waterfall, Gantt, JUnit, incident report) reads these rows, so that they agree.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from forensics.analysis.attempts import Operation, child_of
from forensics.analysis.causes import tree_of
from forensics.analysis.shapes import StackEvent
from forensics.analysis.statuses import (
    ROLLBACK_STARTED,
    STACK_ENDED,
    is_cancelled,
    is_consequence,
)
from forensics.analysis.timeline import Timeline, Window
from forensics.analysis.wording import short_name
from forensics.model.record import Gap

DONE = "done"
FAILED = "failed"
CANCELLED = "cancelled"
OPEN = "open"
UNSAID = "unsaid"


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """One action on one resource, from the event that began it to the event that ended it."""

    action: str
    """CREATE, UPDATE, DELETE, IMPORT, ROLLBACK, UPDATE_ROLLBACK …: the status without how it went."""
    status: str
    """AWS's newest status in it, such as CREATE_FAILED, or CREATE_IN_PROGRESS while it is open."""
    started_at: str
    """RFC 3339; the same as `ended_at` where the beginning was not recorded."""
    ended_at: str | None
    """None while it is open."""
    result: str
    """done, failed, cancelled (stopped because something else failed), open, or unsaid: another action
    began before AWS said how this one went."""
    reason: str
    """AWS's words at its end, or the newest before it; "" where there are none."""
    seq: int
    """The record that its status stands in."""
    follows: bool
    """Whether a failure only says that something else failed."""
    is_undoing: bool
    """Whether it belongs to the rollback of the attempt."""
    has_beginning: bool
    """Whether the event that began it was recorded; without it the duration is not known."""


class ResourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One logical resource of one stack, with what was done to it."""

    stack: str
    """ARN of its stack."""
    logical_id: str
    physical_id: str
    """The newest that is known; "" where none is."""
    resource_type: str
    intervals: tuple[Interval, ...]
    """Oldest first; at least one; they do not overlap."""

    @property
    def failure(self) -> Interval | None:
        """The first failure, cancellations aside; None where it did not fail."""
        return next((item for item in self.intervals if item.result == FAILED), None)


class StackRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stack with its resources."""

    arn: str
    name: str
    parent: str | None
    """ARN of the stack that it is nested in; None for a root."""
    depth: int
    """0 for a root."""
    own: tuple[Interval, ...]
    """What the stack itself went through, oldest first."""
    rollbacks: tuple[Window, ...]
    """When it was being undone: by its own rollback, by its delete in its parent's, or with its parent;
    oldest first, one for each failed attempt."""
    resources: tuple[ResourceRow, ...]
    """In the order in which they were first named."""
    gaps: tuple[Gap, ...]
    """When its events could not be read, recovered gaps included; ask `watching.may_miss` which matter."""


def resources_of(timeline: Timeline, operations: Sequence[Operation]) -> tuple[StackRow, ...]:
    """Return the rows of the stacks that took part in operations: depth first, each root before its children.

    Args:
        timeline: Everything known.
        operations: Attempts; events outside them leave no trace. Two attempts on one stack share a row.
    """
    events: dict[str, list[StackEvent]] = {}
    spans: dict[str, list[Window]] = {}
    for operation in sorted(operations, key=lambda item: item.started_at):
        for arn, inside in tree_of(operation, timeline.stacks):
            events.setdefault(arn, []).extend(inside)
            spans.setdefault(arn, []).append(operation.window)
    parents = _parents(events)
    rollbacks: dict[str, tuple[Window, ...]] = {}
    rows = []
    for arn, depth in _depth_first(events, parents):
        parent = parents.get(arn)
        rollbacks[arn] = _rollbacks(events[arn], rollbacks[parent] if parent else ())
        rows.append(
            StackRow(
                arn=arn,
                name=short_name(arn),
                parent=parent,
                depth=depth,
                own=tuple(_intervals([event for event in events[arn] if event.is_of_stack], rollbacks[arn])),
                rollbacks=rollbacks[arn],
                resources=tuple(_resources(arn, events[arn], rollbacks[arn])),
                gaps=gaps_of(timeline, [f"stack_events {arn}"], spans[arn]),
            )
        )
    return tuple(rows)


def gaps_of(timeline: Timeline, streams: Sequence[str], spans: Sequence[Window]) -> tuple[Gap, ...]:
    """Return the gaps of streams that share a moment with one of some spans, the earliest first."""
    return tuple(
        gap
        for gap in timeline.watching.gaps()
        if gap.stream in streams and any(span.touches(gap.since, gap.until) for span in spans)
    )


def under_way(row: StackRow, at: str) -> list[tuple[ResourceRow, Interval]]:
    """Return what was going on at a moment, or was stopped for its sake: the longest first.

    A resource that CloudFormation cancelled was going on until then: it is listed where the moment comes
    after its cancellation as well.

    Args:
        row: The stack.
        at: The moment, such as the beginning of its rollback.
    """
    found = [
        (resource, item)
        for resource in row.resources
        for item in resource.intervals
        if item.started_at <= at and not item.is_undoing and (_lasts(item, at) or item.result == CANCELLED)
    ]
    return sorted(found, key=lambda pair: pair[1].started_at)


def _lasts(item: Interval, at: str) -> bool:
    return item.result in {OPEN, UNSAID} or (item.ended_at is not None and item.ended_at > at)


def _parents(events: Mapping[str, Sequence[StackEvent]]) -> dict[str, str]:
    return {
        child: arn
        for arn, inside in events.items()
        for event in inside
        if (child := child_of(event)) and child in events and child != arn
    }


def _depth_first(events: Mapping[str, object], parents: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    children: dict[str, list[str]] = {}
    for arn in events:
        children.setdefault(parents.get(arn, ""), []).append(arn)
    waiting = [(arn, 0) for arn in reversed(children.get("", []))]
    while waiting:
        arn, depth = waiting.pop()
        yield arn, depth
        waiting += [(child, depth + 1) for child in reversed(children.get(arn, []))]


def _rollbacks(events: Sequence[StackEvent], above: tuple[Window, ...]) -> tuple[Window, ...]:
    """Return when a stack was being undone, from where it says so to where it comes to rest.

    Args:
        events: Of the stack, oldest first.
        above: When its parent was; a nested stack that says nothing of its own is undone with it.
    """
    found: list[Window] = []
    began: StackEvent | None = None
    for event in (event for event in events if event.is_of_stack):
        if began is None:
            is_deleted = event.status == "DELETE_IN_PROGRESS" and any(span.holds(event.at) for span in above)
            began = event if is_deleted or event.status in ROLLBACK_STARTED else None
        elif event.status in STACK_ENDED:
            found.append(Window(since=began.at, until=event.at))
            began = None
    if began is not None:
        found.append(Window(since=began.at, until=None))
    return tuple(found) or above


def _resources(
    stack: str, events: Sequence[StackEvent], rollbacks: Sequence[Window]
) -> Iterator[ResourceRow]:
    named: dict[str, list[StackEvent]] = {}
    for event in events:
        if not event.is_of_stack:
            named.setdefault(event.logical_id, []).append(event)
    for name, found in named.items():
        yield ResourceRow(
            stack=stack,
            logical_id=name,
            physical_id=next((event.physical_id for event in reversed(found) if event.physical_id), ""),
            resource_type=next((event.resource_type for event in found if event.resource_type), ""),
            intervals=tuple(_intervals(found, rollbacks)),
        )


def _intervals(events: Sequence[StackEvent], rollbacks: Sequence[Window]) -> list[Interval]:
    """Return the events of one resource, or of one stack itself, as what was done to it."""
    made: list[Interval] = []
    for event in events:
        action, how = _parts(event.status)
        last = made[-1] if made else None
        if last is not None and last.status == event.status and how != "IN_PROGRESS":
            continue
        if last is not None and last.result == OPEN:
            if last.action == action:
                made[-1] = _continued(last, event, how)
                continue
            made[-1] = _cut_off(last, event)
        made.append(_begun(event, action, how, rollbacks))
    return made


def _begun(event: StackEvent, action: str, how: str, rollbacks: Sequence[Window]) -> Interval:
    opened = Interval(
        action=action,
        status=event.status,
        started_at=event.at,
        ended_at=None,
        result=OPEN,
        reason=event.reason,
        seq=event.seq,
        follows=False,
        is_undoing=any(span.holds(event.at) for span in rollbacks),
        has_beginning=how == "IN_PROGRESS",
    )
    return opened if how == "IN_PROGRESS" else _continued(opened, event, how)


def _cut_off(item: Interval, by: StackEvent) -> Interval:
    """Return an open interval as it ended when another action began.

    A stack that begins to roll back has failed at what it was doing, and gives the reason there.
    """
    if by.is_of_stack and by.status in ROLLBACK_STARTED:
        return msgspec.structs.replace(
            item, ended_at=by.at, result=FAILED, reason=by.reason, follows=is_consequence(by.reason)
        )
    return msgspec.structs.replace(item, ended_at=by.at, result=UNSAID)


def _continued(item: Interval, event: StackEvent, how: str) -> Interval:
    """Return an open interval with what one more event says of it."""
    reason = event.reason or item.reason
    if how == "IN_PROGRESS":
        return msgspec.structs.replace(item, status=event.status, reason=reason, seq=event.seq)
    failed = how == "FAILED"
    return msgspec.structs.replace(
        item,
        status=event.status,
        ended_at=event.at,
        result=(CANCELLED if is_cancelled(event.reason) else FAILED) if failed else DONE,
        # What was said while it began is no reason for how it ended.
        reason=event.reason,
        seq=event.seq,
        follows=failed and is_consequence(event.reason),
    )


def _parts(status: str) -> tuple[str, str]:
    """Return a status as what is done, and how it goes: IN_PROGRESS, COMPLETE, FAILED or SKIPPED.

    Cleaning up after an update is the update's last part.
    """
    for how in ("IN_PROGRESS", "COMPLETE", "FAILED", "SKIPPED"):
        if status.endswith(f"_{how}"):
            return status[: -len(how) - 1].removesuffix("_COMPLETE_CLEANUP"), how
    return status, ""
