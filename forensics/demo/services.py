"""The incident's two ECS services: what DescribeServices said of them, their events and deployments."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from forensics.demo.definitions import definition_facts
from forensics.demo.scene import (
    ACCOUNT,
    BACKEND_ARN,
    BACKEND_DEPLOYMENT,
    BACKEND_NAME,
    CLUSTER_ARN,
    MEDIA_ARN,
    MEDIA_DEPLOYMENT,
    MEDIA_NAME,
    TARGET_GROUP_ARN,
    arn,
    epoch,
    hex_of,
    id_of,
    moment,
    stamp,
    state,
)
from forensics.demo.tasks import BREAKER_COUNT, DESIRED, ROUNDS, Start, starts
from forensics.model.record import Fact, JsonObject

TRIPPED_AT = max(start.stopping_at for start in starts() if start.is_counted) + timedelta(seconds=2.1)
"""When the circuit breaker ends the backend's deployment."""

_BREAKER = {
    "enable": True,
    "rollback": False,
    "thresholdConfiguration": {"type": "COUNT", "value": BREAKER_COUNT},
}
_CANNOT_START = (
    f"(service {BACKEND_NAME}) was unable to consistently start tasks successfully. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)
_FAILED = "ECS deployment circuit breaker: tasks failed to start."


def service_facts() -> Iterator[Fact]:
    """Give every fact that ECS tells of the two services, in no order."""
    yield from definition_facts()
    yield from _backend_states()
    yield from _backend_events()
    yield from _backend_service_deployments()
    yield from _media_facts()


def _backend_states() -> Iterator[Fact]:
    created_at = moment("22:26.1")
    moments = {created_at, TRIPPED_AT}
    for start in starts():
        moments |= {start.starts_at, start.stopping_at}
    for at in sorted(when for when in moments if when <= TRIPPED_AT):
        yield _state(BACKEND_ARN, _backend(at, created_at), at)
    for text, status in (("33:06.4", "DRAINING"), ("34:19.8", "INACTIVE")):
        yield _state(BACKEND_ARN, _gone(_backend(TRIPPED_AT, created_at), status, moment(text)), moment(text))


def _backend(at: datetime, created_at: datetime) -> JsonObject:
    """Return what DescribeServices says of the backend at a moment up to the circuit breaker's."""
    attempts = [start for start in starts() if start.starts_at <= at]
    failed = sum(start.is_counted and start.stopping_at <= at for start in attempts)
    pending = 0 if at >= TRIPPED_AT else sum(start.stopping_at > at for start in attempts)
    deployment = {
        "id": BACKEND_DEPLOYMENT,
        "pendingCount": pending,
        "failedTasks": failed,
        "updatedAt": epoch(at),
        "rolloutState": "FAILED" if at >= TRIPPED_AT else "IN_PROGRESS",
        "rolloutStateReason": _FAILED
        if at >= TRIPPED_AT
        else f"ECS deployment {BACKEND_DEPLOYMENT} in progress.",
    }
    payload = _service(BACKEND_ARN, BACKEND_NAME, created_at, desired=DESIRED, deployment=deployment)
    balancer = {"targetGroupArn": TARGET_GROUP_ARN, "containerName": "backend", "containerPort": 8000}
    return payload | {
        "pendingCount": pending,
        "loadBalancers": [balancer],
        "healthCheckGracePeriodSeconds": 60,
        "deploymentConfiguration": _configuration(),
    }


def _backend_events() -> Iterator[Fact]:
    attempts = starts()
    for number, text in enumerate(ROUNDS):
        named = " ".join(f"(task {start.task_id})" for start in _of_round(attempts, number))
        yield _event(
            BACKEND_ARN, f"(service {BACKEND_NAME}) has started {DESIRED} tasks: {named}.", moment(text)
        )
    # AWS suppresses a message that repeats within six hours.
    yield _event(BACKEND_ARN, _CANNOT_START, moment("25:30.7"))
    failed = f"(deployment {BACKEND_DEPLOYMENT}) deployment failed: tasks failed to start."
    yield _event(BACKEND_ARN, f"(service {BACKEND_NAME}) {failed}", TRIPPED_AT)


def _of_round(attempts: list[Start], number: int) -> list[Start]:
    return attempts[number * DESIRED : (number + 1) * DESIRED]


def _backend_service_deployments() -> Iterator[Fact]:
    name = hex_of("service deployment", length=21)
    revision = hex_of("service revision", length=19)
    service_deployment = BACKEND_ARN.replace(":service/", ":service-deployment/") + f"/{name}"
    ends = [
        max(start.stopping_at for start in _of_round(starts(), number)) for number in range(len(ROUNDS) - 1)
    ]
    for number, at in enumerate([moment("22:26.4"), *ends, TRIPPED_AT]):
        is_over = at == TRIPPED_AT
        failed = BREAKER_COUNT if is_over else number * DESIRED
        payload = {
            "serviceDeploymentArn": service_deployment,
            "serviceArn": BACKEND_ARN,
            "clusterArn": CLUSTER_ARN,
            "createdAt": epoch(moment("22:26.2")),
            "startedAt": epoch(moment("22:26.4")),
            "updatedAt": epoch(at),
            "sourceServiceRevisions": [],
            "targetServiceRevision": {
                "arn": BACKEND_ARN.replace(":service/", ":service-revision/") + f"/{int(revision, 16)}"[:20],
                "requestedTaskCount": DESIRED,
                "runningTaskCount": 0,
                "pendingTaskCount": 0,
            },
            "status": "STOPPED" if is_over else "IN_PROGRESS",
            "deploymentConfiguration": _configuration(),
            "deploymentCircuitBreaker": {
                "status": "TRIGGERED" if is_over else "MONITORING",
                "failureCount": failed,
                "threshold": BREAKER_COUNT,
            },
        }
        if is_over:
            payload |= {"statusReason": _FAILED, "finishedAt": epoch(at), "stoppedAt": epoch(at)}
        kind = "aws.ecs.service_deployment"
        yield state(kind, service_deployment, payload, source=BACKEND_ARN, at=at, subject=name)


def _media_facts() -> Iterator[Fact]:
    created_at, started_at, running_at = moment("19:16.0"), moment("19:19.4"), moment("20:07.8")
    steady_at = moment("21:31.2")
    for at in (created_at, started_at, running_at, steady_at):
        yield _state(MEDIA_ARN, _media(at, started_at, running_at, steady_at), at)
    for text, status in (("33:06.3", "DRAINING"), ("35:29.5", "INACTIVE")):
        whole = _media(steady_at, started_at, running_at, steady_at)
        yield _state(MEDIA_ARN, _gone(whole, status, moment(text)), moment(text))
    task = f"(task {hex_of('media task')})"
    for at, words in (
        (started_at, f"has started 1 tasks: {task}."),
        (steady_at, f"(deployment {MEDIA_DEPLOYMENT}) deployment completed."),
        (steady_at + timedelta(seconds=0.3), "has reached a steady state."),
        (moment("33:06.9"), f"has stopped 1 running tasks: {task}."),
    ):
        yield _event(MEDIA_ARN, f"(service {MEDIA_NAME}) {words}", at)


def _media(at: datetime, started_at: datetime, running_at: datetime, steady_at: datetime) -> JsonObject:
    running, pending = int(at >= running_at), int(started_at <= at < running_at)
    progress = f"ECS deployment {MEDIA_DEPLOYMENT} {'completed' if at >= steady_at else 'in progress'}."
    deployment = {
        "id": MEDIA_DEPLOYMENT,
        "pendingCount": pending,
        "runningCount": running,
        "updatedAt": epoch(at),
        "rolloutState": "COMPLETED" if at >= steady_at else "IN_PROGRESS",
        "rolloutStateReason": progress,
    }
    payload = _service(MEDIA_ARN, MEDIA_NAME, moment("19:16.0"), desired=1, deployment=deployment)
    return payload | {"pendingCount": pending, "runningCount": running}


def _service(
    service: str, name: str, created_at: datetime, *, desired: int, deployment: JsonObject
) -> JsonObject:
    definition = arn("ecs", f"task-definition/{name}:1")
    network = {
        "awsvpcConfiguration": {
            "subnets": [f"subnet-0{hex_of('subnet', zone, length=16)}" for zone in (0, 1)],
            "securityGroups": [f"sg-0{hex_of('sg', name, length=16)}"],
            "assignPublicIp": "DISABLED",
        }
    }
    return {
        "serviceArn": service,
        "serviceName": name,
        "clusterArn": CLUSTER_ARN,
        "loadBalancers": [],
        "serviceRegistries": [],
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": 0,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "taskDefinition": definition,
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "deployments": [
            {
                "status": "PRIMARY",
                "taskDefinition": definition,
                "desiredCount": desired,
                "runningCount": 0,
                "failedTasks": 0,
                "createdAt": epoch(created_at),
                "launchType": "FARGATE",
                "platformVersion": "1.4.0",
                "platformFamily": "Linux",
                "networkConfiguration": network,
                **deployment,
            }
        ],
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "createdAt": epoch(created_at),
        "placementConstraints": [],
        "placementStrategy": [],
        "networkConfiguration": network,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
    }


def _configuration() -> JsonObject:
    return {
        "deploymentCircuitBreaker": _BREAKER,
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
    }


def _gone(payload: JsonObject, status: str, at: datetime) -> JsonObject:
    """Return a service after DeleteService: without tasks, in the end without deployments."""
    ended = {"desiredCount": 0, "runningCount": 0, "updatedAt": epoch(at)}
    deployments = [entry | ended for entry in payload["deployments"]]
    return payload | {
        "status": status,
        "desiredCount": 0,
        "runningCount": 0,
        "pendingCount": 0,
        "deployments": deployments if status == "DRAINING" else [],
    }


def _state(service: str, payload: JsonObject, at: datetime) -> Fact:
    name = service.rsplit("/", 1)[-1]
    return state("aws.ecs.service", service, payload, source=service, at=at, subject=name)


def _event(service: str, message: str, at: datetime) -> Fact:
    key = id_of("service event", service, message)
    return Fact(
        type="aws.ecs.service_event",
        source=service,
        id=key,
        data={"id": key, "createdAt": epoch(at), "message": message},
        time=stamp(at),
        subject=service.rsplit("/", 1)[-1],
    )
