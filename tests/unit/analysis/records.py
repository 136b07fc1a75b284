"""Builds records for analysis tests: payloads as AWS sends them, envelopes as an archive holds them."""

from datetime import timedelta
from typing import Any

import msgspec

from forensics.model.clock import to_rfc3339
from forensics.model.record import Record
from tests.support.clock import NOON

REGION = "eu-west-1"
ACCOUNT = "123456789012"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/11111111-aaaa-bbbb-cccc-000000000001"
CHILD = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop-child/11111111-aaaa-bbbb-cccc-000000000002"
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/backend"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main"


def at(second: float) -> str:
    return to_rfc3339(NOON + timedelta(seconds=second))


def deployment_of(
    state: str, *, name: str = "ecs-svc/1", revision: int = 6, began: float = 0, **more: Any
) -> dict[str, Any]:
    """Return a deployment as a service's own record holds it."""
    return {
        "id": name,
        "status": "PRIMARY",
        "rolloutState": state,
        "taskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/backend:{revision}",
        "desiredCount": 1,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": NOON.timestamp() + began,
        **more,
    }


class Book:
    """Numbers records as an archive does; each method adds one and returns it."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(
        self,
        kind: str,
        source: str,
        key: str,
        payload: Any,
        *,
        time: str | None = None,
        subject: str | None = None,
    ) -> Record:
        seq = len(self.records) + 1
        record = Record(
            type=kind,
            source=source,
            id=key,
            recordedtime=time or at(seq),
            seq=seq,
            prev="0" * 64,
            run="test",
            time=time,
            subject=subject,
            data=msgspec.Raw(msgspec.json.encode(payload)),
        )
        self.records.append(record)
        return record

    def resource(
        self,
        logical_id: str,
        status: str,
        reason: str = "",
        *,
        kind: str = "AWS::SNS::Topic",
        stack: str = STACK,
        physical: str = "",
        second: float | None = None,
        **more: str,
    ) -> Record:
        second = len(self.records) if second is None else second
        payload = {
            "StackId": stack,
            "StackName": stack.split("/")[1],
            "EventId": f"{logical_id}-{status}-{second}-{len(self.records)}",
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "ResourceStatus": status,
            "Timestamp": at(second),
            **({"ResourceStatusReason": reason} if reason else {}),
            **more,
        }
        return self.add(
            "aws.cloudformation.stack_event",
            stack,
            payload["EventId"],
            payload,
            time=at(second),
            subject=logical_id,
        )

    def stack(self, status: str, reason: str = "", *, stack: str = STACK, **more: Any) -> Record:
        return self.resource(
            stack.split("/")[1],
            status,
            reason,
            kind="AWS::CloudFormation::Stack",
            stack=stack,
            physical=stack,
            **more,
        )

    def said(self, message: str, *, service: str = SERVICE, second: float | None = None) -> Record:
        second = len(self.records) if second is None else second
        key = f"event-{len(self.records)}"
        return self.add(
            "aws.ecs.service_event",
            service,
            key,
            {"id": key, "createdAt": NOON.timestamp() + second, "message": message},
            time=at(second),
            subject=service.rpartition("/")[2],
        )

    def deployment(
        self, state: str, *, name: str = "ecs-svc/1", service: str = SERVICE, **more: Any
    ) -> Record:
        second = len(self.records)
        payload = {"id": name, "status": "PRIMARY", "rolloutState": state, "failedTasks": 0, **more}
        return self.add(
            "aws.ecs.deployment", service, f"{name}@{second:012d}", payload, time=at(second), subject=name
        )

    def service(
        self, *deployments: dict[str, Any], second: float | None = None, service: str = SERVICE, **more: Any
    ) -> Record:
        """Add a state of the service; what a deployment leaves out is `deployment_of`'s."""
        second = len(self.records) if second is None else second
        payload = {
            "serviceArn": service,
            "status": "ACTIVE",
            "desiredCount": 1,
            "runningCount": 0,
            "pendingCount": 0,
            "deploymentController": {"type": "ECS"},
            "deployments": list(deployments),
            **more,
        }
        return self.add("aws.ecs.service", service, f"{service}@{second:012f}", payload, time=at(second))

    def definition(self, revision: int, image: str, **container: Any) -> Record:
        arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/backend:{revision}"
        containers = [{"name": "web", "image": image, **container}]
        payload = {"taskDefinitionArn": arn, "containerDefinitions": containers}
        return self.add("aws.ecs.task_definition", SERVICE, arn, payload, time=at(0))

    def task(
        self,
        reason: str,
        *,
        code: str = "TaskFailedToStart",
        name: str = "",
        group: str = "service:backend",
        started_by: str = "ecs-svc/1",
        containers: list[dict[str, Any]] | None = None,
        status: str = "STOPPED",
        cluster: str = CLUSTER,
        second: float | None = None,
        **more: Any,
    ) -> Record:
        second = len(self.records) if second is None else second
        identity = name or f"{len(self.records):032x}"
        arn = f"{cluster.replace(':cluster/', ':task/')}/{identity}"
        payload = {
            "taskArn": arn,
            "clusterArn": cluster,
            "group": group,
            "startedBy": started_by,
            "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/backend:6",
            "lastStatus": status,
            "desiredStatus": "STOPPED",
            "stopCode": code,
            "stoppedReason": reason,
            "stoppedAt": NOON.timestamp() + second,
            "version": 3,
            "containers": containers or [],
            **more,
        }
        return self.add("aws.ecs.task", cluster, f"{arn}@3", payload, time=at(second), subject=identity)

    def gap(
        self,
        stream: str,
        since: float,
        until: float | None,
        *,
        reason: str = "credentials",
        kind: str = "lost",
    ) -> Record:
        payload = {
            "stream": stream,
            "from": at(since),
            "to": None if until is None else at(until),
            "reason": reason,
            "kind": kind,
            "lower_bound": None,
            "detail": "",
        }
        key = f"{stream}@{since}-{until}"
        return self.add("forensics.gap", stream.partition(" ")[2], key, payload)


def uneventful() -> Book:
    """Return a recording in which AWS answered and nothing happened."""
    book = Book()
    book.add("forensics.run", "urn:forensics:a", "run-1", {"phase": "started"})
    book.add(
        "forensics.poll", "urn:forensics:a", "poll-1", {"streams": [f"stack_events {STACK}"], "to": at(1)}
    )
    return book
