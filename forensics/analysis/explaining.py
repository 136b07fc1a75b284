"""Findings about one operation of a stack: its causes, and the tasks behind a failed service."""

from collections.abc import Sequence

import msgspec

from forensics.analysis import findings
from forensics.analysis.attempts import FAILED, IN_PROGRESS, SUCCESS, Operation
from forensics.analysis.causes import Causes, causes
from forensics.analysis.ecs import ServiceCase, case, service_of
from forensics.analysis.patterns.of_service import patterns_of
from forensics.analysis.patterns.stuck_rollback import stuck_rollback
from forensics.analysis.patterns.trouble import trouble_of
from forensics.analysis.patterns.unfinished import unfinished
from forensics.analysis.reasons import normalised
from forensics.analysis.shapes import ECS_SERVICE, StackEvent
from forensics.analysis.statuses import is_consequence
from forensics.analysis.timeline import Timeline
from forensics.model.finding import ROLLBACK, Finding

_AFTER_FIRST = 0.75
"""What the confidence of a failure is multiplied with that came after the first."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation's failure comes down to."""

    findings: tuple[Finding, ...]
    """The cause first."""
    consequences: int
    """Failures that only followed."""
    services: frozenset[str]
    """ARNs of the services that were looked at."""


def explain_attempt(operation: Operation, timeline: Timeline) -> Explanation:
    """Return what an attempt comes down to, whatever its outcome."""
    if operation.outcome == FAILED:
        return explain_operation(operation, timeline)
    return explain_progress(operation, timeline)


def explain_operation(operation: Operation, timeline: Timeline) -> Explanation:
    """Return why an operation failed, what failed while it was undone, and what else is worth knowing."""
    found = causes(operation, timeline.stacks)
    made: list[Finding] = []
    cases: list[tuple[ServiceCase, StackEvent]] = []
    for place, failures in enumerate(_alike(found.first)):
        why = _why(failures[0], found, place)
        service = _service_behind(failures[0], found)
        if service:
            known = case(timeline, service, operation.window)
            cases.append((known, failures[0]))
            about = findings.of_case(known, timeline, operation.window, failure=failures[0], why=why)
        else:
            about = [findings.of_resource(failures, timeline, operation.window, why=why)]
        made += about if place == 0 else [_less_sure(item) for item in about]
    made += _of_rollback(operation, found, timeline)
    cut_short = unfinished(operation, found)
    made += [cut_short] if cut_short else []
    return _explanation(operation, timeline, made, cases, len(found.consequences))


def explain_progress(operation: Operation, timeline: Timeline) -> Explanation:
    """Return what goes wrong in an operation that has not failed: failures so far, and failing tasks."""
    found = causes(operation, timeline.stacks)
    if found.first and operation.outcome == IN_PROGRESS:
        return explain_operation(operation, timeline)
    made: list[Finding] = []
    cases: list[tuple[ServiceCase, StackEvent]] = []
    services = {service: event for event in found.events if (service := _service_behind(event, found))}
    for service, resource in services.items():
        known = case(timeline, service, operation.window)
        if operation.outcome == SUCCESS and trouble_of(known, timeline, operation.window) is None:
            continue
        cases.append((known, resource))
        if known.groups:
            how = "went well" if operation.outcome == SUCCESS else "goes on"
            why = f"The operation {how}, but the service's tasks stop again and again."
            made += findings.of_case(known, timeline, operation.window, failure=None, why=why)
    return _explanation(operation, timeline, made, cases, 0)


def _explanation(
    operation: Operation,
    timeline: Timeline,
    made: list[Finding],
    cases: list[tuple[ServiceCase, StackEvent]],
    consequences: int,
) -> Explanation:
    context = [
        item for known, resource in cases for item in patterns_of(known, timeline, operation.window, resource)
    ]
    return Explanation(
        findings=tuple(msgspec.structs.replace(item, attempt=operation.number) for item in [*made, *context]),
        consequences=consequences,
        services=frozenset(known.arn for known, _ in cases),
    )


def _of_rollback(operation: Operation, found: Causes, timeline: Timeline) -> list[Finding]:
    why = "It failed while the operation was being undone: it needs repair, but it is not the cause."
    later = [
        msgspec.structs.replace(
            _less_sure(findings.of_resource(failures, timeline, operation.window, why=why)), role=ROLLBACK
        )
        for failures in _alike(found.later)
    ]
    stuck = stuck_rollback(operation, found)
    return [stuck, *later] if stuck else later


def _service_behind(event: StackEvent, found: Causes) -> str | None:
    return service_of(event, found.events) if event.resource_type == ECS_SERVICE else None


def _alike(failures: Sequence[StackEvent]) -> list[list[StackEvent]]:
    """Return failures with the same reason on the same type of resource together, in order."""
    groups: dict[tuple[str, ...], list[StackEvent]] = {}
    for event in failures:
        # Services stand alone: each has its own tasks.
        alone = event.logical_id if event.resource_type == ECS_SERVICE else ""
        groups.setdefault((event.resource_type, normalised(event.text), alone), []).append(event)
    return list(groups.values())


def _why(failure: StackEvent, found: Causes, place: int) -> str:
    if is_consequence(failure.reason):
        return "No failure that stands for itself was seen; this is the earliest that names another."
    if failure.is_of_stack:
        return "No resource failed by itself; this is the stack's own reason."
    if place > 0:
        return f"It failed by itself too, {failure.at}, after the first."
    if len(found.first) == 1:
        return "It is the only failure of the operation that does not follow from another."
    others = len(found.first) - 1
    return f"It is the earliest of {others + 1} failures that do not follow from another."


def _less_sure(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, confidence=round(finding.confidence * _AFTER_FIRST, 2))
