"""EventBridge events of CloudFormation and ECS, told as the recorder's own sources tell the same facts.

The event itself stays in the payload, under `ORIGINAL`.
"""

from collections.abc import Callable

from forensics.model.identity import parse_stack_arn
from forensics.model.record import JsonObject
from forensics.saved import cloudformation, ecs
from forensics.saved.found import Found, Item, text
from forensics.saved.wire import as_ecs

ORIGINAL = "EventBridgeEvent"
"""The field of a payload that holds the event it was made from."""

_STATES = {
    "SERVICE_DEPLOYMENT_IN_PROGRESS": "IN_PROGRESS",
    "SERVICE_DEPLOYMENT_COMPLETED": "COMPLETED",
    "SERVICE_DEPLOYMENT_FAILED": "FAILED",
}


def is_event(value: JsonObject) -> bool:
    """Return whether a value has EventBridge's envelope."""
    return isinstance(value.get("detail"), dict) and all(
        text(value, name) for name in ("detail-type", "source")
    )


def event(found: Found, value: JsonObject) -> None:
    """Take one EventBridge event; of a type that tells nothing here it is counted."""
    take = _TYPES.get(text(value, "detail-type"))
    if take is None:
        found.unknown += 1
    else:
        take(found, value)


def _task(found: Found, value: JsonObject) -> None:
    ecs.task(found, value["detail"])


def _deployment(found: Found, value: JsonObject) -> None:
    detail = value["detail"]
    name, at = text(detail, "deploymentId"), detail.get("updatedAt") or value.get("time")
    payload = {
        "id": name,
        "rolloutState": _STATES.get(text(detail, "eventName"), ""),
        "rolloutStateReason": text(detail, "reason"),
        "updatedAt": at,
    }
    found.items.append(
        Item(
            type=ecs.DEPLOYMENT,
            source=_resource(value),
            state=name,
            data={**as_ecs(payload), ORIGINAL: value},
            time=found.at(at),
            subject=name,
        )
    )


def _service_action(found: Found, value: JsonObject) -> None:
    detail, service = value["detail"], _resource(value)
    at = detail.get("createdAt") or value.get("time")
    said = ": ".join(part for part in (text(detail, "eventName"), text(detail, "reason")) if part)
    payload = {"id": text(value, "id"), "createdAt": at, "message": said}
    found.items.append(
        Item(
            type=ecs.SERVICE_EVENT,
            source=service,
            id=text(value, "id"),
            data={**as_ecs(payload), ORIGINAL: value},
            time=found.at(at),
            subject=service.rsplit("/", 1)[-1],
        )
    )


def _stack_event(found: Found, value: JsonObject) -> None:
    detail = value["detail"]
    stack = text(detail, "stack-id")
    named = parse_stack_arn(stack)
    status = detail.get("status-details")
    status = status if isinstance(status, dict) else {}
    row = {
        "StackId": stack,
        "StackName": named.name if named else "",
        "EventId": text(value, "id"),
        "LogicalResourceId": text(detail, "logical-resource-id"),
        "PhysicalResourceId": text(detail, "physical-resource-id"),
        "ResourceType": text(detail, "resource-type"),
        "ResourceStatus": text(status, "status"),
        "ResourceStatusReason": text(status, "status-reason"),
        "ClientRequestToken": text(detail, "client-request-token"),
        "Timestamp": text(value, "time"),
    }
    if "logical-resource-id" not in detail:
        own = {"LogicalResourceId": row["StackName"], "PhysicalResourceId": stack}
        row |= own | {"ResourceType": "AWS::CloudFormation::Stack"}
    said = {name: part for name, part in row.items() if part}
    item = cloudformation.event(found, said, is_second_hand=True)
    item.data = {**item.data, ORIGINAL: value}
    found.items.append(item)


def _resource(value: JsonObject) -> str:
    resources = value.get("resources")
    first = resources[0] if isinstance(resources, list) and resources else ""
    return first if isinstance(first, str) else ""


_TYPES: dict[str, Callable[[Found, JsonObject], None]] = {
    "ECS Task State Change": _task,
    "ECS Deployment State Change": _deployment,
    "ECS Service Action": _service_action,
    "CloudFormation Resource Status Change": _stack_event,
    "CloudFormation Stack Status Change": _stack_event,
}
