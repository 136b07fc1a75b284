"""What ECS answers, as somebody saved it."""

from forensics.model.changes import digest12
from forensics.model.identity import parse_service_arn, task_id
from forensics.model.record import JsonObject
from forensics.saved.cut import MARK
from forensics.saved.found import Found, Item, objects, rows, text
from forensics.saved.wire import as_ecs

SERVICE = "aws.ecs.service"
SERVICE_EVENT = "aws.ecs.service_event"
DEPLOYMENT = "aws.ecs.deployment"
SERVICE_DEPLOYMENT = "aws.ecs.service_deployment"
TASK = "aws.ecs.task"
TASK_DEFINITION = "aws.ecs.task_definition"

_LISTED_EVENTS = 100
"""How many events AWS keeps of a service."""
_TASK_TIMES = ("stoppedAt", "stoppingAt", "createdAt")


def services(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeServices."""
    for row in objects(answer, "services"):
        service(found, row)
    _failures(found, answer)


def service(found: Found, row: JsonObject) -> None:
    """Take one service: its events, its state, its deployments; of one that was cut short what is whole."""
    arn = text(row, "serviceArn")
    if not arn:
        found.unknown += 1
        return
    named = parse_service_arn(arn)
    name = named.name if named else arn
    events = rows(row, "events")
    found.listed(_service_event(found, arn, name, event) for event in events)
    if len(events) == _LISTED_EVENTS:
        found.say(
            f"{name}: AWS lists the {_LISTED_EVENTS} latest events of a service, earlier ones are unknown"
        )
    if MARK not in row:
        state = as_ecs({field: value for field, value in row.items() if field != "events"})
        subject = text(row, "serviceName") or name
        at = found.newest_at(state)
        found.items.append(Item(type=SERVICE, source=arn, state=arn, data=state, time=at, subject=subject))
    for deployment in reversed(rows(row, "deployments")):
        key = text(deployment, "id")
        if key:
            found.items.append(
                Item(
                    type=DEPLOYMENT,
                    source=arn,
                    state=key,
                    data=as_ecs(deployment),
                    time=found.at(deployment.get("updatedAt")),
                    subject=key,
                )
            )


def tasks(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeTasks."""
    for row in rows(answer, "tasks"):
        task(found, row)
    _failures(found, answer)


def task(found: Found, row: JsonObject) -> None:
    """Take one task."""
    payload = as_ecs(row)
    arn, version = text(row, "taskArn"), row.get("version")
    if not arn:
        found.unknown += 1
        return
    is_counted = isinstance(version, int) and not isinstance(version, bool)
    found.items.append(
        Item(
            type=TASK,
            source=text(row, "clusterArn") or _cluster_of(arn),
            id=f"{arn}@{version if is_counted else digest12(payload)}",
            data=payload,
            time=next((at for field in _TASK_TIMES if (at := found.at(row.get(field)))), None),
            subject=task_id(arn),
        )
    )


def service_deployments(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeServiceDeployments, or of ListServiceDeployments, which says less of each."""
    for row in reversed(rows(answer, "serviceDeployments")):
        service_deployment(found, row)
    found.page("the list of service deployments", answer.get("nextToken"))
    _failures(found, answer)


def service_deployment(found: Found, row: JsonObject) -> None:
    """Take one service deployment."""
    arn, payload = text(row, "serviceDeploymentArn"), as_ecs(row)
    if not arn:
        found.unknown += 1
        return
    found.items.append(
        Item(
            type=SERVICE_DEPLOYMENT,
            source=text(row, "serviceArn") or arn,
            state=arn,
            data=payload,
            time=found.at(row.get("updatedAt")) or found.newest_at(payload),
            subject=arn.rsplit("/", 1)[-1],
        )
    )


def task_definition(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeTaskDefinition."""
    row = answer["taskDefinition"]
    arn = text(row, "taskDefinitionArn")
    found.items.append(
        Item(
            type=TASK_DEFINITION,
            source=arn,
            id=arn,
            data=as_ecs(row),
            time=found.at(row.get("registeredAt")),
            subject=arn.rsplit("/", 1)[-1],
        )
    )


def _cluster_of(task_arn: str) -> str:
    """Return the ARN of a task's cluster; of a task with a short ARN, which names none, its own."""
    cluster = task_arn.rpartition("/")[0].replace(":task/", ":cluster/", 1)
    return cluster if ":cluster/" in cluster else task_arn


def _service_event(found: Found, arn: str, name: str, row: JsonObject) -> Item:
    payload = as_ecs(row)
    return Item(
        type=SERVICE_EVENT,
        source=arn,
        id=text(row, "id") or f"digest:{digest12(payload)}",
        data=payload,
        time=found.at(row.get("createdAt")),
        subject=name,
    )


def _failures(found: Found, answer: JsonObject) -> None:
    for row in rows(answer, "failures"):
        thing, reason = text(row, "arn") or "something", text(row, "reason") or "AWS does not say why"
        found.say(f"AWS did not describe {thing}: {reason}")
