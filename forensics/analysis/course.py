"""The course of attempts: their resources and services over time, as everything that draws them needs it."""

from collections.abc import Sequence

import msgspec

from forensics.analysis.attempts import Operation, cut, operations_of, roots
from forensics.analysis.resources import StackRow, resources_of
from forensics.analysis.service_rows import ServiceRow, services_in, services_known, services_of, strays_of
from forensics.analysis.timeline import Timeline
from forensics.model.finding import Attempt, Diagnosis


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What attempts went through, row by row."""

    since: str
    """The earliest moment on any row, RFC 3339; "" where there is no row."""
    until: str
    """The latest moment on any row, or for what is still going on the newest that is known."""
    attempts: tuple[Attempt, ...]
    """Oldest first; empty where services stand alone."""
    stacks: tuple[StackRow, ...]
    """Depth first, each root before the stacks nested in it."""
    services: tuple[ServiceRow, ...]


def course_of(timeline: Timeline, operations: Sequence[Operation] | None = None) -> Course:
    """Return the course of attempts.

    Args:
        timeline: Everything known.
        operations: Which attempts; None for all of them, and for the services and tasks of no stack too.
    """
    if operations is None:
        chosen = [item for arn in roots(timeline.stacks) for item in cut(timeline.stacks[arn])]
        stacks = resources_of(timeline, chosen)
        arns = [*services_in(stacks), *services_known(timeline)]
        services = services_of(timeline, (), arns) + strays_of(timeline, arns)
    else:
        chosen = sorted(operations, key=lambda item: item.started_at)
        stacks = resources_of(timeline, chosen)
        services = services_of(timeline, [item.window for item in chosen], services_in(stacks))
    moments = sorted(_moments(stacks, services))
    is_open = any(item.ended_at is None for item in chosen)
    return Course(
        since=moments[0] if moments else "",
        until=max(moments[-1], timeline.last_at if is_open else "") if moments else "",
        attempts=tuple(item.attempt for item in sorted(chosen, key=lambda item: item.started_at)),
        stacks=stacks,
        services=services,
    )


def course_behind(timeline: Timeline, diagnosis: Diagnosis) -> Course:
    """Return the course of the attempts that a diagnosis explains; where it explains none, of the newest.

    Args:
        timeline: What the diagnosis was made from.
        diagnosis: With its attempts numbered.
    """
    stacks = operations_of(timeline)
    operations = [operation for found in stacks.values() for operation in found]
    wanted = {finding.attempt for finding in diagnosis.findings} - {None}
    chosen = [item for item in operations if item.number in wanted]
    if not chosen and operations and not diagnosis.findings:
        chosen = [max(operations, key=lambda item: item.started_at)]
    return course_of(timeline, chosen or None)


def _moments(stacks: Sequence[StackRow], services: Sequence[ServiceRow]) -> set[str]:
    intervals = [
        item
        for row in stacks
        for some in (row.own, *(one.intervals for one in row.resources))
        for item in some
    ]
    found = {item.started_at for item in intervals} | {item.ended_at or "" for item in intervals}
    for service in services:
        for task in service.tasks:
            found |= {task.created_at, task.stopped_at}
        for deployment in service.deployments:
            found |= {deployment.started_at, deployment.ended_at or ""}
        found |= {item.at for item in service.messages} | {item.at for item in service.counts}
    return found - {""}
