"""The incident's tasks: the backend's that never started, and the media service's that ran."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from forensics.demo.scene import (
    ACCOUNT,
    BACKEND_DEPLOYMENT,
    BACKEND_NAME,
    CLUSTER_ARN,
    CLUSTER_NAME,
    MEDIA_DEPLOYMENT,
    MEDIA_NAME,
    REGION,
    arn,
    epoch,
    hex_of,
    id_of,
    moment,
    stamp,
)
from forensics.model.record import Fact, JsonObject

START_FAILURE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
    "failed: unable to retrieve secret from asm: service call has been retried 1 time(s): "
    "invalid character '!' in string escape code"
)

DESIRED = 6
ROUNDS = ("22:29.0", "23:36.5", "24:44.2", "25:52.8", "27:02.1", "28:11.7", "29:22.6", "30:34.0", "31:46.3")
"""When the scheduler starts the desired number of tasks again, a little more slowly each time."""

BREAKER_COUNT = 53
"""So many failed tasks trip the service's circuit breaker; the one left over is stopped by ECS."""


class Start(NamedTuple):
    """One attempt to start a backend task."""

    task_id: str
    starts_at: datetime
    stopping_at: datetime
    stopped_at: datetime
    is_counted: bool
    """It failed by itself, before the circuit breaker tripped."""


def starts() -> list[Start]:
    """Return the backend's attempts, oldest first."""
    found = []
    for number, text in enumerate(ROUNDS):
        for place in range(DESIRED):
            serial = number * DESIRED + place
            # Secrets are asked for once the network interface is there; twice, as the message says.
            stopping = moment(text) + timedelta(seconds=29.4 + 1.7 * place + 0.8 * (serial % 5))
            found.append(
                Start(
                    task_id=hex_of("backend task", serial),
                    starts_at=moment(text) + timedelta(seconds=0.15 * place),
                    stopping_at=stopping,
                    stopped_at=stopping + timedelta(seconds=14.2 + 1.3 * (serial % 7)),
                    is_counted=serial < BREAKER_COUNT,
                )
            )
    return found


def task_facts() -> Iterator[Fact]:
    """Give every version of every task that AWS shows."""
    for start in starts():
        yield from _backend_task(start)
    yield from _media_task()


def _backend_task(start: Start) -> Iterator[Fact]:
    pending_at = start.starts_at + timedelta(seconds=11.3)
    yield _version(
        _payload(BACKEND_NAME, BACKEND_DEPLOYMENT, start.task_id, start.starts_at), 1, start.starts_at
    )
    waiting = _payload(BACKEND_NAME, BACKEND_DEPLOYMENT, start.task_id, start.starts_at)
    waiting |= {
        "lastStatus": "PENDING",
        "connectivity": "CONNECTED",
        "connectivityAt": epoch(start.starts_at + timedelta(seconds=9.8)),
    }
    yield _version(waiting, 2, pending_at)
    stopping = waiting | {
        "desiredStatus": "STOPPED",
        "lastStatus": "DEPROVISIONING",
        "stoppingAt": epoch(start.stopping_at),
        **_why(start),
    }
    yield _version(stopping, 3, start.stopping_at)
    over = stopping | {
        "lastStatus": "STOPPED",
        "executionStoppedAt": epoch(start.stopping_at + timedelta(seconds=0.6)),
        "stoppedAt": epoch(start.stopped_at),
        "containers": [{**stopping["containers"][0], "lastStatus": "STOPPED"}],
    }
    yield _version(over, 4, start.stopped_at)


def _why(start: Start) -> JsonObject:
    if start.is_counted:
        return {"stopCode": "TaskFailedToStart", "stoppedReason": START_FAILURE}
    reason = f"Scaling activity initiated by (deployment {BACKEND_DEPLOYMENT})"
    return {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": reason}


def _media_task() -> Iterator[Fact]:
    starts_at, runs_at = moment("19:19.4"), moment("20:07.8")
    stopping_at, stopped_at = moment("33:06.9"), moment("33:41.0")
    new = _payload(MEDIA_NAME, MEDIA_DEPLOYMENT, hex_of("media task"), starts_at)
    yield _version(new, 1, starts_at)
    running = new | {
        "lastStatus": "RUNNING",
        "connectivity": "CONNECTED",
        "connectivityAt": epoch(starts_at + timedelta(seconds=9.1)),
        "pullStartedAt": epoch(starts_at + timedelta(seconds=14.0)),
        "pullStoppedAt": epoch(starts_at + timedelta(seconds=33.5)),
        "startedAt": epoch(runs_at),
        "healthStatus": "HEALTHY",
        "containers": [{**new["containers"][0], "lastStatus": "RUNNING", "healthStatus": "HEALTHY"}],
    }
    yield _version(running, 4, runs_at)
    stopping = running | {
        "desiredStatus": "STOPPED",
        "lastStatus": "DEACTIVATING",
        "stoppingAt": epoch(stopping_at),
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": f"Scaling activity initiated by (deployment {MEDIA_DEPLOYMENT})",
    }
    yield _version(stopping, 5, stopping_at)
    container = {**running["containers"][0], "lastStatus": "STOPPED", "exitCode": 0}
    over = stopping | {
        "lastStatus": "STOPPED",
        "executionStoppedAt": epoch(stopping_at + timedelta(seconds=11.8)),
        "stoppedAt": epoch(stopped_at),
        "containers": [container],
    }
    yield _version(over, 7, stopped_at)


def _payload(service: str, deployment: str, task_id: str, created_at: datetime) -> JsonObject:
    """Return a task as it is when it has just been created."""
    task_arn = arn("ecs", f"task/{CLUSTER_NAME}/{task_id}")
    zone = int(task_id[0], 16) % 2
    name = service.removeprefix("court-case-")
    return {
        "attachments": [
            {
                "id": id_of("attachment", task_id),
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [
                    {"name": "subnetId", "value": f"subnet-0{hex_of('subnet', zone, length=16)}"},
                    {"name": "networkInterfaceId", "value": f"eni-0{hex_of('eni', task_id, length=16)}"},
                ],
            }
        ],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": f"{REGION}{'ab'[zone]}",
        "clusterArn": CLUSTER_ARN,
        "containers": [
            {
                "containerArn": arn(
                    "ecs", f"container/{CLUSTER_NAME}/{task_id}/{id_of('container', task_id)}"
                ),
                "taskArn": task_arn,
                "name": name,
                "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/court-case/{name}:2026.01.15",
                "lastStatus": "PENDING",
                "networkInterfaces": [],
                "healthStatus": "UNKNOWN",
                "cpu": "0",
            }
        ],
        "cpu": "1024" if service == BACKEND_NAME else "512",
        "createdAt": epoch(created_at),
        "desiredStatus": "RUNNING",
        "enableExecuteCommand": False,
        "group": f"service:{service}",
        "healthStatus": "UNKNOWN",
        "lastStatus": "PROVISIONING",
        "launchType": "FARGATE",
        "memory": "2048" if service == BACKEND_NAME else "1024",
        "overrides": {"containerOverrides": [{"name": name}], "inferenceAcceleratorOverrides": []},
        "platformFamily": "Linux",
        "platformVersion": "1.4.0",
        "startedBy": deployment,
        "tags": [],
        "taskArn": task_arn,
        "taskDefinitionArn": arn("ecs", f"task-definition/{service}:1"),
        "ephemeralStorage": {"sizeInGiB": 20},
    }


def _version(payload: JsonObject, version: int, at: datetime) -> Fact:
    task_arn = payload["taskArn"]
    return Fact(
        type="aws.ecs.task",
        source=CLUSTER_ARN,
        id=f"{task_arn}@{version}",
        data=payload | {"version": version},
        time=stamp(at),
        subject=task_arn.rsplit("/", 1)[-1],
    )
