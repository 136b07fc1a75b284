"""The answer to "what failed first, and why", from nothing but records."""

from collections.abc import Iterable

from forensics.analysis.attempts import (
    FAILED,
    IN_PROGRESS,
    SUCCESS,
    Operation,
    cut,
    deciding,
    newest_by_name,
    newest_failed_first,
    roots,
)
from forensics.analysis.explaining import explain_operation, explain_progress
from forensics.analysis.standing import Standing, deleted_services, explain_services, explain_tasks
from forensics.analysis.timeline import Timeline
from forensics.analysis.watching import may_miss
from forensics.model.finding import Consequences, Diagnosis, Finding
from forensics.model.record import Record

NOTHING_FOUND = "nothing_found"
COULD_NOT_LOOK = "could_not_look"


def diagnose(records: Iterable[Record]) -> Diagnosis:
    """Return what failed and why.

    Args:
        records: In the order of their seq.

    Returns:
        The newest failed operation comes first; a rollback that went well is never the outcome. Findings
        about a failure stay even where a later attempt succeeded: the outcome says which it is.
    """
    timeline = Timeline.of(records)
    operations = {arn: cut(timeline.stacks[arn]) for arn in roots(timeline.stacks)}
    newest = newest_by_name(deciding(found) for found in operations.values())
    findings: list[Finding] = []
    consequences = 0
    explained: set[str] = set()
    failed = newest_failed_first(op for found in operations.values() for op in found if op.outcome == FAILED)
    for operation in _to_explain(newest, failed):
        explanation = explain_operation(operation, timeline)
        findings += explanation.findings
        consequences += explanation.consequences
        explained |= explanation.services
    for operation in (item for item in newest if item.outcome == IN_PROGRESS):
        explanation = explain_progress(operation, timeline)
        findings += explanation.findings
        explained |= explanation.services
    standing = explain_services(timeline, without=explained | deleted_services(timeline))
    findings += standing.findings
    if not operations and not standing.outcomes:
        standing = explain_tasks(timeline)
        findings += standing.findings
    return Diagnosis(
        outcome=_outcome(newest, standing, timeline),
        attempts=tuple(
            item.attempt for item in newest_failed_first(op for found in operations.values() for op in found)
        ),
        # What only names another stack never stands before a failure that stands for itself.
        findings=tuple(sorted(findings, key=lambda item: item.rule == "embedded-stack-failed")),
        consequences=Consequences(count=consequences),
        coverage=timeline.watching.coverage(),
    )


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
    unseen = watching.was_blind or watching.unread or watching.refusals
    blind = unseen or any(may_miss(gap) for gap in watching.gaps())
    return COULD_NOT_LOOK if blind else NOTHING_FOUND
