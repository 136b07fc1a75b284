"""What CloudFormation said of the incident's stacks: events, and descriptions of the stacks themselves."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson

from forensics.demo.resources import BACKEND, BACKEND_LOGICAL_ID, ROOT, Resource, resources
from forensics.demo.scene import (
    NESTED_ARN,
    NESTED_LOGICAL_ID,
    NESTED_NAME,
    STACK_ARN,
    STACK_NAME,
    id_of,
    moment,
    stamp,
    state,
)
from forensics.model.record import Fact, JsonObject

STACK_TYPE = "AWS::CloudFormation::Stack"

_HANDLER = (
    'Resource handler returned message: "Error occurred during operation '
    "'ECS Deployment Circuit Breaker was triggered'.\" "
    f"(RequestToken: {id_of('handler', 'backend')}, HandlerErrorCode: GeneralServiceException)"
)
_FAILED = f"The following resource(s) failed to create: [{BACKEND_LOGICAL_ID}]."
_CANCELLED = "Resource creation cancelled"
_FAILURES = {
    BACKEND_LOGICAL_ID: ("32:50.9", _HANDLER),
    NESTED_LOGICAL_ID: ("32:52.0", f"Embedded stack {NESTED_ARN} was not successfully created: {_FAILED}"),
    "CourtCaseDatabaseF7BBE8D0": ("32:52.6", _CANCELLED),
    "CourtCaseSearch8B10EA61": ("32:52.7", _CANCELLED),
}
_ROLLBACK = (
    "The following resource(s) failed to create: [CourtCaseDatabaseF7BBE8D0, CourtCaseSearch8B10EA61, "
    f"{NESTED_LOGICAL_ID}]. Rollback requested by user."
)

# (stack, from when, status, reason) of the stacks themselves.
_ROOT_STATUSES = (
    ("16:07.0", "CREATE_IN_PROGRESS", "User Initiated"),
    ("33:00.4", "ROLLBACK_IN_PROGRESS", _ROLLBACK),
    ("43:19.2", "ROLLBACK_COMPLETE", ""),
    ("43:38.5", "DELETE_IN_PROGRESS", "User Initiated"),
    ("43:46.1", "DELETE_COMPLETE", ""),
)
_NESTED_STATUSES = (
    ("21:40.9", "CREATE_IN_PROGRESS", "User Initiated"),
    ("32:51.4", "CREATE_FAILED", _FAILED),
    ("33:03.9", "DELETE_IN_PROGRESS", "User Initiated"),
    ("35:08.2", "DELETE_COMPLETE", ""),
)
# (from when, type) of the operations on each stack. The parent's rollback deletes the nested stack.
_OPERATIONS = {
    STACK_ARN: (("16:07.0", "CREATE_STACK"), ("33:00.4", "ROLLBACK"), ("43:38.5", "DELETE_STACK")),
    NESTED_ARN: (("21:40.9", "CREATE_STACK"), ("33:03.9", "DELETE_STACK")),
}
_CLEANED_UP_AT = moment("43:38.5")


def stack_facts() -> list[Fact]:
    """Return every fact that CloudFormation tells of the two stacks, in no order."""
    found: list[Fact] = []
    for arn, name, rows, statuses in (
        (STACK_ARN, STACK_NAME, resources(ROOT), _ROOT_STATUSES),
        (NESTED_ARN, NESTED_NAME, resources(BACKEND), _NESTED_STATUSES),
    ):
        for text, status, reason in statuses:
            found.append(_own_event(arn, name, moment(text), status, reason))
        found += _descriptions(arn, name, statuses)
        for resource in rows:
            found += _resource_events(arn, name, resource)
    return found


def _resource_events(arn: str, stack: str, resource: Resource) -> Iterator[Fact]:
    """Give a resource's life: begun, known by its id, complete or failed, deleted."""
    begins, deleted = moment(resource.begins), moment(resource.delete_begins)
    steps = [
        (begins, "CREATE_IN_PROGRESS", "", False),
        (begins + timedelta(seconds=0.9), "CREATE_IN_PROGRESS", "Resource creation Initiated", True),
    ]
    if resource.completes:
        steps.append((moment(resource.completes), "CREATE_COMPLETE", "", True))
    else:
        text, reason = _FAILURES[resource.logical_id]
        steps.append((moment(text), "CREATE_FAILED", reason, True))
    steps.append((deleted, "DELETE_IN_PROGRESS", "", True))
    steps.append((moment(resource.delete_completes), "DELETE_COMPLETE", "", True))
    for at, status, reason, is_known in steps:
        payload = {
            "StackId": arn,
            "EventId": f"{resource.logical_id}-{status}-{stamp(at)}",
            "StackName": stack,
            "LogicalResourceId": resource.logical_id,
            "PhysicalResourceId": resource.physical_id if is_known else "",
            "ResourceType": f"AWS::{resource.kind}",
            "Timestamp": stamp(at),
            "ResourceStatus": status,
            **({"ResourceStatusReason": reason} if reason else {}),
            "ResourceProperties": orjson.dumps(resource.properties).decode(),
        }
        yield _event(arn, payload, at)


def _own_event(arn: str, name: str, at: datetime, status: str, reason: str) -> Fact:
    payload = {
        "StackId": arn,
        "EventId": id_of(arn, status),
        "StackName": name,
        "LogicalResourceId": name,
        "PhysicalResourceId": arn,
        "ResourceType": STACK_TYPE,
        "Timestamp": stamp(at),
        "ResourceStatus": status,
        **({"ResourceStatusReason": reason} if reason else {}),
    }
    return _event(arn, payload, at)


def _event(arn: str, payload: JsonObject, at: datetime) -> Fact:
    _, operation_id = _operation(arn, at)
    token = id_of("token", "delete" if at >= _CLEANED_UP_AT else "create")
    whole = payload | {"ClientRequestToken": token, "OperationId": operation_id}
    return Fact(
        type="aws.cloudformation.stack_event",
        source=arn,
        id=payload["EventId"],
        data=whole,
        time=stamp(at),
        subject=payload["LogicalResourceId"],
    )


def _operation(arn: str, at: datetime) -> tuple[str, str]:
    """Return the type and the id of the operation that runs on a stack at a moment."""
    kind = [kind for text, kind in _OPERATIONS[arn] if moment(text) <= at][-1]
    return kind, id_of("operation", arn, kind)


def _descriptions(arn: str, name: str, statuses: tuple[tuple[str, str, str], ...]) -> Iterator[Fact]:
    """Give what DescribeStacks says each time that a stack's status changes."""
    created_at = moment(statuses[0][0])
    payload: JsonObject = {
        "StackId": arn,
        "StackName": name,
        "Description": "Court case management" if name == STACK_NAME else "Court case backend",
        "CreationTime": stamp(created_at),
        "RollbackConfiguration": "",
        "DisableRollback": "false",
        "NotificationARNs": "",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Tags": [{"Key": "Project", "Value": "CourtCase"}, {"Key": "Environment", "Value": "staging"}],
        "EnableTerminationProtection": "false",
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        **({"ParentId": STACK_ARN, "RootId": STACK_ARN} if name == NESTED_NAME else {}),
    }
    operations: list[JsonObject] = []
    for text, status, reason in statuses:
        at = moment(text)
        kind, operation_id = _operation(arn, at)
        if operation_id not in (entry["OperationId"] for entry in operations):
            operations = [{"OperationType": kind, "OperationId": operation_id}, *operations]
        payload = {key: value for key, value in payload.items() if key != "StackStatusReason"}
        payload |= {"StackStatus": status, "LastOperations": operations}
        payload |= {"StackStatusReason": reason} if reason else {}
        payload |= {"DeletionTime": stamp(at)} if status == "DELETE_IN_PROGRESS" else {}
        yield state("aws.cloudformation.stack_description", arn, payload, source=arn, at=at, subject=name)
