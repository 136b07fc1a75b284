"""Which records matter to a person: the one definition that every reader uses.

`notable` picks what is worth saying while it happens; `is_routine` picks what ``forensics events`` hides
until asked. A record can be neither: worth keeping in a list, not worth interrupting anybody.
"""

from collections.abc import Callable

import msgspec

from forensics.analysis import shapes
from forensics.analysis.names import after_service
from forensics.analysis.statuses import (
    ROLLBACK_STARTED,
    STACK_ENDED,
    STARTS,
    SUCCEEDED,
    is_consequence,
    is_failed,
)
from forensics.analysis.wording import words
from forensics.model import record as facts
from forensics.model.record import Record

INFO = "info"
WARNING = "warning"
ERROR = "error"


class Notable(msgspec.Struct, frozen=True, kw_only=True):
    """A record worth telling somebody about, in one line."""

    kind: str
    """operation_started, rollback_started, stack_ended, resource_failed, hook_failed, deployment_failed,
    deployment_completed, service_trouble, task_stopped, gap, refused, undecodable, conflict, recovered or
    identity."""
    severity: str
    """info, warning or error."""
    text: str
    """One line that names the thing and gives AWS's own words whole; raw, so make it inert to print it."""
    at: str
    """When it happened, RFC 3339: AWS's time where it gave one."""
    seq: int
    source: str
    """ARN of the target, as in the record."""
    subject: str
    """What it is about within the source; "" where it is about the whole."""


def notable(record: Record) -> Notable | None:
    """Return what a record tells a person, or None where it is not worth saying by itself."""
    judge = _JUDGES.get(record.type)
    verdict = judge(record) if judge is not None else None
    if verdict is None:
        return None
    kind, severity = verdict
    return Notable(
        kind=kind,
        severity=severity,
        text=words(record).line(),
        at=record.happened_at(),
        seq=record.seq,
        source=record.source,
        subject=record.subject or "",
    )


def is_routine(record: Record) -> bool:
    """Return whether a record is normal progress, a snapshot, or our own bookkeeping.

    What `notable` picks is never routine. A type that is not known is not routine either: better shown
    than hidden.
    """
    routine = _ROUTINE.get(record.type)
    if routine is None or not routine(record):
        return False
    return severity(record) is None


def severity(record: Record) -> str | None:
    """Return how grave what a record tells is: info, warning or error; None where it is not notable."""
    judge = _JUDGES.get(record.type)
    verdict = judge(record) if judge is not None else None
    return verdict[1] if verdict else None


Verdict = tuple[str, str]


def _judge_stack_event(record: Record) -> Verdict | None:
    event = shapes.stack_event(record)
    if event.hook_status:
        return _judge_hook(event)
    if event.is_of_stack:
        return _judge_stack(event)
    if is_failed(event.status):
        return "resource_failed", WARNING if is_consequence(event.reason) else ERROR
    return None


def _judge_hook(event: shapes.StackEvent) -> Verdict | None:
    if not event.hook_status.endswith("FAILED"):
        return None
    return "hook_failed", WARNING if event.hook_mode == "WARN" else ERROR


def _judge_stack(event: shapes.StackEvent) -> Verdict | None:
    if event.status in ROLLBACK_STARTED:
        return "rollback_started", ERROR
    if event.status in STACK_ENDED:
        return "stack_ended", INFO if event.status in SUCCEEDED else ERROR
    if event.status in STARTS:
        return "operation_started", INFO
    return ("resource_failed", ERROR) if is_failed(event.status) else None


# Beginnings and ends of what the scheduler says when a service is in trouble.
_TROUBLE = (
    "unable to ",
    "could not launch",
    "unhealthy in",
    "is not healthy",
    "being throttled",
    "misconfigured",
    "failed to",
    "rolling back",
    "circuit breaker",
)


def _judge_service_event(record: Record) -> Verdict | None:
    message = shapes.service_event(record).message.lower()
    if "deployment failed" in message or "rolling back to deployment" in message:
        return "deployment_failed", ERROR
    if "deployment completed" in message:
        return "deployment_completed", INFO
    if any(part in message for part in _TROUBLE):
        return "service_trouble", WARNING
    return None


def _judge_deployment(record: Record) -> Verdict | None:
    state = shapes.deployment(record).rollout_state
    if state == "FAILED":
        return "deployment_failed", ERROR
    return ("deployment_completed", INFO) if state == "COMPLETED" else None


def _judge_service_deployment(record: Record) -> Verdict | None:
    status = shapes.text_at(shapes.payload_of(record), "status")
    if status.startswith("ROLLBACK") or status == "STOPPED":
        return "deployment_failed", ERROR
    return None


def _judge_task(record: Record) -> Verdict | None:
    task = shapes.task(record)
    if task.last_status not in {"STOPPED", ""} or is_asked_for(task):
        return None
    return "task_stopped", ERROR if failed_by_itself(task) else WARNING


def is_asked_for(task: shapes.Task) -> bool:
    """Return whether a task stopped because the scheduler no longer wanted it, with nothing wrong."""
    return task.stop_code == "ServiceSchedulerInitiated" and task.stopped_reason.lower().startswith(
        "scaling activity initiated by"
    )


def failed_by_itself(task: shapes.Task) -> bool:
    """Return whether a task stopped because of itself: it did not start, or a container ended badly."""
    if task.stop_code == "TaskFailedToStart":
        return True
    if task.stop_code == "EssentialContainerExited":
        return any(container.exit_code != 0 or container.reason for container in task.containers) or (
            not task.containers
        )
    return "health check" in task.stopped_reason.lower() or (not task.stop_code and bool(task.stopped_reason))


def _judge_gap(record: Record) -> Verdict | None:
    kind = shapes.text_at(shapes.payload_of(record), "kind")
    return "gap", INFO if kind == "recovered" else ERROR if kind == "lost" else WARNING


def _judge_credentials(record: Record) -> Verdict | None:
    said = shapes.payload_of(record)
    if shapes.value_at(said, "left_s") is not None:
        return "credentials", WARNING
    return "credentials", ERROR if shapes.text_at(said, "detail") else INFO


_JUDGES: dict[str, Callable[[Record], Verdict | None]] = {
    shapes.STACK_EVENT: _judge_stack_event,
    shapes.SERVICE_EVENT: _judge_service_event,
    shapes.DEPLOYMENT: _judge_deployment,
    shapes.SERVICE_DEPLOYMENT: _judge_service_deployment,
    shapes.TASK: _judge_task,
    facts.GAP: _judge_gap,
    facts.REFUSAL: lambda _record: ("refused", WARNING),
    facts.UNDECODABLE: lambda _record: ("undecodable", WARNING),
    facts.CONFLICT: lambda _record: ("conflict", WARNING),
    facts.RECOVERY: lambda _record: ("recovered", WARNING),
    facts.IDENTITY: lambda _record: ("identity", INFO),
    facts.CREDENTIALS: _judge_credentials,
}


def _always(_record: Record) -> bool:
    return True


def _is_progress(record: Record) -> bool:
    """Return whether a stack event only says that something goes on."""
    event = shapes.stack_event(record)
    return bool(event.hook_status) or event.status.endswith("_IN_PROGRESS")


# What a healthy service's scheduler says.
_QUIET = (
    "has reached a steady state",
    "has started ",
    "has stopped ",
    "registered ",
    "has begun draining",
)


def is_quiet(message: str) -> bool:
    """Return whether a scheduler's message is one of a healthy service."""
    said = after_service(message).lower()
    return any(part in said for part in _QUIET)


def _is_quiet(record: Record) -> bool:
    return is_quiet(shapes.service_event(record).message)


_ROUTINE: dict[str, Callable[[Record], bool]] = {
    shapes.STACK_EVENT: _is_progress,
    shapes.STACK: _always,
    shapes.STACK_DESCRIPTION: _always,
    shapes.SERVICE_EVENT: _is_quiet,
    shapes.SERVICE: _always,
    shapes.DEPLOYMENT: _always,
    shapes.SERVICE_DEPLOYMENT: _always,
    shapes.TASK_DEFINITION: _always,
    shapes.TASK: _always,
    facts.POLL: _always,
    facts.COVERAGE: _always,
    facts.STREAM: _always,
}
