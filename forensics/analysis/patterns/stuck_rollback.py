"""A rollback that failed itself: the stack stays where it is until somebody acts."""

from forensics.analysis.attempts import Operation
from forensics.analysis.causes import Causes
from forensics.analysis.checks import checks, region_of, values_of_stack
from forensics.analysis.claims import claim, subject_of
from forensics.analysis.classify import Match
from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, Rule
from forensics.model.finding import ROLLBACK, Finding

_NAMED = 5

RULE = Rule(
    id="rollback-stuck",
    category="rollback-failed",
    title="The rollback failed too",
    cause="CloudFormation could not undo the operation; until that is repaired the stack takes no update.",
    remedy="Repair what the resources below need; then continue the rollback of an update "
    "(aws cloudformation continue-update-rollback), skipping what cannot be repaired, or delete the stack "
    "of a failed creation.",
    docs=f"{CLOUDFORMATION_GUIDE}/using-cfn-updating-stacks-continueupdaterollback.html",
    confidence=0.95,
    pattern="",
    checks=("aws cloudformation describe-stack-resources --stack-name {stack}",),
)


def stuck_rollback(operation: Operation, found: Causes) -> Finding | None:
    """Return the finding that the operation's rollback failed; None where it did not, or was mended.

    Args:
        operation: The attempt.
        found: Its failures: those met while undoing are named.
    """
    own = [event for event in operation.events if event.is_of_stack]
    if not own or not own[-1].status.endswith("ROLLBACK_FAILED"):
        return None
    end = own[-1]
    blocking = [event for event in (*found.later, *found.first) if event.at <= end.at]
    undoing = found.later or blocking
    names = ", ".join(dict.fromkeys(event.logical_id for event in undoing[:_NAMED]))
    return claim(
        Match(RULE, {}),
        subject=subject_of(end),
        evidence=[end, *undoing[:_NAMED]],
        why=f"The stack itself says {end.status}.",
        role=ROLLBACK,
        cause=f"{RULE.cause} It stopped at {names}." if names else None,
        checks=checks(RULE.checks, values_of_stack(end), region=region_of(end.stack_id)),
        first_at=end.at,
        last_at=end.at,
    )
