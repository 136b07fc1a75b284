"""How a finding is made: what a rule says, and the records that it is said about."""

from collections.abc import Sequence

from forensics.analysis.classify import Match, sentence
from forensics.analysis.service_shapes import ServiceState, TaskDefinition
from forensics.analysis.shapes import Deployment, ServiceEvent, StackEvent, Task
from forensics.analysis.wording import reasons_of, short_name
from forensics.model.finding import CAUSE, Evidence, Finding, Subject
from forensics.model.identity import parse_service_arn, task_id

Said = StackEvent | ServiceEvent | Task | Deployment | ServiceState | TaskDefinition
"""A fact that can be evidence."""


def claim(
    match: Match,
    *,
    subject: Subject,
    evidence: Sequence[Said],
    count: int = 1,
    why: str,
    role: str = CAUSE,
    cause: str | None = None,
    alternatives: tuple[str, ...] = (),
    checks: tuple[str, ...] = (),
    gaps: tuple[str, ...] = (),
    first_at: str = "",
    last_at: str = "",
    exit_codes: tuple[int, ...] = (),
    images: tuple[str, ...] = (),
) -> Finding:
    """Return a finding.

    Args:
        match: The rule, and what it captured.
        subject: What it is about.
        evidence: At least one; in any order.
        count: How many times the same thing was seen.
        why: Why this is said.
        role: cause, rollback or context.
        cause: The cause sentence; None for the rule's own.
        alternatives: What else it could be.
        checks: Commands, quoted.
        gaps: What was not seen.
        first_at: When the first of what was counted happened; "" for the first of the evidence.
        last_at: The same of the last.
        exit_codes: Of the counted tasks' containers.
        images: Of the counted tasks.
    """
    shown = oldest_first(evidence)
    return Finding(
        rule=match.rule.id,
        category=match.rule.category,
        title=match.rule.title,
        cause=sentence(match) if cause is None else cause,
        confidence=match.rule.confidence,
        subject=subject,
        evidence=shown,
        count=count,
        why=why,
        alternatives=alternatives,
        remedy=match.rule.remedy,
        checks=checks,
        docs=match.rule.docs,
        gaps=gaps,
        role=role,
        first_at=first_at or shown[0].at,
        last_at=last_at or shown[-1].at,
        exit_codes=exit_codes,
        images=images,
    )


def subject_of(failure: StackEvent) -> Subject:
    """Return the subject of a failed resource."""
    return Subject(
        stack=failure.stack_id or failure.stack_name or None,
        logical_id=failure.logical_id or None,
        resource_type=failure.resource_type or None,
    )


def subject_of_service(arn: str, resource: StackEvent | None = None, *, task: Task | None = None) -> Subject:
    """Return the subject of a service.

    Args:
        arn: The service's; "" where a task belongs to none.
        resource: An event of the resource that the service is in its stack; None where none is known.
        task: The task that stands for others.
    """
    service = parse_service_arn(arn)
    return Subject(
        stack=resource.stack_id if resource else None,
        logical_id=resource.logical_id if resource else None,
        resource_type=resource.resource_type if resource else None,
        service=service.name if service else arn or None,
        task=task_id(task.arn) if task else None,
    )


def oldest_first(items: Sequence[Said]) -> tuple[Evidence, ...]:
    """Return facts as evidence, each record once, in the order in which they happened."""
    once = {item.seq: item for item in items}
    ordered = sorted(once.values(), key=lambda item: (item.at, item.seq))
    return tuple(Evidence(seq=item.seq, key=item.key, at=item.at, text=text_of(item)) for item in ordered)


def text_of(item: Said) -> str:
    """Return a fact in AWS's own words, whole; a state in AWS's own values."""
    if isinstance(item, StackEvent):
        return item.text
    if isinstance(item, ServiceEvent):
        return item.message
    if isinstance(item, Task):
        return reasons_of(item) or item.stop_code or item.last_status
    if isinstance(item, Deployment):
        return _deployment(item)
    if isinstance(item, ServiceState):
        counts = f"{item.desired} desired, {item.running} running, {item.pending} pending"
        return "; ".join([f"service {item.status}, {counts}", *map(_deployment, item.deployments)])
    return "; ".join([item.arn, *(f"{name}: {image}" for name, image in item.images)])


def _deployment(item: Deployment) -> str:
    state = " ".join(part for part in (item.status, item.rollout_state) if part)
    counts = f"{item.desired} desired, {item.running} running, {item.failed_tasks} failed"
    definition = short_name(item.task_definition)
    said = f"deployment {item.id} {state}: {counts}"
    return "; ".join(part for part in (said, definition, item.rollout_reason) if part)
