"""ECS clusters, services and tasks as they stood at any moment of their history."""

import orjson

from forensics.model.identity import Arn
from forensics.model.record import JsonObject
from forensics.serve.moments import Moments, Told

EVENTS_SHOWN = 100
"""DescribeServices gives "a maximum of 100 of the latest events"."""

STOPPED_SHOWN_FOR_S = 3600
"""DescribeTasks: "stopped tasks appear in the returned results for at least one hour"."""


class Service:
    """One ECS service: what DescribeServices says, its events, its service deployments.

    Args:
        arn: The service's ARN.
    """

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.name = arn.rsplit("/", 1)[-1]
        self.states: Moments[Told] = Moments()
        """The DescribeServices payload without its events, each time that it changed."""
        self.events: Moments[Told] = Moments()
        self.deployments: dict[str, Moments[Told]] = {}
        """What DescribeServiceDeployments says, by the service deployment's ARN."""

    def status(self, now: float) -> str | None:
        """Return ACTIVE, DRAINING or INACTIVE; None before the service exists."""
        state = self.states.newest(now)
        return None if state is None else state.text("status")

    def description(self, now: float) -> orjson.Fragment | None:
        """Return what DescribeServices says, with the newest events, newest first; None before it exists."""
        state = self.states.newest(now)
        if state is None:
            return None
        count = self.events.count(now)
        newest = reversed(self.events.between(max(0, count - EVENTS_SHOWN), count))
        events = b"[" + b",".join(told.json for told in newest) + b"]"
        return orjson.Fragment(orjson.dumps({**state.payload, "events": orjson.Fragment(events)}))

    def shown_deployments(self, now: float) -> list[Told]:
        """Return the service deployments, newest first; none once the service is gone.

        AWS: "Amazon ECS deletes the service deployment when you delete a service".
        """
        if self.status(now) in (None, "DRAINING", "INACTIVE"):
            return []
        told = [state for moments in self.deployments.values() if (state := moments.newest(now)) is not None]
        return sorted(told, key=deployment_key, reverse=True)


class Task:
    """One task, in each of its versions.

    Args:
        arn: The task's ARN.
    """

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self.id = arn.rsplit("/", 1)[-1]
        self.versions: Moments[Told] = Moments()

    def shown(self, now: float) -> Told | None:
        """Return the task's newest version; None before it exists and an hour after it stopped."""
        told = self.versions.newest(now)
        if told is None:
            return None
        stopped_at = told.payload.get("stoppedAt")
        if isinstance(stopped_at, float | int) and now - stopped_at >= STOPPED_SHOWN_FOR_S:
            return None
        return told


class Cluster:
    """One ECS cluster with all that ran in it.

    Args:
        arn: The cluster's ARN.
    """

    def __init__(self, arn: Arn) -> None:
        self.arn = str(arn)
        self.name = arn.resource.rsplit("/", 1)[-1]
        self.services: dict[str, Service] = {}
        """By name."""
        self.tasks: dict[str, Task] = {}
        """By id."""
        self._by_arn: list[Task] = []
        self._is_active: Moments[bool] = Moments()
        self._seen_at = float("inf")

    def seen(self, at: float) -> None:
        """Note that something in the cluster proves that it existed at a moment."""
        self._seen_at = min(self._seen_at, at)

    def changed(self, at: float, *, is_active: bool) -> None:
        """Note that a stack created or deleted the cluster."""
        self._is_active.add(at, is_active)

    def is_active(self, now: float) -> bool | None:
        """Return whether the cluster can be asked about; None before it exists."""
        told = self._is_active.newest(now)
        return told if told is not None else (True if now >= self._seen_at else None)

    def task_list(self, now: float) -> list[Told]:
        """Return the tasks that AWS still shows, by ARN."""
        if len(self._by_arn) != len(self.tasks):
            self._by_arn = sorted(self.tasks.values(), key=lambda task: task.arn)
        return [shown for task in self._by_arn if (shown := task.shown(now)) is not None]


def deployment_key(told: Told) -> str:
    """Return what service deployments are listed by: their creation, then their ARN."""
    return f"{created_at(told.payload):020.6f} {told.text('serviceDeploymentArn')}"


def created_at(payload: JsonObject) -> float:
    """Return an ECS payload's createdAt in seconds since 1970; 0 where it has none."""
    at = payload.get("createdAt")
    return float(at) if isinstance(at, int | float) else 0.0
