"""ECS's operations, answered from a history."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from forensics.model.record import JsonObject
from forensics.serve.call import Call
from forensics.serve.clusters import Cluster, Service, created_at, deployment_key
from forensics.serve.moments import Told
from forensics.serve.pages import Listing
from forensics.serve.refusal import Refusal

SERVICES_A_CALL = 10
TASKS_A_CALL = 100
DEPLOYMENTS_A_CALL = 20

_GONE = ("DRAINING", "INACTIVE")
_BRIEF = ("serviceDeploymentArn", "serviceArn", "clusterArn", "startedAt", "createdAt", "finishedAt")
_BRIEF_TOO = ("status", "statusReason")


def describe_services(call: Call) -> bytes:
    """Answer DescribeServices: up to ten services, each with its newest events."""
    cluster = _cluster(call)
    found, failures = [], []
    for name in _identifiers(call, "services", SERVICES_A_CALL):
        service = cluster.services.get(name.rsplit("/", 1)[-1])
        description = service.description(call.now) if service else None
        if description is None:
            failures.append(_missing(name, cluster.arn.replace(":cluster/", ":service/") + "/" + name))
        else:
            found.append(description)
    return orjson.dumps({"services": found, "failures": failures})


def list_services(call: Call) -> bytes:
    """Answer ListServices: the ARNs of a cluster's active services."""
    cluster = _cluster(call)
    active = sorted(
        service.arn
        for service in cluster.services.values()
        if (status := service.status(call.now)) is not None and status not in _GONE
    )
    return _arns(call, active, "serviceArns", cluster.name, default=10)


def list_clusters(call: Call) -> bytes:
    """Answer ListClusters: the ARNs of the clusters that exist."""
    active = sorted(cluster.arn for cluster in call.place.clusters.values() if cluster.is_active(call.now))
    return _arns(call, active, "clusterArns", "", default=100)


def describe_clusters(call: Call) -> bytes:
    """Answer DescribeClusters: names and status only; a history tells no more of a cluster."""
    found, failures = [], []
    for name in call.texts("clusters") or ["default"]:
        cluster = call.place.clusters.get(name.rsplit("/", 1)[-1])
        is_active = cluster.is_active(call.now) if cluster else None
        if cluster is None or is_active is None:
            beside = f"arn:aws:ecs:{call.caller.region}:{call.caller.account}:cluster/{name}"
            failures.append(_missing(name, beside))
        else:
            status = "ACTIVE" if is_active else "INACTIVE"
            found.append({"clusterArn": cluster.arn, "clusterName": cluster.name, "status": status})
    return orjson.dumps({"clusters": found, "failures": failures})


def list_tasks(call: Call) -> bytes:
    """Answer ListTasks: ARNs of running tasks, or of those stopping and stopped within the last hour."""
    cluster = _cluster(call)
    wanted = call.text("desiredStatus") or "RUNNING"
    if wanted not in ("RUNNING", "PENDING", "STOPPED"):
        raise call.invalid(f"desiredStatus should be one of [RUNNING,PENDING,STOPPED], not {wanted}.")
    if call.text("daemonName"):
        raise call.invalid("daemonName: this history tells of no daemons.")
    filters = _task_filters(call, cluster)
    family = call.text("family")
    shown = [told for told in cluster.task_list(call.now) if told.text("desiredStatus") == wanted]
    for name, value in filters:
        shown = [told for told in shown if told.text(name) == value]
    arns = [told.text("taskArn") for told in shown if not family or _family(told) == family]
    scope = orjson.dumps([cluster.name, wanted, family, filters]).decode()
    return _arns(call, arns, "taskArns", scope, default=100)


def describe_tasks(call: Call) -> bytes:
    """Answer DescribeTasks: up to a hundred tasks, each in its newest version."""
    cluster = _cluster(call)
    found, failures = [], []
    for name in _identifiers(call, "tasks", TASKS_A_CALL):
        task = cluster.tasks.get(name.rsplit("/", 1)[-1])
        shown = task.shown(call.now) if task else None
        if shown is None:
            failures.append(_missing(name, cluster.arn.replace(":cluster/", ":task/") + "/" + name))
        else:
            found.append(orjson.Fragment(shown.json))
    return orjson.dumps({"tasks": found, "failures": failures})


def list_service_deployments(call: Call) -> bytes:
    """Answer ListServiceDeployments: a service's deployments in brief, newest first."""
    cluster = _cluster(call)
    name = call.needed("service")
    service = _service(call, cluster, name)
    wanted = call.texts("status")
    shown = [
        told
        for told in service.shown_deployments(call.now)
        if (not wanted or told.text("status") in wanted) and _is_created_within(call, told)
    ]
    listing = Listing(f"{call.operation} {service.arn}", call.page_size(20), is_newest_first=True)
    page, token = call.page(shown, deployment_key, listing)
    return _answer({"serviceDeployments": [_brief(told.payload) for told in page]}, token)


def describe_service_deployments(call: Call) -> bytes:
    """Answer DescribeServiceDeployments: up to twenty deployments by ARN."""
    shown = {
        told.text("serviceDeploymentArn"): told
        for cluster in call.place.clusters.values()
        for service in cluster.services.values()
        for told in service.shown_deployments(call.now)
    }
    arns = _identifiers(call, "serviceDeploymentArns", DEPLOYMENTS_A_CALL)
    found = [orjson.Fragment(shown[arn].json) for arn in arns if arn in shown]
    failures = [_missing(arn, arn) for arn in arns if arn not in shown]
    return orjson.dumps({"serviceDeployments": found, "failures": failures})


def describe_task_definition(call: Call) -> bytes:
    """Answer DescribeTaskDefinition: by ARN, family:revision, or family for its newest revision."""
    name = call.needed("taskDefinition").rsplit("/", 1)[-1]
    known = [
        told
        for moments in call.place.task_definitions.values()
        if (told := moments.newest(call.now)) is not None
    ]
    family, _, revision = name.partition(":")
    named = [
        told
        for told in known
        if told.text("family") == family and revision in ("", str(told.payload.get("revision")))
    ]
    if not named:
        raise Refusal("ClientException", "Unable to describe task definition.")
    newest = max(named, key=lambda told: int(told.payload.get("revision", 0)))
    return orjson.dumps({"taskDefinition": orjson.Fragment(newest.json)})


OPERATIONS: dict[str, Callable[[Call], bytes]] = {
    "DescribeClusters": describe_clusters,
    "DescribeServiceDeployments": describe_service_deployments,
    "DescribeServices": describe_services,
    "DescribeTaskDefinition": describe_task_definition,
    "DescribeTasks": describe_tasks,
    "ListClusters": list_clusters,
    "ListServiceDeployments": list_service_deployments,
    "ListServices": list_services,
    "ListTasks": list_tasks,
}
"""Each answers with a JSON document."""


def _cluster(call: Call) -> Cluster:
    name = call.text("cluster") or "default"
    cluster = call.place.clusters.get(name.rsplit("/", 1)[-1])
    is_active = cluster.is_active(call.now) if cluster else None
    if cluster is None or is_active is None:
        raise Refusal("ClusterNotFoundException", "Cluster not found.")
    if not is_active:
        raise Refusal("ClusterNotFoundException", "The referenced cluster was inactive.")
    return cluster


def _service(call: Call, cluster: Cluster, name: str, gone: Sequence[str] = _GONE) -> Service:
    service = cluster.services.get(name.rsplit("/", 1)[-1])
    if service is None or service.status(call.now) in (None, *gone):
        raise Refusal("ServiceNotFoundException", "Service not found.")
    return service


def _identifiers(call: Call, name: str, most: int) -> list[str]:
    given = call.texts(name)
    if not given:
        raise call.invalid(f"{name.capitalize()} cannot be empty.")
    if len(given) > most:
        raise call.invalid(f"{name.capitalize()} cannot be more than {most}.")
    return given


def _missing(name: str, arn: str) -> JsonObject:
    return {"arn": name if name.startswith("arn:") else arn, "reason": "MISSING"}


def _task_filters(call: Call, cluster: Cluster) -> list[tuple[str, str]]:
    """Return the fields and the values that a task must have to be listed."""
    filters = [
        (field, value)
        for field, value in (
            ("startedBy", call.text("startedBy")),
            ("launchType", call.text("launchType")),
            ("containerInstanceArn", call.text("containerInstance")),
        )
        if value
    ]
    if name := call.text("serviceName"):
        # A draining service still has tasks to list.
        service = _service(call, cluster, name, gone=("INACTIVE",))
        filters.append(("group", f"service:{service.name}"))
    return filters


def _family(task: Told) -> str:
    return task.text("taskDefinitionArn").rsplit("/", 1)[-1].partition(":")[0]


def _is_created_within(call: Call, told: Told) -> bool:
    window = call.parameters.get("createdAt")
    if not isinstance(window, dict):
        return True
    after, before = window.get("after", 0), window.get("before", float("inf"))
    return bool(after <= created_at(told.payload) <= before)


def _brief(deployment: JsonObject) -> JsonObject:
    brief = {name: deployment[name] for name in (*_BRIEF, *_BRIEF_TOO) if name in deployment}
    revision = deployment.get("targetServiceRevision")
    if isinstance(revision, dict) and "arn" in revision:
        brief["targetServiceRevisionArn"] = revision["arn"]
    return brief


def _arns(call: Call, arns: Sequence[str], name: str, scope: str, *, default: int) -> bytes:
    """Answer with a page of ARNs, which come sorted."""
    listing = Listing(f"{call.operation} {scope}", call.page_size(default))
    page, token = call.page(arns, str, listing)
    return _answer({name: list(page)}, token)


def _answer(values: dict[str, Any], token: str | None) -> bytes:
    return orjson.dumps(values | ({"nextToken": token} if token else {}))
