"""Views of payloads: the fields that analysis reads, whatever else AWS sent.

A payload is written by AWS and by whoever has the account, so no field is trusted to be there or to have
its documented type: what is not as expected reads as empty.
"""

from datetime import UTC, datetime
from sys import intern
from typing import Any

import msgspec
from msgspec.structs import force_setattr as fill

from forensics.model.clock import from_rfc3339, to_rfc3339
from forensics.model.record import Record

STACK_EVENT = "aws.cloudformation.stack_event"
STACK_DESCRIPTION = "aws.cloudformation.stack_description"
STACK = "aws.cloudformation.stack"
SERVICE_EVENT = "aws.ecs.service_event"
SERVICE = "aws.ecs.service"
DEPLOYMENT = "aws.ecs.deployment"
SERVICE_DEPLOYMENT = "aws.ecs.service_deployment"
TASK_DEFINITION = "aws.ecs.task_definition"
TASK = "aws.ecs.task"

NESTED_STACK = "AWS::CloudFormation::Stack"
ECS_SERVICE = "AWS::ECS::Service"


def payload_of(record: Record) -> dict[str, Any]:
    """Return a record's payload as an object; empty where it is none."""
    try:
        payload = record.payload()
    except (msgspec.DecodeError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def at_of(record: Record) -> str:
    """Return when a record happened, in one form: texts of it compare as the moments do."""
    at = record.time or record.recordedtime
    return f"{at[:-1]}.000Z" if len(at) == _WHOLE_SECONDS and at.endswith("Z") else at


_WHOLE_SECONDS = len("2026-01-15T02:16:07Z")


def text_at(payload: Any, *path: str) -> str:
    """Return the text at a path of keys; "" where there is none."""
    value = value_at(payload, *path)
    return value if isinstance(value, str) else ""


def count_at(payload: Any, *path: str) -> int | None:
    """Return the whole number at a path of keys; None where there is none."""
    value = value_at(payload, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def objects_at(payload: Any, *path: str) -> list[dict[str, Any]]:
    """Return the objects of the list at a path of keys, in order; empty where there is no list."""
    value = value_at(payload, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def value_at(payload: Any, *path: str) -> Any:
    """Return what is at a path of keys; None where the path leads nowhere."""
    for key in path:
        if not isinstance(payload, dict):
            return None
        payload = payload.get(key)
    return payload


_STACK_EVENT_FIELDS = {
    "stack_id": "StackId",
    "stack_name": "StackName",
    "logical_id": "LogicalResourceId",
    "physical_id": "PhysicalResourceId",
    "resource_type": "ResourceType",
    "status": "ResourceStatus",
    "reason": "ResourceStatusReason",
    "token": "ClientRequestToken",
    "operation_id": "OperationId",
    "operation_type": "OperationType",
    "operation_status": "OperationStatus",
    "hook_status": "HookStatus",
    "hook_type": "HookType",
    "hook_reason": "HookStatusReason",
    "hook_mode": "HookFailureMode",
    "validation_status": "ValidationStatus",
    "validation_name": "ValidationName",
    "validation_reason": "ValidationStatusReason",
    "validation_path": "ValidationPath",
    "validation_mode": "ValidationFailureMode",
}
"""AWS's name of each field that comes out of the payload."""

_SHARED = ("stack_id", "stack_name", "logical_id", "physical_id", "resource_type", "status", "token")
"""Texts that many events have in common: kept once, or a million events take a gigabyte."""


class StackEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename=_STACK_EVENT_FIELDS):
    """What analysis reads of one CloudFormation event."""

    seq: int = 0
    key: str = ""
    at: str = ""
    stack_id: str = ""
    stack_name: str = ""
    logical_id: str = ""
    physical_id: str = ""
    resource_type: str = ""
    status: str = ""
    reason: str = ""
    token: str = ""
    """ClientRequestToken; "" where the caller gave none."""
    operation_id: str = ""
    operation_type: str = ""
    """CREATE_STACK, CREATE_CHANGESET, ROLLBACK …: DescribeEvents alone says it. So it does the next."""
    operation_status: str = ""
    """IN_PROGRESS, SUCCEEDED or FAILED, in the events of the operation itself."""
    hook_status: str = ""
    hook_type: str = ""
    hook_reason: str = ""
    hook_mode: str = ""
    """FAIL or WARN: whether a failed hook stops the operation."""
    validation_status: str = ""
    """FAILED, SKIPPED …: DescribeEvents alone tells of checks made before anything was deployed."""
    validation_name: str = ""
    validation_reason: str = ""
    validation_path: str = ""
    """Where in the resource the checked value stands."""
    validation_mode: str = ""
    """FAIL or WARN, as for hooks."""

    @property
    def is_of_stack(self) -> bool:
        """Whether the event is about the stack itself, not about a resource of it."""
        if self.physical_id:
            return self.physical_id == self.stack_id and self.resource_type in {NESTED_STACK, ""}
        return self.resource_type == NESTED_STACK and self.logical_id == self.stack_name

    @property
    def text(self) -> str:
        """AWS's own words for what happened: the reason, or the status where no reason is given."""
        if self.validation_status:
            said = f"{self.validation_name} {self.validation_status}".strip()
            said = ": ".join(part for part in (said, self.validation_reason or self.reason) if part)
            return f"{said} ({self.validation_path})" if self.validation_path else said
        return self.reason or self.hook_reason or self.status


_decode_stack_event = msgspec.json.Decoder(StackEvent).decode


def stack_event(record: Record) -> StackEvent:
    """Return the view of a stack event's record."""
    try:
        event = _decode_stack_event(record.data)
    except (msgspec.MsgspecError, RecursionError):
        # Some field is not the text that it should be: each is looked at by itself.
        payload = payload_of(record)
        read = {field: text_at(payload, field) for field in _STACK_EVENT_FIELDS.values()}
        event = msgspec.convert(read, StackEvent)
    # Nobody else has seen the event yet: filling it in is several times faster than making another one.
    fill(event, "seq", record.seq)
    fill(event, "key", record.id)
    fill(event, "at", at_of(record))
    if not event.stack_id:
        fill(event, "stack_id", record.source)
    if not event.logical_id:
        fill(event, "logical_id", record.subject or "")
    for name in _SHARED:
        fill(event, name, intern(getattr(event, name)))
    return event


class Container(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How one container of a task ended."""

    name: str
    exit_code: int | None
    reason: str
    image: str = ""
    digest: str = ""
    """Of the image, where ECS had pulled it."""


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What analysis reads of one ECS task."""

    seq: int
    key: str
    at: str
    arn: str
    cluster: str
    group: str
    """``service:NAME`` for a service's task, ``family:NAME`` for one that was run by hand."""
    started_by: str
    """The deployment's id for a service's task."""
    task_definition: str
    last_status: str
    stop_code: str
    stopped_reason: str
    containers: tuple[Container, ...]
    attachment_reasons: tuple[str, ...] = ()
    """What an attached network interface or volume says about its own failure."""
    created_at: str = ""
    """When the scheduler made it, RFC 3339; "" where that is not known. So are the next two."""
    started_at: str = ""
    """When its containers ran."""
    stopped_at: str = ""
    """When it had stopped."""
    stopping_at: str = ""
    """When it was told to stop, or began to."""

    @property
    def is_stopped(self) -> bool:
        """Whether the task has stopped, or is about to with its reason known."""
        return self.last_status in {"STOPPED", ""} or bool(self.stopped_reason or self.stop_code)


def task(record: Record) -> Task:
    """Return the view of a task's record."""
    payload = payload_of(record)
    return Task(
        seq=record.seq,
        key=record.id,
        at=at_of(record),
        arn=text_at(payload, "taskArn") or record.id.rpartition("@")[0] or record.id,
        cluster=text_at(payload, "clusterArn") or record.source,
        group=text_at(payload, "group"),
        started_by=text_at(payload, "startedBy"),
        task_definition=text_at(payload, "taskDefinitionArn"),
        last_status=text_at(payload, "lastStatus"),
        stop_code=text_at(payload, "stopCode"),
        stopped_reason=text_at(payload, "stoppedReason"),
        containers=tuple(
            Container(
                name=text_at(item, "name"),
                exit_code=count_at(item, "exitCode"),
                reason=text_at(item, "reason"),
                image=text_at(item, "image"),
                digest=text_at(item, "imageDigest"),
            )
            for item in objects_at(payload, "containers")
        ),
        attachment_reasons=tuple(_attachment_reasons(payload)),
        created_at=moment_of(payload.get("createdAt")),
        started_at=moment_of(payload.get("startedAt")),
        stopped_at=moment_of(payload.get("stoppedAt")),
        stopping_at=moment_of(payload.get("stoppingAt")),
    )


def _attachment_reasons(payload: dict[str, Any]) -> list[str]:
    return [
        text_at(detail, "value")
        for attachment in objects_at(payload, "attachments")
        for detail in objects_at(attachment, "details")
        if text_at(detail, "name") == "statusReason" and text_at(detail, "value")
    ]


class ServiceEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What analysis reads of one message of a service's scheduler."""

    seq: int
    key: str
    at: str
    service: str
    """ARN of the service."""
    message: str


class _Message(msgspec.Struct, gc=False):
    message: str = ""


_decode_message = msgspec.json.Decoder(_Message).decode


def service_event(record: Record) -> ServiceEvent:
    """Return the view of a service event's record."""
    try:
        message = _decode_message(record.data).message
    except (msgspec.MsgspecError, RecursionError):
        message = text_at(payload_of(record), "message")
    return ServiceEvent(
        seq=record.seq, key=record.id, at=at_of(record), service=intern(record.source), message=message
    )


class Deployment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What analysis reads of one deployment of a service, as it stood at one moment."""

    seq: int
    key: str
    at: str
    service: str
    id: str
    status: str
    """PRIMARY, ACTIVE or INACTIVE."""
    rollout_state: str
    """COMPLETED, FAILED or IN_PROGRESS; "" where the service has no rolling deployments."""
    rollout_reason: str
    failed_tasks: int
    desired: int
    running: int
    pending: int
    task_definition: str
    created_at: str = ""
    """RFC 3339; "" where that is not known."""


def deployment(record: Record) -> Deployment:
    """Return the view of a deployment's record."""
    payload = payload_of(record)
    return _deployment(record, payload, key=record.id, at=at_of(record))


def deployments_in(record: Record, payload: dict[str, Any] | None = None) -> list[Deployment]:
    """Return the deployments as a service's own record holds them, in AWS's order.

    Args:
        record: Of the service.
        payload: The record's own, where it has been decoded already.
    """
    payload = payload_of(record) if payload is None else payload
    return [
        _deployment(record, item, key=record.id, at=moment_of(item.get("updatedAt")) or at_of(record))
        for item in objects_at(payload, "deployments")
    ]


def _deployment(record: Record, payload: dict[str, Any], *, key: str, at: str) -> Deployment:
    return Deployment(
        seq=record.seq,
        key=key,
        at=at,
        service=record.source,
        id=text_at(payload, "id") or record.subject or "",
        status=text_at(payload, "status"),
        rollout_state=text_at(payload, "rolloutState"),
        rollout_reason=text_at(payload, "rolloutStateReason"),
        failed_tasks=count_at(payload, "failedTasks") or 0,
        desired=count_at(payload, "desiredCount") or 0,
        running=count_at(payload, "runningCount") or 0,
        pending=count_at(payload, "pendingCount") or 0,
        task_definition=text_at(payload, "taskDefinition"),
        created_at=moment_of(payload.get("createdAt")),
    )


def moment_of(value: Any) -> str:
    """Return an ECS time as RFC 3339; "" where it is none.

    Args:
        value: Seconds since 1970 as the API sends them, or a text with a zone as the AWS CLI prints it.
    """
    try:
        if isinstance(value, str):
            return to_rfc3339(from_rfc3339(value)) if value else ""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        return to_rfc3339(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return ""
