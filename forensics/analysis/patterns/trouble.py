"""A service in trouble, as patterns over time look at it."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from forensics.analysis.blindness import blind_spots
from forensics.analysis.checks import checks, region_of, values_of_service, values_of_task
from forensics.analysis.claims import Said, claim, subject_of_service
from forensics.analysis.classify import Match
from forensics.analysis.ecs import ServiceCase
from forensics.analysis.rules.rule import Rule
from forensics.analysis.service_shapes import ServiceState
from forensics.analysis.shapes import Deployment, StackEvent, Task
from forensics.analysis.timeline import Timeline, Window
from forensics.model.clock import from_rfc3339
from forensics.model.finding import CONTEXT, Finding
from forensics.model.times import format_duration

COMPLETED = "COMPLETED"
IN_PROGRESS = "IN_PROGRESS"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a service whose deployment failed, or does not get on."""

    case: ServiceCase
    timeline: Timeline
    window: Window
    resource: StackEvent | None
    """An event of the resource that the service is in its stack; None where none is known."""
    deployment: Deployment | None
    """The newest snapshot of the deployment that is in trouble."""
    states: tuple[ServiceState, ...]
    """Snapshots of the service while it was active, in the order they were seen."""
    tasks: tuple[Task, ...]
    """The tasks that stopped in it, oldest first."""

    @property
    def failed_count(self) -> int:
        """How many tasks failed, as far as tasks or counters tell."""
        return max(self.case.failed_tasks, len(self.tasks))

    @property
    def is_over(self) -> bool:
        """Whether the operation that it belongs to has ended: the deployment then ended with it."""
        return self.window.until is not None

    @property
    def until(self) -> str:
        """The newest moment that tells of it; of an ended operation the newest snapshot of the service."""
        if self.window.until is None:
            return self.timeline.last_at
        return self.states[-1].at if self.states else self.window.until

    @property
    def is_failed(self) -> bool:
        """Whether ECS has given the deployment up."""
        return self.deployment is not None and self.deployment.rollout_state == "FAILED"

    def finding(
        self, rule: Rule, cause: str, evidence: list[Said], *, why: str, count: int = 1, first_at: str = ""
    ) -> Finding:
        """Return a finding about the service, as context to why it failed.

        Args:
            rule: What is found.
            cause: The sentence with what was measured.
            evidence: At least one record.
            why: Why it is said.
            count: How many times it was seen.
            first_at: When it began; "" for the first of the evidence.
        """
        values = values_of_service(self.case.arn)
        values |= values_of_task(self.tasks[-1], self.timeline) if self.tasks else {}
        return claim(
            Match(rule, {}),
            subject=subject_of_service(self.case.arn, self.resource),
            evidence=evidence,
            count=count,
            why=why,
            role=CONTEXT,
            cause=cause,
            checks=checks(rule.checks, values, region=region_of(self.case.arn)),
            gaps=blind_spots(self.timeline, [f"services {self.case.arn}"], self.window),
            first_at=first_at,
        )


def trouble_of(
    case: ServiceCase, timeline: Timeline, window: Window, resource: StackEvent | None = None
) -> Trouble | None:
    """Return a service's trouble; None where its deployment went well, or nothing speaks of any.

    Args:
        case: What stands behind the failure.
        timeline: Everything known.
        window: The span that matters.
        resource: An event of the resource that the service is in its stack.
    """
    snapshots = [item for item in timeline.deployments.get(case.arn, []) if item.id in case.deployments]
    deployment = snapshots[-1] if snapshots else None
    if deployment is not None and deployment.rollout_state == COMPLETED:
        return None
    states = [
        item
        for item in timeline.states.get(case.arn, [])
        if item.status in {"ACTIVE", ""} and (window.until is None or item.at <= window.until)
    ]
    tasks = sorted((task for found in case.groups for task in found.tasks), key=lambda task: task.at)
    if deployment is None and not tasks:
        return None
    return Trouble(
        case=case,
        timeline=timeline,
        window=window,
        resource=resource,
        deployment=deployment,
        states=tuple(states),
        tasks=tuple(tasks),
    )


def seconds_from(since: str, until: str) -> float:
    """Return the seconds from one moment to another; 0 where either cannot be read."""
    try:
        return (from_rfc3339(until) - from_rfc3339(since)).total_seconds()
    except ValueError:
        return 0.0


def middle(values: Sequence[float]) -> float:
    """Return the median of at least one value, the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]


def lasting(seconds: float) -> str:
    """Return a length of time for a person: ``1h30m``; whole minutes from ten minutes on."""
    rounded = round(seconds) if seconds < 600 else round(seconds / 60) * 60
    return format_duration(timedelta(seconds=max(0, rounded)))
