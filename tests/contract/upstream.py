"""Small worlds that change: what AWS would show of one target, and what a recorder must end up with.

Each world answers the operations of one source, moves on by `change`, and knows the truth: the keys of
everything that ever happened (`happened`), when (`at`), and what each thing looks like now (`states`).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from forensics.errors import NotFound
from forensics.model.clock import to_rfc3339
from forensics.model.record import Fact
from forensics.sources.base import Source
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stacks import Stacks, survey_of
from forensics.sources.stopped_tasks import StoppedTasks
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws

TICK = timedelta(milliseconds=10)
ACCOUNT = "us-east-1:123456789012"
STACK = f"arn:aws:cloudformation:{ACCOUNT}:stack/shop/11111111-1111-1111-1111-111111111111"
CLUSTER = f"arn:aws:ecs:{ACCOUNT}:cluster/main"
SERVICE = f"arn:aws:ecs:{ACCOUNT}:service/main/api"


class World(Protocol):
    source: Source
    target: str
    now: datetime
    happened: dict[str, datetime]
    """Key of every fact that has a key of its own, and when it happened."""

    def script(self, aws: ScriptedAws) -> None: ...

    def change(self, kind: int) -> None:
        """Let something happen; any number is understood."""
        ...

    def states(self) -> dict[str, Any]:
        """Return what each thing that is shown as it is looks like now, by its name."""
        ...

    def gone(self) -> dict[str, Any]:
        """Return the last state of things that are no more; it counts where they were seen before."""
        return {}

    @staticmethod
    def name_of(fact: Fact) -> str | None:
        """Return the thing whose state a fact is; None for a fact with a key of its own."""
        ...


def paged(rows: list[Any], size: int, field: str, token: str, asked: str | None) -> dict[str, Any]:
    start = int(asked or 0)
    page: dict[str, Any] = {field: rows[start : start + size]}
    if start + size < len(rows):
        page[token] = str(start + size)
    return page


class StackWorld(World):
    """One stack in an endless row of updates; every third event is a late one, placed behind the newest."""

    def __init__(self) -> None:
        self.source: Source = StackEvents()
        self.target = STACK
        self.now = NOON
        self.happened: dict[str, datetime] = {}
        self._events: list[dict[str, Any]] = []  # newest first, as AWS lists them
        self._status = "CREATE_IN_PROGRESS"
        self._itself("CREATE_IN_PROGRESS")

    def script(self, aws: ScriptedAws) -> None:
        aws.on("cloudformation:DescribeStackEvents", self._describe_events)
        aws.on("cloudformation:DescribeStacks", lambda **_: {"Stacks": [self._description()]})
        resources = [{"ResourceType": "AWS::ECS::Cluster", "PhysicalResourceId": "main"}]
        aws.on("cloudformation:ListStackResources", lambda **_: {"StackResourceSummaries": resources})

    def change(self, kind: int) -> None:
        self.now += TICK
        if kind % 5 == 4:
            done = self._status.endswith("COMPLETE")
            self._itself("UPDATE_IN_PROGRESS" if done else "UPDATE_COMPLETE")
        elif kind % 3 == 2:
            started = (place for place, event in enumerate(self._events) if "PhysicalResourceId" in event)
            self._add({"LogicalResourceId": "Late"}, place=min(3, next(started)))
        else:
            for _ in range(60 if kind % 7 == 6 else 1 + kind % 4):
                self._add({"LogicalResourceId": "Vpc", "ResourceStatusReason": "dé <&> \u2028 reason"})

    def states(self) -> dict[str, Any]:
        return {}

    @staticmethod
    def name_of(fact: Fact) -> str | None:
        return "description" if fact.type.endswith("stack_description") else None

    def _describe_events(self, StackName: str, NextToken: str | None = None) -> dict[str, Any]:  # noqa: N803
        if StackName not in (STACK, "shop"):
            raise NotFound(f"Stack [{StackName}] does not exist")
        return paged(self._events, 25, "StackEvents", "NextToken", NextToken)

    def _description(self) -> dict[str, Any]:
        return {"StackId": STACK, "StackName": "shop", "StackStatus": self._status}

    def _itself(self, status: str) -> None:
        self._status = status
        self._add({"LogicalResourceId": "shop", "PhysicalResourceId": STACK, "ResourceStatus": status})

    def _add(self, event: dict[str, Any], place: int = 0) -> None:
        key = f"event-{len(self._events)}"
        common = {"EventId": key, "StackId": STACK, "StackName": "shop", "Invented": {"Field": ["x"]}}
        self._events.insert(place, {**common, "Timestamp": to_rfc3339(self.now), **event})
        self.happened[key] = self.now


class ServiceWorld(World):
    """One service whose events, counts, deployments and service deployments change."""

    def __init__(self) -> None:
        self.source: Source = Services()
        self.target = SERVICE
        self.now = NOON
        self.happened: dict[str, datetime] = {}
        self._events: list[dict[str, Any]] = []
        self._running = 2
        self._revision = 1
        self._is_rolling = False
        self._failed = 0

    def script(self, aws: ScriptedAws) -> None:
        aws.on("ecs:DescribeServices", lambda **_: {"services": [self._service()], "failures": []})
        aws.on("ecs:ListServiceDeployments", lambda **_: {"serviceDeployments": [self._service_deployment()]})
        aws.on(
            "ecs:DescribeServiceDeployments", lambda **_: {"serviceDeployments": [self._service_deployment()]}
        )
        aws.on("ecs:DescribeTaskDefinition", lambda **asked: {"taskDefinition": _definition(**asked)})

    def change(self, kind: int) -> None:
        self.now += TICK
        if kind % 4 == 0:
            self._running = 3 - self._running  # 2, 1, 2 … : back to what it was
        elif kind % 4 == 1:
            self._is_rolling = not self._is_rolling
            self._revision += self._is_rolling
        elif kind % 4 == 2:
            self._failed += 1
        for _ in range(130 if kind % 17 == 16 else kind % 6):
            self.now += TICK
            key = f"service-event-{len(self.happened)}"
            self._events.insert(0, {"id": key, "createdAt": self.now.timestamp(), "message": "m", "new": [1]})
            self.happened[key] = self.now

    def states(self) -> dict[str, Any]:
        service = {field: value for field, value in self._service().items() if field != "events"}
        return {
            "service": service,
            service["deployments"][0]["id"]: service["deployments"][0],
            self._service_deployment()["serviceDeploymentArn"]: self._service_deployment(),
            self._definition_arn(): _definition(self._definition_arn()),
        }

    @staticmethod
    def name_of(fact: Fact) -> str | None:
        if fact.type == "aws.ecs.service_event":
            return None
        return "service" if fact.type == "aws.ecs.service" else fact.id.partition("@")[0]

    def _definition_arn(self) -> str:
        return f"arn:aws:ecs:{ACCOUNT}:task-definition/api:{self._revision}"

    def _service(self) -> dict[str, Any]:
        deployment = {
            "id": f"ecs-svc/{self._revision}",
            "createdAt": NOON.timestamp(),
            "rolloutState": "IN_PROGRESS" if self._is_rolling else "COMPLETED",
            "failedTasks": self._failed,
            "taskDefinition": self._definition_arn(),
        }
        return {
            "serviceArn": SERVICE,
            "serviceName": "api",
            "status": "ACTIVE",
            "runningCount": self._running,
            "taskDefinition": self._definition_arn(),
            "deployments": [deployment],
            "events": self._events[:100],
            "invented": {"field": None},
        }

    def _service_deployment(self) -> dict[str, Any]:
        return {
            "serviceDeploymentArn": f"arn:aws:ecs:{ACCOUNT}:service-deployment/main/api/{self._revision}",
            "status": "IN_PROGRESS" if self._is_rolling else "SUCCESSFUL",
            "createdAt": NOON.timestamp(),
        }


def _definition(taskDefinition: str) -> dict[str, Any]:  # noqa: N803
    return {"taskDefinitionArn": taskDefinition, "family": "api", "invented": True}


class TaskWorld(World):
    """One cluster whose tasks stop, are listed while they still stop, and are forgotten after an hour."""

    def __init__(self) -> None:
        self.source: Source = StoppedTasks()
        self.target = CLUSTER
        self.now = NOON
        self.happened: dict[str, datetime] = {}
        self._tasks: list[dict[str, Any]] = []

    def script(self, aws: ScriptedAws) -> None:
        aws.on("ecs:ListTasks", self._list)
        aws.on("ecs:DescribeTasks", self._describe)

    def change(self, kind: int) -> None:
        self.now += TICK
        stopping = [task for task in self._tasks if task["lastStatus"] != "STOPPED"]
        if stopping and kind % 2:
            task = stopping[0]
            task |= {
                "lastStatus": "STOPPED",
                "stoppedAt": self.now.timestamp(),
                "version": task["version"] + 1,
            }
            del self.happened[f"{task['taskArn']}@{task['version'] - 1}"]  # may have passed unseen
            self._happen(task)
            return
        for _ in range(150 if kind % 23 == 22 else 1 + kind % 3):
            task = {
                "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/main/{len(self._tasks):032x}",
                "lastStatus": "STOPPED" if kind % 3 else "STOPPING",
                "stoppingAt": self.now.timestamp(),
                "version": 3,
                "invented": {"field": [None]},
            }
            self._tasks.append(task)
            self._happen(task)

    def states(self) -> dict[str, Any]:
        return {}

    @staticmethod
    def name_of(fact: Fact) -> str | None:
        return None

    def _happen(self, task: dict[str, Any]) -> None:
        self.happened[f"{task['taskArn']}@{task['version']}"] = self.now

    def _shown(self) -> list[dict[str, Any]]:
        hour_ago = (self.now - timedelta(hours=1)).timestamp()
        return [task for task in self._tasks if task.get("stoppedAt", task["stoppingAt"]) >= hour_ago]

    def _list(self, cluster: str, desiredStatus: str, nextToken: str | None = None) -> dict[str, Any]:  # noqa: N803
        assert (cluster, desiredStatus) == (CLUSTER, "STOPPED")
        return paged([task["taskArn"] for task in self._shown()], 4, "taskArns", "nextToken", nextToken)

    def _describe(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert cluster == CLUSTER
        assert len(tasks) <= 100
        shown = [dict(task) for task in self._shown() if task["taskArn"] in tasks]
        return {"tasks": shown, "failures": []}


class SurveyWorld(World):
    """An account whose stacks come, change and go."""

    def __init__(self) -> None:
        self.source: Source = Stacks(lambda name, _arn: name.startswith("shop"))
        self.target = survey_of(STACK)
        self.now = NOON
        self.happened: dict[str, datetime] = {}
        self._stacks: dict[str, dict[str, Any]] = {}
        self._add("other")
        self._add("shop-0")

    def script(self, aws: ScriptedAws) -> None:
        aws.on("cloudformation:ListStacks", self._list)

    def change(self, kind: int) -> None:
        self.now += TICK
        arns = sorted(self._stacks)
        stack = self._stacks[arns[kind % len(arns)]]
        if kind % 5 == 0:
            self._add(f"shop-{len(arns)}")
        elif stack["StackStatus"] == "DELETE_COMPLETE":
            return
        elif kind % 5 == 1:
            stack |= {"StackStatus": "DELETE_COMPLETE", "DeletionTime": to_rfc3339(self.now)}
        else:
            was_done = stack["StackStatus"] == "UPDATE_COMPLETE"
            stack["StackStatus"] = "UPDATE_IN_PROGRESS" if was_done else "UPDATE_COMPLETE"

    def states(self) -> dict[str, Any]:
        return {arn: row for arn, row in self._watched().items() if row["StackStatus"] != "DELETE_COMPLETE"}

    def gone(self) -> dict[str, Any]:
        return {arn: row for arn, row in self._watched().items() if row["StackStatus"] == "DELETE_COMPLETE"}

    def _watched(self) -> dict[str, dict[str, Any]]:
        return {arn: dict(row) for arn, row in self._stacks.items() if row["StackName"].startswith("shop")}

    @staticmethod
    def name_of(fact: Fact) -> str | None:
        return fact.source

    def _list(self, StackStatusFilter: list[str], NextToken: str | None = None) -> dict[str, Any]:  # noqa: N803
        rows = [dict(row) for row in self._stacks.values() if row["StackStatus"] in StackStatusFilter]
        return paged(rows, 2, "StackSummaries", "NextToken", NextToken)

    def _add(self, name: str) -> None:
        arn = f"arn:aws:cloudformation:{ACCOUNT}:stack/{name}/{len(self._stacks)}"
        self._stacks[arn] = {
            "StackId": arn,
            "StackName": name,
            "StackStatus": "CREATE_COMPLETE",
            "CreationTime": to_rfc3339(self.now),
            "Invented": ["field"],
        }


WORLDS: dict[str, Callable[[], World]] = {
    "stack_events": StackWorld,
    "services": ServiceWorld,
    "stopped_tasks": TaskWorld,
    "stacks": SurveyWorld,
}
