"""A stack's events cut into attempts: one operation each, its rollback included."""

import re
from collections.abc import Iterable, Sequence
from operator import itemgetter

import msgspec

from forensics.analysis.shapes import NESTED_STACK, StackEvent
from forensics.analysis.statuses import (
    FAILED_STOP,
    OPERATION_TYPES,
    ROLLBACK_ENDED,
    ROLLBACK_STARTED,
    STARTS,
    SUCCEEDED,
    is_failed,
)
from forensics.analysis.timeline import Timeline, Window
from forensics.model.finding import Attempt
from forensics.model.identity import parse_stack_arn

FAILED = "failed"
SUCCESS = "succeeded"
IN_PROGRESS = "in_progress"
_TOLD = {"SUCCEEDED": SUCCESS, "FAILED": FAILED}
_REVIEW = "REVIEW_IN_PROGRESS"
_EMBEDDED = re.compile(r"Embedded stack (arn:aws[\w-]*:cloudformation:\S+:stack/\S+)")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt with its events: what was asked of a stack, and all that followed."""

    stack: str
    """ARN of the stack."""
    kind: str
    """CREATE_STACK, UPDATE_STACK, DELETE_STACK, IMPORT_STACK, CREATE_CHANGESET or UNKNOWN."""
    events: tuple[StackEvent, ...]
    """Oldest first; at least one."""
    outcome: str
    """failed, succeeded or in_progress. A successful rollback is no success."""
    ended_at: str | None
    """When the stack itself came to rest; None while it has not."""
    has_beginning: bool
    """Whether the event that began it is known, or that of the operation before."""
    number: int = 0
    """As `numbered` gives it."""

    @property
    def started_at(self) -> str:
        """When AWS says that it began, or the first that is known of it."""
        return self.events[0].at

    @property
    def window(self) -> Window:
        """From its beginning to its end; without a beginning where that was not recorded."""
        return Window(since=self.started_at if self.has_beginning else "", until=self.ended_at)

    @property
    def attempt(self) -> Attempt:
        """What the diagnosis says about it."""
        return Attempt(
            stack=self.stack,
            operation=self.kind,
            started_at=self.started_at,
            ended_at=self.ended_at,
            outcome=self.outcome,
            number=self.number,
        )


def cut(events: Sequence[StackEvent]) -> list[Operation]:
    """Return one stack's events as operations, oldest first.

    An operation begins where the stack itself says so. Where that event is missing (recording began
    later, or the window had moved on) another ClientRequestToken begins one, and after an end another
    OperationId does: an operation and its rollback share the token, not always the id.

    Args:
        events: Of one stack, oldest first.
    """
    chunks: list[list[StackEvent]] = []
    for event in events:
        if not chunks or _begins(event, chunks[-1]):
            chunks.append([])
        chunks[-1].append(event)
    whole = [_operation(chunk, is_first=place == 0) for place, chunk in enumerate(chunks)]
    # Nothing goes on once something else has begun: what was cut short has failed.
    before = [
        msgspec.structs.replace(item, outcome=FAILED, ended_at=item.events[-1].at)
        if item.outcome == IN_PROGRESS
        else item
        for item in whole[:-1]
    ]
    return before + whole[-1:]


def numbered(stacks: dict[str, list[Operation]]) -> dict[str, list[Operation]]:
    """Return the operations of all stacks with numbers: 1 for the oldest, so that none changes later."""
    every = [
        (item.started_at, arn, place) for arn, found in stacks.items() for place, item in enumerate(found)
    ]
    # Of those that began at one moment the stack that was seen first comes first, whatever its name is.
    every.sort(key=itemgetter(0))
    numbers = {(arn, place): number for number, (_, arn, place) in enumerate(every, 1)}
    return {
        arn: [msgspec.structs.replace(item, number=numbers[arn, place]) for place, item in enumerate(found)]
        for arn, found in stacks.items()
    }


def operations_of(timeline: Timeline) -> dict[str, list[Operation]]:
    """Return the numbered operations of each root stack, oldest first; cut once for each timeline."""
    if timeline.cut is None:
        timeline.cut = numbered({arn: cut(timeline.stacks[arn]) for arn in roots(timeline.stacks)})
    found: dict[str, list[Operation]] = timeline.cut
    return found


def roots(stacks: dict[str, list[StackEvent]]) -> list[str]:
    """Return the ARNs of the stacks that are nested in no other known stack."""
    nested = {child for events in stacks.values() for event in events if (child := child_of(event))}
    return [arn for arn in stacks if arn not in nested]


def child_of(event: StackEvent) -> str | None:
    """Return the ARN of the nested stack that an event of its parent is about, or None."""
    if event.resource_type != NESTED_STACK or event.is_of_stack:
        return None
    # AWS lists the first nested-stack event without PhysicalResourceId; the next one has it.
    if parse_stack_arn(event.physical_id):
        return event.physical_id
    named = _EMBEDDED.search(event.reason)
    return named.group(1) if named else None


def deciding(operations: Sequence[Operation]) -> Operation:
    """Return the operation that says how a stack's newest attempt went.

    Deleting what an attempt left behind is no new attempt: a stack that failed and was then deleted has
    failed.

    Args:
        operations: Of one stack, oldest first; at least one.
    """
    for item in reversed(operations):
        if item.kind != "DELETE_STACK" or item.outcome == FAILED:
            return item
    return operations[-1]


def newest_by_name(operations: Iterable[Operation]) -> list[Operation]:
    """Return of each stack name the newest operation: a stack made anew has another ARN, the same name."""
    newest: dict[str, Operation] = {}
    for item in sorted(operations, key=lambda item: item.started_at):
        identity = parse_stack_arn(item.stack)
        name = item.stack.rpartition("/")[0] if identity else item.stack
        newest[name] = item
    return list(newest.values())


def newest_failed_first(operations: Iterable[Operation]) -> list[Operation]:
    """Return failed operations before the others, the newest first in each part."""
    newest = sorted(operations, key=lambda item: item.started_at, reverse=True)
    return sorted(newest, key=lambda item: item.outcome != FAILED)


def _begins(event: StackEvent, before: list[StackEvent]) -> bool:
    if event.is_of_stack and event.status in STARTS:
        # Creating by change set: the review comes first and belongs to the creation.
        return not all(known.status == _REVIEW for known in before)
    if event.is_of_stack and event.status in ROLLBACK_STARTED | ROLLBACK_ENDED:
        # Continuing or asking for a rollback has a token of its own, and belongs to what it undoes.
        return False
    last = before[-1]
    if event.token and last.token:
        return event.token != last.token
    ids = event.operation_id, last.operation_id
    if not all(ids) or ids[0] == ids[1]:
        return False
    if event.operation_type:
        return event.operation_type in OPERATION_TYPES
    return last.is_of_stack and _is_rest(last.status)


def _is_rest(status: str) -> bool:
    return status in SUCCEEDED or status in FAILED_STOP or status in ROLLBACK_ENDED


def _operation(events: list[StackEvent], *, is_first: bool) -> Operation:
    own = [event for event in events if event.is_of_stack]
    kind = next(
        (STARTS[event.status] for event in own if event.status in STARTS and event.status != _REVIEW), None
    )
    ends = [event for event in events if _is_told(event) and event.operation_status != "IN_PROGRESS"]
    is_at_rest = bool(own) and _is_rest(own[-1].status)
    return Operation(
        stack=events[0].stack_id,
        kind=kind or next((event.operation_type for event in events if _is_told(event)), _guess(events)),
        events=tuple(events),
        outcome=_outcome(events, own),
        ended_at=own[-1].at if is_at_rest else ends[-1].at if ends else None,
        has_beginning=not is_first or (events[0].is_of_stack and events[0].status in STARTS),
    )


def _is_told(event: StackEvent) -> bool:
    """Return whether an event tells how the operation itself stands, as DescribeEvents does."""
    return event.operation_type in OPERATION_TYPES and bool(event.operation_status)


def _guess(events: list[StackEvent]) -> str:
    """Return the operation that the resources' own statuses tell of."""
    for event in events:
        operation = STARTS.get(f"{event.status.partition('_')[0]}_IN_PROGRESS")
        if operation and not event.is_of_stack and "ROLLBACK" not in event.status:
            return operation
    return "UNKNOWN"


def _outcome(events: list[StackEvent], own: list[StackEvent]) -> str:
    statuses = {event.status for event in own}
    if statuses & (ROLLBACK_STARTED | ROLLBACK_ENDED | FAILED_STOP):
        return FAILED
    if own and own[-1].status in SUCCEEDED:
        return SUCCESS
    if not own and any(is_failed(event.status) for event in events):
        return FAILED
    told = [event.operation_status for event in events if _is_told(event)]
    return _TOLD.get(told[-1], IN_PROGRESS) if told else IN_PROGRESS
