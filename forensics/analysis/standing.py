"""Services and tasks that no failed stack explains: how their own newest deployment went."""

import re
from collections.abc import Collection, Sequence

import msgspec

from forensics.analysis import findings
from forensics.analysis.attempts import FAILED, IN_PROGRESS, SUCCESS
from forensics.analysis.ecs import ServiceCase, case
from forensics.analysis.notable import failed_by_itself
from forensics.analysis.patterns.complete_but_failed import complete_but_failed, owners
from forensics.analysis.patterns.of_service import patterns_of
from forensics.analysis.reasons import group
from forensics.analysis.shapes import ECS_SERVICE, Deployment, Task
from forensics.analysis.timeline import Timeline, Window
from forensics.model.finding import CONTEXT, Finding

_ROLLING_BACK = re.compile(r"rolling back to deployment(?:Id)?:? (ecs-svc/\w+)", re.IGNORECASE)
_OF_SERVICE = "service:"
_LOOSE_SHOWN = 3
_FEWEST_FAILING = 3
_STATES = {"COMPLETED": SUCCESS, "FAILED": FAILED, "IN_PROGRESS": IN_PROGRESS}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How services stand by themselves."""

    findings: tuple[Finding, ...]
    outcomes: list[str]
    """Of each service: failed, succeeded or in_progress."""


def explain_services(timeline: Timeline, *, without: Collection[str]) -> Standing:
    """Return how the newest deployment of each service went, and why where it failed.

    The services come in the order in which records first told of them.

    Args:
        timeline: Everything known.
        without: ARNs of services that a stack's failure has explained already.
    """
    made: list[Finding] = []
    outcomes: list[str] = []
    owned = owners(timeline)
    for service in dict.fromkeys([*timeline.deployments, *timeline.service_events]):
        if service in without:
            continue
        deployment, outcome = _newest(timeline, service)
        window = Window(since=deployment.at if deployment else "", until=None)
        if outcome == SUCCESS:
            outcomes.append(outcome)
            made += _since_completed(timeline, service, deployment)
            continue
        known = _of_deployment(case(timeline, service, Window(since="", until=None)), deployment)
        about = _findings(known, timeline, window, failing=outcome == FAILED)
        if outcome or about:
            outcomes.append(outcome or FAILED)
        made += about
        beside = complete_but_failed(known, timeline, owned) if outcome == FAILED else None
        made += [beside] if beside else []
        made += patterns_of(known, timeline, Window(since="", until=None), owned.get(service))
    return Standing(findings=tuple(made), outcomes=outcomes)


def _since_completed(timeline: Timeline, service: str, deployment: Deployment | None) -> list[Finding]:
    """Return why tasks fail of a service whose deployment went well and that runs too few of them now."""
    states = timeline.states.get(service, [])
    done = [item for item in timeline.deployments.get(service, []) if deployment and item.id == deployment.id]
    completed_at = next((item.at for item in done if item.rollout_state == "COMPLETED"), None)
    if deployment is None or completed_at is None or not states or states[-1].running >= states[-1].desired:
        return []
    known = case(timeline, service, Window(since=completed_at, until=None))
    failing = [
        task
        for task in timeline.tasks_by_starter.get(deployment.id, [])
        if task.at > completed_at and failed_by_itself(task)
    ]
    if len(failing) < _FEWEST_FAILING:
        return []
    since = msgspec.structs.replace(known, deployments=(deployment.id,), groups=tuple(group(failing)))
    window = Window(since=completed_at, until=None)
    made = _findings(since, timeline, window, failing=True)
    return [
        msgspec.structs.replace(
            item, role=CONTEXT, why=f"The deployment had completed at {completed_at}. {item.why}"
        )
        for item in made
    ]


def explain_tasks(timeline: Timeline) -> Standing:
    """Return why tasks failed where no service or stack is known: scheduled and one-off ones too."""
    window = Window(since="", until=None)
    stopped = [task for task in timeline.tasks.values() if not _is_done(task)]
    failing = [task for task in stopped if failed_by_itself(task)]
    known = ServiceCase(
        arn="", deployments=(), failed_tasks=0, groups=tuple(group(failing or stopped)), messages=()
    )
    made = _findings(known, timeline, window, failing=True)
    return Standing(findings=tuple(made), outcomes=[FAILED] if made else [])


def explain_loose_tasks(timeline: Timeline) -> list[Finding]:
    """Return why tasks failed that belong to no service: beside services and stacks they are context."""
    loose = [
        task
        for task in timeline.tasks.values()
        if not task.group.startswith(_OF_SERVICE) and not _is_done(task) and failed_by_itself(task)
    ]
    known = ServiceCase(arn="", deployments=(), failed_tasks=0, groups=tuple(group(loose)), messages=())
    made = (
        _findings(known, timeline, Window(since="", until=None), failing=True)[:_LOOSE_SHOWN] if loose else []
    )
    return [msgspec.structs.replace(item, role=CONTEXT) for item in made]


def _is_done(task: Task) -> bool:
    """Return whether a task of no service did its work and ended, as it should."""
    codes = [container.exit_code for container in task.containers]
    return (
        not task.group.startswith(_OF_SERVICE)
        and task.stop_code == "EssentialContainerExited"
        and bool(codes)
        and all(code == 0 for code in codes)
    )


def deleted_services(timeline: Timeline) -> set[str]:
    """Return the ARNs of the services whose stack deleted them: how they stood last says nothing now."""
    gone: set[str] = set()
    for events in timeline.stacks.values():
        for event in events:
            if event.resource_type != ECS_SERVICE or not event.physical_id:
                continue
            (gone.add if event.status == "DELETE_COMPLETE" else gone.discard)(event.physical_id)
    return gone


def newest_deployment(
    snapshots: list[Deployment], rolled_back: Collection[str]
) -> tuple[Deployment | None, str | None]:
    """Return the deployment that decides and how it went; a rollback's own deployment never decides.

    Args:
        snapshots: Of one service, in the order they were seen.
        rolled_back: Ids of deployments that a failed one was rolled back to.

    Returns:
        The deciding deployment's last snapshot and its outcome; (None, None) where none is known.
    """
    last = {item.id: item for item in snapshots}
    order = _in_order(snapshots)
    failed = [name for name in order if last[name].rollout_state == "FAILED"]
    others = [name for name in order if name not in failed and name not in rolled_back]
    newest = [name for name in order if name in failed[-1:] + others[-1:]]
    if not newest:
        newest = order[-1:]
    if not newest:
        return None, None
    chosen = last[newest[-1]]
    return chosen, _STATES.get(chosen.rollout_state)


def _in_order(snapshots: Sequence[Deployment]) -> list[str]:
    """Return the ids of deployments, oldest first: by when they were made, else as they were first seen.

    AWS lists a service's newest deployment first, so the order in which they were seen proves little.
    """
    first = {item.id: item for item in reversed(snapshots)}
    seen = list(dict.fromkeys(item.id for item in snapshots))
    if all(item.created_at for item in first.values()):
        return sorted(seen, key=lambda name: first[name].created_at)
    return seen


def _of_deployment(known: ServiceCase, chosen: Deployment | None) -> ServiceCase:
    """Return the case with only the tasks of one deployment, where that is known."""
    if chosen is None:
        return known
    tasks = [task for found in known.groups for task in found.tasks if task.started_by in {chosen.id, ""}]
    return msgspec.structs.replace(known, deployments=(chosen.id,), groups=tuple(group(tasks)))


def _findings(known: ServiceCase, timeline: Timeline, window: Window, *, failing: bool) -> list[Finding]:
    if not known.groups and not failing and not known.messages:
        return []
    why = "" if known.groups else "The service's scheduler says so."
    return findings.of_case(known, timeline, window, failure=None, why=why)


def _newest(timeline: Timeline, service: str) -> tuple[Deployment | None, str | None]:
    """Return the deployment of a service that decides, and how it went."""
    snapshots = timeline.deployments.get(service, [])
    deployment, outcome = newest_deployment(snapshots, _rolled_back_to(timeline, service))
    if outcome in {SUCCESS, None} and _is_undone(timeline, service):
        return None, FAILED
    if outcome is None and _says_failed(timeline, service):
        return deployment, FAILED
    return deployment, outcome


def _is_undone(timeline: Timeline, service: str) -> bool:
    """Return whether the newest service deployment was stopped or rolled back."""
    known = timeline.service_deployments.get(service, {}).values()
    newest = max(known, key=lambda item: (item.created_at, item.at), default=None)
    return newest is not None and newest.is_undone


def _rolled_back_to(timeline: Timeline, service: str) -> set[str]:
    texts = [event.message for event in timeline.service_events.get(service, [])]
    texts += [item.rollout_reason for item in timeline.deployments.get(service, [])]
    return {name for text in texts for name in _ROLLING_BACK.findall(text)}


def _says_failed(timeline: Timeline, service: str) -> bool:
    return any(
        "deployment failed" in event.message.lower() for event in timeline.service_events.get(service, [])
    )
