"""Values of the AWS CLI and boto3, turned back into what stood on the wire.

An SDK gives CloudFormation's texts the types of its model and writes times in its own way. Turned back, a
saved answer becomes the same payload, with the same digest, as one that was recorded.
"""

from typing import Any

from forensics.model.clock import to_rfc3339
from forensics.saved.times import moment

_CLOUDFORMATION_TIMES = frozenset(
    {
        "Timestamp",
        "CreationTime",
        "LastUpdatedTime",
        "DeletionTime",
        "StartTime",
        "EndTime",
        "LastCheckTimestamp",
    }
)
_ECS_TIME = "At"


def as_cloudformation(value: Any, name: str = "") -> Any:
    """Return a value of CloudFormation's as its query protocol carries it: texts, lists and objects.

    Args:
        value: What the SDK made of it.
        name: The name of the field that holds it.
    """
    if isinstance(value, dict):
        return {key: as_cloudformation(inner, key) for key, inner in value.items()} or ""
    if isinstance(value, list):
        # An empty element is all that the protocol shows of an empty list.
        return [as_cloudformation(inner) for inner in value] or ""
    if name in _CLOUDFORMATION_TIMES and not isinstance(value, bool):
        at = moment(value)
        return to_rfc3339(at) if at is not None else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def as_ecs(value: Any, name: str = "") -> Any:
    """Return a value of ECS's as its JSON protocol carries it: times are seconds since 1970.

    Args:
        value: What the SDK made of it.
        name: The name of the field that holds it.
    """
    if isinstance(value, dict):
        return {key: as_ecs(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_ecs(inner) for inner in value]
    if isinstance(value, str) and name.endswith(_ECS_TIME):
        at = moment(value)
        return at.timestamp() if at is not None else value
    return value


def times_in(value: Any, name: str = "") -> list[Any]:
    """Return what stands in the fields for times of a payload of either service, at any depth."""
    if isinstance(value, dict):
        return [at for key, inner in value.items() for at in times_in(inner, key)]
    if isinstance(value, list):
        return [at for inner in value for at in times_in(inner)]
    is_time = name in _CLOUDFORMATION_TIMES or name.endswith(_ECS_TIME)
    return [value] if is_time else []
