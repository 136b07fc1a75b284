"""What the resources of a stack lead to: other stacks, ECS services, clusters."""

from collections.abc import Iterable

import msgspec

from forensics.model.identity import (
    Arn,
    Stream,
    cluster_arn,
    parse_arn,
    parse_service_arn,
    parse_stack_arn,
)
from forensics.model.record import JsonObject
from forensics.sources.answer import text

_STACK = "AWS::CloudFormation::Stack"
_SERVICE = "AWS::ECS::Service"
_CLUSTER = "AWS::ECS::Cluster"


def leads(stack_arn: str, resources: Iterable[JsonObject]) -> tuple[Stream, ...]:
    """Return the streams that a stack's events or resources lead to, each once, in their order.

    Args:
        stack_arn: The stack whose resources they are.
        resources: Stack events, or summaries of ListStackResources.
    """
    beside = parse_arn(stack_arn)
    if beside is None:
        return ()
    streams = (stream for resource in resources for stream in _streams(stack_arn, beside, resource))
    return tuple(dict.fromkeys(streams))


def deleted(stack_arn: str, resources: Iterable[JsonObject]) -> tuple[Stream, ...]:
    """Return the streams of the resources that the last event or summary of each calls deleted.

    Args:
        stack_arn: The stack whose resources they are.
        resources: Stack events oldest first, or summaries of ListStackResources.
    """
    beside = parse_arn(stack_arn)
    if beside is None:
        return ()
    last: dict[Stream, str] = {}
    for resource in resources:
        # The first is the resource's own; a service leads to its cluster too, which may outlive it.
        for stream in _streams(stack_arn, beside, resource)[:1]:
            last[stream] = text(resource, "ResourceStatus")
    return tuple(stream for stream, status in last.items() if status == "DELETE_COMPLETE")


def service_arn(arn: Arn, cluster: str, name: str) -> str:
    """Return a service's ARN in the long form, which alone names its cluster."""
    return str(arn._replace(resource=f"service/{cluster}/{name}"))


def cluster_of(service: str) -> str:
    """Return the ARN of a service's cluster, from the service's long ARN; "" where it names none."""
    found = parse_service_arn(service)
    return cluster_arn(found.arn, found.cluster) if found and found.cluster else ""


def _streams(stack_arn: str, beside: Arn, resource: JsonObject) -> tuple[Stream, ...]:
    kind = text(resource, "ResourceType")
    physical = text(resource, "PhysicalResourceId")
    # The first event of a resource comes before it has a physical id.
    if not physical:
        return ()
    if kind == _STACK and physical != stack_arn and parse_stack_arn(physical):
        return (Stream("stack_events", physical),)
    if kind == _SERVICE:
        return _service(beside, physical, resource)
    return (_tasks(beside, physical),) if kind == _CLUSTER else ()


def _service(beside: Arn, physical: str, resource: JsonObject) -> tuple[Stream, ...]:
    service = parse_service_arn(physical)
    if service is None:
        return ()
    cluster = service.cluster or _named_cluster(resource)
    target = service_arn(service.arn, cluster, service.name)
    return Stream("services", target), _tasks(beside, cluster)


def _named_cluster(resource: JsonObject) -> str:
    """Return the cluster that a service's properties name, for short ARNs; ECS's default is "default"."""
    try:
        properties = msgspec.json.decode(text(resource, "ResourceProperties") or "{}")
    except msgspec.DecodeError:
        return "default"
    named = properties.get("Cluster") if isinstance(properties, dict) else None
    return named.rsplit("/", 1)[-1] if isinstance(named, str) and named else "default"


def _tasks(beside: Arn, cluster: str) -> Stream:
    arn = cluster if parse_arn(cluster) else cluster_arn(beside, cluster)
    return Stream("stopped_tasks", arn)
