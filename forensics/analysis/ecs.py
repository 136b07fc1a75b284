"""From a service that failed to the tasks that say why."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from forensics.analysis.names import after_service
from forensics.analysis.notable import failed_by_itself, is_asked_for, is_quiet
from forensics.analysis.reasons import ReasonGroup, group
from forensics.analysis.shapes import Deployment, ServiceEvent, StackEvent, Task
from forensics.analysis.timeline import Timeline, Window
from forensics.model.identity import is_home, parse_service_arn

_DEPLOYMENT = re.compile(r"\(deployment (ecs-svc/\w+)\)|(?<![\w/])(ecs-svc/\w+)")
_SERVICE_ARN = re.compile(r"arn:aws[\w-]*:ecs:[\w-]+:\d*:service/[\w/-]+")


class ServiceCase(msgspec.Struct, frozen=True, kw_only=True):
    """What the archive holds about the failure of one service."""

    arn: str
    """ARN of the service."""
    deployments: tuple[str, ...]
    """Ids of the deployments that failed, or were in progress when it did."""
    failed_tasks: int
    """The most that any snapshot counted: AWS resets the number once a task runs."""
    groups: tuple[ReasonGroup, ...]
    """The stopped tasks by reason, the largest group first."""
    messages: tuple[ServiceEvent, ...]
    """What the scheduler said about trouble, oldest first."""

    @property
    def task_count(self) -> int:
        """How many stopped tasks stand behind the groups."""
        return sum(len(found.tasks) for found in self.groups)


def service_of(failure: StackEvent, events: Sequence[StackEvent]) -> str | None:
    """Return the ARN of the service that a failed resource made, or None where no event names it.

    Args:
        failure: The event of the failure.
        events: The operation's events: an earlier one of the same resource may hold the id.
    """
    same = [event for event in events if event.stack_id == failure.stack_id]
    for event in [failure, *(event for event in same if event.logical_id == failure.logical_id)]:
        if parse_service_arn(event.physical_id):
            return event.physical_id
    named = _SERVICE_ARN.search(failure.reason)
    return named.group() if named else None


def case(timeline: Timeline, service: str, window: Window) -> ServiceCase:
    """Return what happened to a service in a span of time.

    Tasks belong to it because they name the deployment (startedBy), or, where no deployment is known, the
    service (group); that they stopped at the same time proves nothing.

    Args:
        timeline: Everything known.
        service: ARN of the service.
        window: The operation's span.
    """
    known = [item for item in timeline.deployments.get(service, []) if window.holds(item.at)]
    messages = [
        item
        for item in timeline.service_events.get(service, [])
        if window.holds(item.at) and _is_trouble(item.message)
    ]
    ids = failed_deployments(known, messages)
    messages += [item for item in _own_reasons(timeline, service, ids) if window.holds(item.at)]
    messages.sort(key=lambda item: (item.at, item.seq))
    stopped = _tasks_of(timeline, service, ids, window)
    failing = [task for task in stopped if failed_by_itself(task)]
    chosen = failing or [task for task in stopped if not is_asked_for(task)]
    return ServiceCase(
        arn=service,
        deployments=ids,
        failed_tasks=max((item.failed_tasks for item in known if item.id in ids), default=0),
        groups=tuple(group(chosen)),
        messages=tuple(messages),
    )


def _is_trouble(message: str) -> bool:
    return not is_quiet(message) and "completed" not in after_service(message)


def _own_reasons(timeline: Timeline, service: str, ids: Sequence[str]) -> list[ServiceEvent]:
    """Return what deployments say themselves about their end, in the shape of the scheduler's messages."""
    said = [
        ServiceEvent(seq=item.seq, key=item.key, at=item.at, service=service, message=item.text)
        for item in timeline.service_deployments.get(service, {}).values()
        if item.is_undone
    ]
    failed = {
        item.id: item
        for item in timeline.deployments.get(service, [])
        if item.id in ids and item.rollout_state == "FAILED" and item.rollout_reason
    }
    return said + [
        ServiceEvent(seq=item.seq, key=item.key, at=item.at, service=service, message=item.rollout_reason)
        for item in failed.values()
    ]


def failed_deployments(known: Iterable[Deployment], messages: Iterable[ServiceEvent]) -> tuple[str, ...]:
    """Return the ids of the deployments that failed; where none did, of those that had failing tasks.

    Args:
        known: Snapshots of deployments, in the order they were seen.
        messages: What the scheduler said.
    """
    snapshots = list(known)
    ids = [item.id for item in snapshots if item.rollout_state == "FAILED"]
    for item in messages:
        if "deployment failed" in item.message.lower():
            ids += [one or other for one, other in _DEPLOYMENT.findall(item.message)]
    if not ids:
        ids = [item.id for item in snapshots if item.failed_tasks > 0]
    if not ids:
        ids = [item.id for item in snapshots if item.rollout_state == "IN_PROGRESS"]
    return tuple(dict.fromkeys(ids))


def _tasks_of(timeline: Timeline, service: str, deployments: Sequence[str], window: Window) -> list[Task]:
    identity = parse_service_arn(service)
    if identity is None:
        return []
    if deployments:
        named = [task for name in deployments for task in timeline.tasks_by_starter.get(name, [])]
    else:
        # Without a known deployment the service's tasks of the operation are all that there is.
        group_of = timeline.tasks_by_group.get(f"service:{identity.name}", [])
        named = [task for task in group_of if window.holds(task.at)]
    return [task for task in named if is_home(task.cluster, identity)]
