"""Which failure of an operation came first, and which only followed, down through nested stacks."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from forensics.analysis.attempts import Operation, child_of
from forensics.analysis.shapes import StackEvent
from forensics.analysis.statuses import ROLLBACK_STARTED, STARTS, is_consequence, is_failed, is_undoing


class Causes(msgspec.Struct, frozen=True, kw_only=True):
    """The failures of one operation and its nested stacks."""

    first: tuple[StackEvent, ...]
    """Failures that follow from no other, the earliest first: the first is the cause."""
    later: tuple[StackEvent, ...]
    """Failures while undoing, which need repair of their own but caused nothing."""
    consequences: tuple[StackEvent, ...]
    """Failures that only say that something else failed."""
    events: tuple[StackEvent, ...]
    """Every event of the operation and its nested stacks, oldest first."""
    stacks: tuple[str, ...]
    """The ARNs of the stacks that took part, the operation's own first."""


def causes(operation: Operation, stacks: Mapping[str, Sequence[StackEvent]]) -> Causes:
    """Return what failed in an operation.

    Where no failure stands for itself, the stack's own reason does; where there is none either, the
    earliest consequence: it names what failed even if what it names was never seen.

    Args:
        operation: The attempt.
        stacks: All known events by stack, oldest first.
    """
    tree = dict(tree_of(operation, stacks))
    first: list[StackEvent] = []
    later: list[StackEvent] = []
    consequences: list[StackEvent] = []
    for events in tree.values():
        for event, undoing in _with_phase(events, deleting=operation.kind == "DELETE_STACK"):
            kind = _judge(event)
            if kind == "cause":
                (later if undoing else first).append(event)
            elif kind == "consequence":
                consequences.append(event)
    chosen = _sorted(first) or _sorted(later) or _own_reasons(operation) or _sorted(consequences)[:1]
    return Causes(
        first=tuple(chosen),
        later=tuple(_sorted(later)) if first else (),
        consequences=tuple(event for event in _sorted(consequences) if event not in chosen),
        events=tuple(_sorted([event for events in tree.values() for event in events])),
        stacks=tuple(tree),
    )


def _judge(event: StackEvent) -> str:
    if event.hook_status:
        failed = event.hook_status.endswith("FAILED") and event.hook_mode != "WARN"
        return "cause" if failed else ""
    if event.validation_status:
        return "cause" if event.validation_status == "FAILED" and event.validation_mode != "WARN" else ""
    if not is_failed(event.status):
        return ""
    if event.is_of_stack or is_consequence(event.reason):
        return "consequence"
    return "cause"


def tree_of(
    operation: Operation, stacks: Mapping[str, Sequence[StackEvent]]
) -> Iterator[tuple[str, list[StackEvent]]]:
    """Yield the events of the operation's stack and of every stack nested in it, each stack once.

    Args:
        operation: The attempt.
        stacks: All known events by stack, oldest first.
    """
    seen = {operation.stack}
    waiting = [(operation.stack, list(operation.events))]
    while waiting:
        arn, events = waiting.pop(0)
        yield arn, events
        for child in (child_of(event) for event in events):
            if child and child not in seen and child in stacks:
                seen.add(child)
                inside = [event for event in stacks[child] if operation.window.holds(event.at)]
                waiting.append((child, inside))


def _with_phase(events: Sequence[StackEvent], *, deleting: bool) -> Iterator[tuple[StackEvent, bool]]:
    """Yield each event with whether its stack was being undone by then."""
    undoing = False
    for event in events:
        if event.is_of_stack and event.status in ROLLBACK_STARTED:
            undoing = True
        elif event.is_of_stack and event.status in STARTS:
            undoing = event.status == "DELETE_IN_PROGRESS" and not deleting
        yield event, undoing or (is_undoing(event.status) and not deleting)


def _own_reasons(operation: Operation) -> list[StackEvent]:
    """Return what the stack itself says about a failure that no resource shows."""
    return [
        event
        for event in operation.events
        if event.is_of_stack
        and event.reason
        and (is_failed(event.status) or event.status in ROLLBACK_STARTED)
        and not is_consequence(event.reason)
    ]


def _sorted(events: Sequence[StackEvent]) -> list[StackEvent]:
    return sorted(events, key=lambda event: (event.at, event.seq))
