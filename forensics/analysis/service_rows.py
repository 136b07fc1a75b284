"""Services over time: when their tasks started and stopped, and how their deployments went.

`services_of` gives one `ServiceRow` for each service, with rows for its tasks and deployments: the same
model for services that `forensics.analysis.resources` is for resources.
"""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.analysis.findings import streams_of
from forensics.analysis.notable import failed_by_itself, is_asked_for
from forensics.analysis.resources import StackRow, gaps_of
from forensics.analysis.service_shapes import ServiceState
from forensics.analysis.shapes import ECS_SERVICE, Deployment, ServiceEvent, Task
from forensics.analysis.timeline import Timeline, Window
from forensics.analysis.wording import reasons_of, short_name
from forensics.model.identity import ServiceId, is_home, parse_service_arn
from forensics.model.record import Gap


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stopped task."""

    arn: str
    deployment: str
    """What started it: the deployment's id for a service's task; "" where that is not known."""
    task_definition: str
    images: tuple[str, ...]
    """Of its containers, in AWS's order."""
    created_at: str
    """RFC 3339; "" where that is not known. So are the next two."""
    started_at: str
    """When its containers ran; "" where they never did."""
    stopped_at: str
    exit_codes: tuple[int, ...]
    """Of the containers that gave one, in AWS's order."""
    stop_code: str
    reason: str
    """Everything that it says about its end."""
    has_failed: bool
    """Whether it stopped because of itself; False where somebody wanted it to stop."""
    is_wanted: bool
    """Whether the scheduler stopped it with nothing wrong."""
    seq: int


class DeploymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment as it was last seen."""

    id: str
    task_definition: str
    started_at: str
    """When AWS says it was created, else when it was first seen."""
    ended_at: str | None
    """When it was first seen in its last state; None while it is IN_PROGRESS."""
    state: str
    """IN_PROGRESS, COMPLETED or FAILED; "" where the service has no rolling deployments."""
    reason: str
    failed_tasks: int
    """The most that was seen: AWS resets the number once a task runs."""
    seq: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks a service wanted and had at one moment."""

    at: str
    desired: int
    running: int
    pending: int


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One service, or the tasks of one group that belongs to none."""

    arn: str
    """"" for tasks that belong to no known service."""
    name: str
    cluster: str
    """Name of its cluster."""
    tasks: tuple[TaskRow, ...]
    """Stopped tasks, the earliest created first."""
    deployments: tuple[DeploymentRow, ...]
    """In the order in which they began."""
    counts: tuple[Counts, ...]
    """Desired, running and pending tasks each time that AWS said them, oldest first."""
    messages: tuple[ServiceEvent, ...]
    """What its scheduler said, oldest first."""
    gaps: tuple[Gap, ...]
    """When it or its tasks could not be read, recovered gaps included."""


def services_in(stacks: Iterable[StackRow]) -> list[str]:
    """Return the ARNs of the services that stacks made, in the order of the rows."""
    found = [
        resource.physical_id
        for stack in stacks
        for resource in stack.resources
        if resource.resource_type == ECS_SERVICE and parse_service_arn(resource.physical_id)
    ]
    return list(dict.fromkeys(found))


def services_known(timeline: Timeline) -> list[str]:
    """Return the ARNs of the services that spoke for themselves, whatever stack they belong to."""
    return list(dict.fromkeys([*timeline.deployments, *timeline.service_events, *timeline.states]))


def services_of(timeline: Timeline, windows: Sequence[Window], arns: Sequence[str]) -> tuple[ServiceRow, ...]:
    """Return the rows of services, in the order of their ARNs as given.

    Args:
        timeline: Everything known.
        windows: The spans that matter; what touches none of them leaves no trace. Empty for all time.
        arns: The services wanted.
    """
    tasks = _by_group(timeline)
    return tuple(_service(timeline, arn, _spans(windows), tasks) for arn in dict.fromkeys(arns))


def strays_of(timeline: Timeline, arns: Sequence[str]) -> tuple[ServiceRow, ...]:
    """Return a row for each group of tasks that belongs to none of some services, such as scheduled ones."""
    services: dict[str, list[ServiceId | None]] = {}
    for arn in arns:
        services.setdefault(_group_of(arn), []).append(parse_service_arn(arn))
    return tuple(
        _strays(name, short_name(cluster), found)
        for name, clusters in _by_group(timeline).items()
        for cluster, found in clusters.items()
        if not any(service is None or is_home(cluster, service) for service in services.get(name, ()))
    )


def _spans(windows: Sequence[Window]) -> Sequence[Window]:
    return windows or [Window(since="", until=None)]


def _by_group(timeline: Timeline) -> dict[str, dict[str, list[Task]]]:
    """Return the tasks by group and by their cluster's ARN."""
    groups: dict[str, dict[str, list[Task]]] = {}
    for task in timeline.tasks.values():
        groups.setdefault(task.group, {}).setdefault(task.cluster, []).append(task)
    return groups


def _group_of(arn: str) -> str:
    service = parse_service_arn(arn)
    return f"service:{service.name}" if service else arn


def _service(
    timeline: Timeline, arn: str, spans: Sequence[Window], tasks: dict[str, dict[str, list[Task]]]
) -> ServiceRow:
    service = parse_service_arn(arn)
    mine = [
        task
        for cluster, found in tasks.get(_group_of(arn), {}).items()
        if service is None or is_home(cluster, service)
        for task in found
    ]
    where = service.cluster if service else ""
    where = where or (short_name(mine[0].cluster) if mine else "")
    cluster_arn = mine[0].cluster if mine else arn.replace(":service/", ":cluster/").rpartition("/")[0]
    return ServiceRow(
        arn=arn,
        name=short_name(arn),
        cluster=where,
        tasks=_tasks(mine, spans),
        deployments=_deployments(timeline.deployments.get(arn, []), spans),
        counts=tuple(_counts(item) for item in timeline.states.get(arn, []) if _within(item.at, spans)),
        messages=tuple(item for item in timeline.service_events.get(arn, []) if _within(item.at, spans)),
        gaps=gaps_of(timeline, streams_of(arn, cluster_arn), spans),
    )


def _counts(state: ServiceState) -> Counts:
    return Counts(at=state.at, desired=state.desired, running=state.running, pending=state.pending)


def _strays(name: str, cluster: str, tasks: Sequence[Task]) -> ServiceRow:
    return ServiceRow(
        arn="", name=name, cluster=cluster, tasks=_tasks(tasks, _spans(())),
        deployments=(), counts=(), messages=(), gaps=(),
    )  # fmt: skip


def _within(at: str, spans: Sequence[Window]) -> bool:
    return any(span.holds(at) for span in spans)


def _tasks(tasks: Iterable[Task], spans: Sequence[Window]) -> tuple[TaskRow, ...]:
    rows = [_task(task) for task in tasks if _touches(task, spans)]
    return tuple(sorted(rows, key=lambda row: (row.created_at or row.stopped_at, row.seq)))


def _touches(task: Task, spans: Sequence[Window]) -> bool:
    since = task.created_at or task.at
    return any(span.touches(since, max(since, task.stopped_at or task.at)) for span in spans)


def _task(task: Task) -> TaskRow:
    return TaskRow(
        arn=task.arn,
        deployment=task.started_by,
        task_definition=task.task_definition,
        images=tuple(item.image for item in task.containers if item.image),
        created_at=task.created_at,
        started_at=task.started_at,
        stopped_at=task.stopped_at or task.at,
        exit_codes=tuple(item.exit_code for item in task.containers if item.exit_code is not None),
        stop_code=task.stop_code,
        reason=reasons_of(task),
        has_failed=failed_by_itself(task),
        is_wanted=is_asked_for(task),
        seq=task.seq,
    )


def _deployments(snapshots: Sequence[Deployment], spans: Sequence[Window]) -> tuple[DeploymentRow, ...]:
    seen: dict[str, list[Deployment]] = {}
    for item in snapshots:
        seen.setdefault(item.id, []).append(item)
    rows = [_deployment(found) for found in seen.values()]
    inside = [row for row in rows if any(span.touches(row.started_at, row.ended_at) for span in spans)]
    return tuple(sorted(inside, key=lambda row: (row.started_at, row.seq)))


def _deployment(snapshots: Sequence[Deployment]) -> DeploymentRow:
    """Return one deployment's row.

    Args:
        snapshots: Of the deployment, in the order they were seen; at least one.
    """
    last = snapshots[-1]
    ended = None
    for item in reversed(snapshots):
        if item.rollout_state != last.rollout_state:
            break
        ended = item
    is_over = last.rollout_state in {"COMPLETED", "FAILED"}
    return DeploymentRow(
        id=last.id,
        task_definition=last.task_definition,
        started_at=last.created_at or min(item.at for item in snapshots),
        ended_at=ended.at if ended is not None and is_over else None,
        state=last.rollout_state,
        reason=last.rollout_reason,
        failed_tasks=max(item.failed_tasks for item in snapshots),
        seq=last.seq,
    )
