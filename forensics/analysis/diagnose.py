"""The answer to "what failed first, and why", from nothing but records."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from forensics.analysis.attempts import (
    FAILED,
    IN_PROGRESS,
    SUCCESS,
    Operation,
    deciding,
    newest_by_name,
    newest_failed_first,
    operations_of,
)
from forensics.analysis.explaining import Explanation, explain_attempt, explain_operation, explain_progress
from forensics.analysis.patterns.schedules import stopped_schedules
from forensics.analysis.standing import (
    Standing,
    deleted_services,
    explain_loose_tasks,
    explain_services,
    explain_tasks,
)
from forensics.analysis.timeline import Timeline
from forensics.analysis.unrecorded import NOT_RECORDED
from forensics.analysis.watching import may_miss
from forensics.errors import UsageError
from forensics.model.finding import CAUSE, CONTEXT, ROLLBACK, Consequences, Diagnosis, Finding
from forensics.model.record import Record

NOTHING_FOUND = "nothing_found"
COULD_NOT_LOOK = "could_not_look"


def diagnose(records: Iterable[Record], *, attempt: int | Literal["all"] | None = None) -> Diagnosis:
    """Return what failed and why, from records in the order of their seq; see `judge`.

    Raises:
        UsageError: There is no attempt of that number.
    """
    return judge(Timeline.of(records), attempt=attempt)


def judge(timeline: Timeline, *, attempt: int | Literal["all"] | None = None) -> Diagnosis:
    """Return what failed and why.

    Args:
        timeline: Everything known.
        attempt: Number of the attempt to explain, or all that failed; None for the newest failed one.

    Returns:
        The newest failed operation comes first; a rollback that went well is never the outcome. Findings
        about a failure stay even where a later attempt succeeded: the outcome says which it is. With a
        number, outcome and findings are that attempt's alone.

    Raises:
        UsageError: There is no attempt of that number.
    """
    stacks = operations_of(timeline)
    operations = [operation for found in stacks.values() for operation in found]
    if isinstance(attempt, int):
        chosen = _numbered(operations, attempt)
        explained = [explain_attempt(chosen, timeline)]
        return _diagnosis(chosen.outcome, operations, explained, (), timeline)
    newest = newest_by_name(deciding(found) for found in stacks.values())
    failed = newest_failed_first(item for item in operations if item.outcome == FAILED)
    to_explain = failed if attempt == "all" else _to_explain(newest, failed)
    explained = [explain_operation(operation, timeline) for operation in to_explain]
    explained += [explain_progress(item, timeline) for item in newest if item.outcome == IN_PROGRESS]
    known = {service for explanation in explained for service in explanation.services}
    standing = explain_services(timeline, without=known | deleted_services(timeline))
    if operations or standing.outcomes:
        others = [*standing.findings, *explain_loose_tasks(timeline)]
    else:
        standing = explain_tasks(timeline)
        others = list(standing.findings)
    missing = stopped_schedules(timeline)
    outcome = _outcome(newest, standing, timeline)
    if operations or standing.outcomes:
        missing = [msgspec.structs.replace(item, role=CONTEXT) for item in missing]
    elif missing:
        outcome = FAILED
    return _diagnosis(outcome, operations, explained, [*others, *missing], timeline)


def _diagnosis(
    outcome: str,
    operations: list[Operation],
    explained: list[Explanation],
    others: Iterable[Finding],
    timeline: Timeline,
) -> Diagnosis:
    findings = [finding for explanation in explained for finding in explanation.findings]
    return Diagnosis(
        outcome=outcome,
        attempts=tuple(item.attempt for item in newest_failed_first(operations)),
        findings=tuple(sorted([*findings, *others], key=_rank)),
        consequences=Consequences(count=sum(explanation.consequences for explanation in explained)),
        coverage=timeline.watching.coverage(),
        not_recorded=NOT_RECORDED if findings or others else (),
    )


def _rank(finding: Finding) -> tuple[int, bool]:
    """Return where a finding belongs: causes, what failed while undoing, context."""
    # What only names another stack never stands before a failure that stands for itself.
    return _ROLES.index(finding.role), finding.rule == "embedded-stack-failed"


_ROLES = (CAUSE, ROLLBACK, CONTEXT)


def _numbered(operations: list[Operation], number: int) -> Operation:
    for operation in operations:
        if operation.number == number:
            return operation
    known = f"attempts 1 to {len(operations)}" if operations else "no attempt on a stack"
    raise UsageError(f"there is no attempt {number}: {known} can be explained")


def _to_explain(newest: list[Operation], failed: list[Operation]) -> list[Operation]:
    """Return the failed operations worth explaining: each stack's newest, else the newest of all."""
    current = [item for item in newest if item.outcome == FAILED]
    return newest_failed_first(current) or failed[:1]


def _outcome(newest: list[Operation], standing: Standing, timeline: Timeline) -> str:
    outcomes = [item.outcome for item in newest] + standing.outcomes
    for outcome in (FAILED, IN_PROGRESS, SUCCESS):
        if outcome in outcomes:
            return outcome
    watching = timeline.watching
    unseen = watching.was_blind or watching.unread or watching.refusals or watching.import_notes
    blind = unseen or any(may_miss(gap) for gap in watching.gaps())
    return COULD_NOT_LOOK if blind else NOTHING_FOUND
