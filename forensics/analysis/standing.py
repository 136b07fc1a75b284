"""Services and tasks that no failed stack explains: how their own newest deployment went."""

import re
from collections.abc import Collection

import msgspec

from forensics.analysis import findings
from forensics.analysis.attempts import FAILED, IN_PROGRESS, SUCCESS
from forensics.analysis.ecs import ServiceCase, case
from forensics.analysis.notable import failed_by_itself
from forensics.analysis.reasons import group
from forensics.analysis.shapes import ECS_SERVICE, Deployment
from forensics.analysis.timeline import Timeline, Window
from forensics.model.finding import Finding

_ROLLING_BACK = re.compile(r"rolling back to deployment(?:Id)?:? (ecs-svc/\w+)", re.IGNORECASE)
_STATES = {"COMPLETED": SUCCESS, "FAILED": FAILED, "IN_PROGRESS": IN_PROGRESS}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How services stand by themselves."""

    findings: tuple[Finding, ...]
    outcomes: list[str]
    """Of each service: failed, succeeded or in_progress."""


def explain_services(timeline: Timeline, *, without: Collection[str]) -> Standing:
    """Return how the newest deployment of each service went, and why where it failed.

    Args:
        timeline: Everything known.
        without: ARNs of services that a stack's failure has explained already.
    """
    made: list[Finding] = []
    outcomes: list[str] = []
    for service in sorted({*timeline.deployments, *timeline.service_events} - set(without)):
        snapshots = timeline.deployments.get(service, [])
        rolled_back = _rolled_back_to(timeline, service)
        failed, outcome = newest_deployment(snapshots, rolled_back)
        if outcome is None:
            outcome = FAILED if _says_failed(timeline, service) else None
        if outcome is not None:
            outcomes.append(outcome)
        if outcome in {FAILED, IN_PROGRESS} or outcome is None:
            window = Window(since=failed.at if failed else "", until=None)
            known = _of_deployment(case(timeline, service, Window(since="", until=None)), failed)
            about = _findings(known, timeline, window, failing=outcome == FAILED)
            made += about
            if outcome is None and about:
                outcomes.append(FAILED)
    return Standing(findings=tuple(made), outcomes=outcomes)


def explain_tasks(timeline: Timeline) -> Standing:
    """Return why tasks failed that belong to no known service or stack: scheduled and one-off ones."""
    window = Window(since="", until=None)
    failing = [task for task in timeline.tasks.values() if failed_by_itself(task)]
    groups = group(failing or timeline.tasks.values())
    known = ServiceCase(arn="", deployments=(), failed_tasks=0, groups=tuple(groups), messages=())
    made = _findings(known, timeline, window, failing=True)
    return Standing(findings=tuple(made), outcomes=[FAILED] if made else [])


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
    order = list(dict.fromkeys(item.id for item in snapshots))
    failed = [name for name in order if last[name].rollout_state == "FAILED"]
    others = [name for name in order if name not in failed and name not in rolled_back]
    newest = [name for name in order if name in failed[-1:] + others[-1:]]
    if not newest:
        newest = order[-1:]
    if not newest:
        return None, None
    chosen = last[newest[-1]]
    return chosen, _STATES.get(chosen.rollout_state)


def _of_deployment(known: ServiceCase, chosen: Deployment | None) -> ServiceCase:
    """Return the case with only the tasks of one deployment, where that is known."""
    if chosen is None:
        return known
    tasks = [task for found in known.groups for task in found.tasks if task.started_by in {chosen.id, ""}]
    return msgspec.structs.replace(known, deployments=(chosen.id,), groups=tuple(group(tasks)))


def _findings(known: ServiceCase, timeline: Timeline, window: Window, *, failing: bool) -> list[Finding]:
    if not known.groups:
        if not failing and not known.messages:
            return []
        finding = findings.of_service(
            known, timeline, window, failure=None, why="The service's scheduler says so."
        )
        return [finding] if finding else []
    return [
        findings.of_tasks(
            known,
            found,
            timeline,
            window,
            failure=None,
            why=f"{len(found.tasks)} of {known.task_count} stopped tasks give this reason.",
        )
        for found in known.groups
    ]


def _rolled_back_to(timeline: Timeline, service: str) -> set[str]:
    texts = [event.message for event in timeline.service_events.get(service, [])]
    texts += [item.rollout_reason for item in timeline.deployments.get(service, [])]
    return {name for text in texts for name in _ROLLING_BACK.findall(text)}


def _says_failed(timeline: Timeline, service: str) -> bool:
    return any(
        "deployment failed" in event.message.lower() for event in timeline.service_events.get(service, [])
    )
