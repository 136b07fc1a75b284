"""Builders that write a history briefly: stacks, services and tasks as AWS would have told of them.

A history is a list of facts (`forensics.model.record.Fact`), each with the moment from which AWS shows it.
Moments are given as seconds after `START`, which is where `ManualClock()` begins:

    shop = stack("Shop").event("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=5)
    shop.itself("CREATE_COMPLETE", at=9)
    api = service("api").event("has started 1 tasks: (task 1).", at=3).deployment(at=4, failedTasks=2)
    dead = task("api", at=6, reason="Essential container in task exited", exit_code=1)
    endpoint = Endpoint(History.of(facts(shop, api, dead, *tasks("api", 50, at=9))), clock)

* `stack(name)` begins with its own CREATE_IN_PROGRESS (reason ``User Initiated``) at ``at``.
  `.event()` adds a resource's event, `.itself()` one of the stack, `.nested()` the three events of a nested
  stack, `.description()` what DescribeStacks said, `.summary()` what ListStacks said; `.arn` is its ARN.
* `service(name)` begins as ACTIVE with one deployment. `.snapshot()` changes fields of what DescribeServices
  says, `.deployment()` fields of its first deployment, `.event()` adds a service event,
  `.service_deployment()` what DescribeServiceDeployments said; `.arn` and `.cluster_arn`.
* `task(service)` is one stopped task (one fact). `.version()` adds a later version of the same task.
* Every builder takes further fields by AWS's own names; they are stored as given (invented ones too).
* `facts(*builders)` is the whole history, oldest first; plain facts may stand among the builders.
"""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

import orjson

from forensics.model.clock import to_rfc3339
from forensics.model.record import Fact
from tests.support.clock import NOON

START = NOON
REGION = "us-east-1"
ACCOUNT = "123456789012"


class Builder(Protocol):
    def facts(self) -> list[Fact]: ...


def moment(at: float) -> datetime:
    """Return the moment `at` seconds after START."""
    return START + timedelta(seconds=at)


def stamp(at: float) -> str:
    """Return that moment as CloudFormation writes times."""
    return to_rfc3339(moment(at))


def epoch(at: float) -> float:
    """Return that moment as ECS writes times."""
    return round(moment(at).timestamp(), 3)


def facts(*parts: Builder | Fact) -> list[Fact]:
    """Return the facts of all parts, oldest first; facts of one moment keep their order."""
    every: list[Fact] = []
    for part in parts:
        every.extend([part] if isinstance(part, Fact) else part.facts())
    return sorted(every, key=lambda fact: fact.time or "")


def digest12(payload: Any) -> str:
    """Return what makes the key of a state that has no id of its own."""
    return hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def id_of(*parts: object) -> str:
    """Return a UUID that depends on nothing but the parts: histories are the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts))))


class StackHistory:
    def __init__(
        self,
        name: str,
        *,
        at: float = 0.0,
        region: str = REGION,
        account: str = ACCOUNT,
        arn: str | None = None,
    ) -> None:
        self.name = name
        self.arn = (
            arn
            or f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{id_of(name, region, account, at)}"
        )
        self._facts: list[Fact] = []
        self._began_at = at
        self.itself("CREATE_IN_PROGRESS", at=at, reason="User Initiated")

    def event(
        self,
        logical_id: str,
        resource_type: str,
        status: str,
        *,
        at: float,
        reason: str | None = None,
        physical: str = "",
        event_id: str | None = None,
        **fields: Any,
    ) -> Self:
        """Add an event of a resource."""
        key = event_id or f"{logical_id}-{status}-{stamp(at)}"
        payload = {
            "StackId": self.arn,
            "EventId": key,
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical,
            "ResourceType": resource_type,
            "Timestamp": stamp(at),
            "ResourceStatus": status,
            **({"ResourceStatusReason": reason} if reason is not None else {}),
            **fields,
        }
        self._add("aws.cloudformation.stack_event", key, payload, at, logical_id)
        return self

    def itself(self, status: str, *, at: float, reason: str | None = None, **fields: Any) -> Self:
        """Add an event of the stack itself; its id is a UUID, as AWS gives."""
        key = id_of(self.arn, status, at, len(self._facts))
        return self.event(
            self.name,
            "AWS::CloudFormation::Stack",
            status,
            at=at,
            reason=reason,
            physical=self.arn,
            event_id=key,
            **fields,
        )

    def nested(
        self, logical_id: str, child: "StackHistory", status: str, *, at: float, **fields: Any
    ) -> Self:
        """Add the events of a nested stack: begun without, then with its ARN, then `status`."""
        kind = "AWS::CloudFormation::Stack"
        self.event(logical_id, kind, "CREATE_IN_PROGRESS", at=child._began_at - 0.2)
        key = f"{logical_id}-CREATE_IN_PROGRESS-{stamp(child._began_at)}"
        self.event(
            logical_id,
            kind,
            "CREATE_IN_PROGRESS",
            at=child._began_at,
            physical=child.arn,
            event_id=key,
            reason="Resource creation Initiated",
        )
        return self.event(logical_id, kind, status, at=at, physical=child.arn, **fields)

    def description(self, *, at: float, **fields: Any) -> Self:
        """Add what DescribeStacks said of the stack."""
        payload = {
            "StackId": self.arn,
            "StackName": self.name,
            "CreationTime": stamp(self._began_at),
            **fields,
        }
        key = f"{self.arn}@{digest12(payload)}"
        self._add("aws.cloudformation.stack_description", key, payload, at, self.name)
        return self

    def summary(self, *, at: float, **fields: Any) -> Self:
        """Add what ListStacks said of the stack."""
        payload = {
            "StackId": self.arn,
            "StackName": self.name,
            "CreationTime": stamp(self._began_at),
            **fields,
        }
        self._add("aws.cloudformation.stack", f"{self.arn}@{digest12(payload)}", payload, at, self.name)
        return self

    def facts(self) -> list[Fact]:
        return list(self._facts)

    def _add(self, kind: str, key: str, payload: dict[str, Any], at: float, subject: str) -> None:
        self._facts.append(
            Fact(type=kind, source=self.arn, id=key, data=payload, time=stamp(at), subject=subject)
        )


class ServiceHistory:
    def __init__(
        self,
        name: str,
        *,
        cluster: str = "main",
        at: float = 0.0,
        desired: int = 1,
        region: str = REGION,
        account: str = ACCOUNT,
        **fields: Any,
    ) -> None:
        self.name = name
        self.cluster = cluster
        self.cluster_arn = f"arn:aws:ecs:{region}:{account}:cluster/{cluster}"
        self.arn = f"arn:aws:ecs:{region}:{account}:service/{cluster}/{name}"
        self.deployment_id = f"ecs-svc/{int(id_of(self.arn, at)[:8], 16):019d}"
        self._facts: list[Fact] = []
        self._payload: dict[str, Any] = {
            "serviceArn": self.arn,
            "serviceName": name,
            "clusterArn": self.cluster_arn,
            "status": "ACTIVE",
            "desiredCount": desired,
            "runningCount": 0,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "taskDefinition": f"arn:aws:ecs:{region}:{account}:task-definition/{name}:1",
            "deployments": [
                {
                    "id": self.deployment_id,
                    "status": "PRIMARY",
                    "taskDefinition": f"arn:aws:ecs:{region}:{account}:task-definition/{name}:1",
                    "desiredCount": desired,
                    "pendingCount": 0,
                    "runningCount": 0,
                    "failedTasks": 0,
                    "createdAt": epoch(at),
                    "updatedAt": epoch(at),
                    "rolloutState": "IN_PROGRESS",
                    "rolloutStateReason": f"ECS deployment {self.deployment_id} in progress.",
                }
            ],
            "createdAt": epoch(at),
        }
        self.snapshot(at=at, **fields)

    def snapshot(self, *, at: float, **fields: Any) -> Self:
        """Change fields of what DescribeServices says from that moment on."""
        self._payload = {**self._payload, **fields}
        key = f"{self.arn}@{digest12(self._payload)}"
        self._add("aws.ecs.service", key, self._payload, at, self.name)
        return self

    def deployment(self, *, at: float, **fields: Any) -> Self:
        """Change fields of the service's first deployment from that moment on."""
        first, *others = self._payload["deployments"]
        return self.snapshot(at=at, deployments=[{**first, "updatedAt": epoch(at), **fields}, *others])

    def event(self, message: str, *, at: float, event_id: str | None = None, **fields: Any) -> Self:
        """Add a service event; AWS's begin with "(service NAME) "."""
        key = event_id or id_of(self.arn, message, at)
        payload = {"id": key, "createdAt": epoch(at), "message": f"(service {self.name}) {message}", **fields}
        self._add("aws.ecs.service_event", key, payload, at, self.name)
        return self

    def service_deployment(
        self, *, at: float, status: str = "IN_PROGRESS", number: int = 1, **fields: Any
    ) -> Self:
        """Add what DescribeServiceDeployments says of the service's n-th deployment from that moment on."""
        name = id_of(self.arn, "service deployment", number).replace("-", "")[:21]
        arn = self.arn.replace(":service/", ":service-deployment/") + f"/{name}"
        payload = {
            "serviceDeploymentArn": arn,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "createdAt": epoch(number),
            "updatedAt": epoch(at),
            "status": status,
            **fields,
        }
        self._add("aws.ecs.service_deployment", f"{arn}@{digest12(payload)}", payload, at, name)
        return self

    def task_definition(self, *, at: float = 0.0, revision: int = 1, **fields: Any) -> Self:
        """Add a task definition that the service refers to."""
        arn = self.arn.split(":service/")[0] + f":task-definition/{self.name}:{revision}"
        payload = {
            "taskDefinitionArn": arn,
            "family": self.name,
            "revision": revision,
            "status": "ACTIVE",
            "registeredAt": epoch(at),
            "containerDefinitions": [{"name": "web", "image": "shop/web:1", "essential": True}],
            **fields,
        }
        self._add("aws.ecs.task_definition", arn, payload, at, f"{self.name}:{revision}")
        return self

    def facts(self) -> list[Fact]:
        return list(self._facts)

    def _add(self, kind: str, key: str, payload: dict[str, Any], at: float, subject: str) -> None:
        self._facts.append(
            Fact(type=kind, source=self.arn, id=key, data=payload, time=stamp(at), subject=subject)
        )


class TaskHistory:
    def __init__(
        self,
        service_name: str | None,
        *,
        at: float,
        cluster: str = "main",
        task_id: str | None = None,
        reason: str | None = "Essential container in task exited",
        stop_code: str | None = "EssentialContainerExited",
        exit_code: int | None = None,
        container_reason: str | None = None,
        desired: str = "STOPPED",
        last: str = "STOPPED",
        region: str = REGION,
        account: str = ACCOUNT,
        **fields: Any,
    ) -> None:
        self.id = task_id or id_of(service_name, cluster, at).replace("-", "")
        self.cluster_arn = f"arn:aws:ecs:{region}:{account}:cluster/{cluster}"
        self.arn = f"arn:aws:ecs:{region}:{account}:task/{cluster}/{self.id}"
        container = {
            "containerArn": f"arn:aws:ecs:{region}:{account}:container/{cluster}/{self.id}/{id_of(self.arn)}",
            "taskArn": self.arn,
            "name": "web",
            "lastStatus": last,
            **({"exitCode": exit_code} if exit_code is not None else {}),
            **({"reason": container_reason} if container_reason is not None else {}),
        }
        self._payload: dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "group": f"service:{service_name}" if service_name else "family:job",
            "startedBy": f"ecs-svc/{service_name}" if service_name else "someone",
            "taskDefinitionArn": f"arn:aws:ecs:{region}:{account}:task-definition/{service_name or 'job'}:1",
            "desiredStatus": desired,
            "lastStatus": last,
            "launchType": "FARGATE",
            "containers": [container],
            "createdAt": epoch(at - 30),
            "version": 3,
        }
        if desired == "STOPPED":
            self._payload |= {"stoppingAt": epoch(at - 1)} | (
                {"stoppedAt": epoch(at)} if last == "STOPPED" else {}
            )
            self._payload |= {"stoppedReason": reason} if reason is not None else {}
            self._payload |= {"stopCode": stop_code} if stop_code is not None else {}
        self._payload |= fields
        self._facts: list[Fact] = []
        self._add(at)

    def version(self, *, at: float, **fields: Any) -> Self:
        """Add the next version of the task, as it stands from that moment on."""
        self._payload = {**self._payload, "version": self._payload["version"] + 1, **fields}
        self._add(at)
        return self

    def facts(self) -> list[Fact]:
        return list(self._facts)

    def _add(self, at: float) -> None:
        self._facts.append(
            Fact(
                type="aws.ecs.task",
                source=self.cluster_arn,
                id=f"{self.arn}@{self._payload['version']}",
                data=self._payload,
                time=stamp(at),
                subject=self.id,
            )
        )


def stack(name: str, **options: Any) -> StackHistory:
    """Begin the history of a stack."""
    return StackHistory(name, **options)


def service(name: str, **options: Any) -> ServiceHistory:
    """Begin the history of an ECS service."""
    return ServiceHistory(name, **options)


def task(service_name: str | None, **options: Any) -> TaskHistory:
    """Begin the history of a task; None: one that no service started."""
    return TaskHistory(service_name, **options)


def tasks(
    service_name: str | None, count: int, *, at: float, every_s: float = 1.0, **options: Any
) -> list[TaskHistory]:
    """Return several stopped tasks of a service, one every so many seconds."""
    return [task(service_name, at=at + number * every_s, **options) for number in range(count)]


def payloads(history: Iterable[Fact], kind: str) -> list[Any]:
    """Return the payloads of all facts of a type, in the history's order."""
    return [fact.data for fact in history if fact.type == kind]
