"""Which answer of AWS a saved value is, told by its shape."""

from collections.abc import Callable
from typing import Any

import msgspec

from forensics.model.record import JsonObject
from forensics.saved import cloudformation, ecs, eventbridge, lines
from forensics.saved.cut import MARK
from forensics.saved.found import Found, text

_DEEPEST = 6
"""So deep known answers are looked for inside of what holds them."""

_Take = Callable[[Found, JsonObject], None]

_ANSWERS: dict[str, _Take] = {
    "StackEvents": cloudformation.stack_events,
    "OperationEvents": cloudformation.operation_events,
    "Stacks": cloudformation.stacks,
    "StackSummaries": cloudformation.summaries,
    "services": ecs.services,
    "tasks": ecs.tasks,
    "serviceDeployments": ecs.service_deployments,
}
"""By the field that holds the answer's list."""

_CARRIERS = ("Body", "body", "Message", "message")
"""Fields of queue messages, notifications and log events that hold what was sent as text."""


def recognise(found: Found, value: Any, depth: int = 0) -> None:
    """Take whatever a saved value holds that is known; what holds nothing known is counted.

    Args:
        found: Where it goes.
        value: A document, or a part of one.
        depth: How far inside a document the value is.
    """
    if isinstance(value, list):
        if all(_is_event(row) for row in value) and value:
            found.listed(cloudformation.event(found, row) for row in value)
            return
        for inner in value:
            recognise(found, inner, depth)
    elif isinstance(value, dict) and not _take(found, value):
        _look_inside(found, value, depth)


def _take(found: Found, value: JsonObject) -> bool:
    """Take a value that is known; return whether it is."""
    answers = [take for field, take in _ANSWERS.items() if isinstance(value.get(field), list)]
    if answers:
        for take in answers:
            take(found, value)
        return True
    take_row = _row(value)
    if take_row is None:
        return False
    if MARK not in value or take_row is ecs.service:
        take_row(found, value)
    return True


def _row(value: JsonObject) -> _Take | None:
    """Return what takes one row of an answer, an event or a record, as `--query` leaves them."""
    return next((take for is_one, take in _ROWS if is_one(value)), None)


def _event(found: Found, value: JsonObject) -> None:
    found.items.append(cloudformation.event(found, value))


def _nameless(found: Found, _value: JsonObject) -> None:
    found.say("messages that do not name their service are left out: save the whole answer")


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict) or MARK in value:
        return False
    is_about = text(value, "LogicalResourceId") or text(value, "EventId")
    return bool(is_about) and any(text(value, name) for name in ("ResourceStatus", "HookStatus"))


def _look_inside(found: Found, value: JsonObject, depth: int) -> None:
    inside = [inner for inner in value.values() if _holds_objects(inner)]
    inside += [inner for name in _CARRIERS if (inner := _carried(text(value, name))) is not None]
    if not inside or depth >= _DEEPEST:
        found.unknown += 1
    else:
        for inner in inside:
            recognise(found, inner, depth + 1)


def _carried(sent: str) -> Any:
    """Return what a text holds as JSON; None where it holds none."""
    if not sent.lstrip().startswith(("{", "[")):
        return None
    try:
        return msgspec.json.decode(sent)
    except (msgspec.DecodeError, RecursionError):
        return None


def _has(row: JsonObject, *names: str) -> bool:
    return all(text(row, name) for name in names)


def _holds_objects(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_objects, value)))


_ROWS: tuple[tuple[Callable[[JsonObject], bool], _Take], ...] = (
    (lines.is_record, lines.record),
    (eventbridge.is_event, eventbridge.event),
    (lambda row: isinstance(row.get("taskDefinition"), dict), ecs.task_definition),
    (lambda row: _has(row, "taskArn", "lastStatus") or _has(row, "taskArn", "stoppedReason"), ecs.task),
    (lambda row: _has(row, "serviceDeploymentArn", "status"), ecs.service_deployment),
    (lambda row: bool(text(row, "serviceArn")) and ("deployments" in row or "events" in row), ecs.service),
    (lambda row: _has(row, "StackId", "StackStatus"), cloudformation.description),
    (_is_event, _event),
    (lambda row: _has(row, "id", "message") and "createdAt" in row, _nameless),
)
"""What tells a row, and what takes it; the first that fits."""
