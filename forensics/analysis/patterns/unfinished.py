"""A rollback that began while resources were still on their way."""

from collections.abc import Iterable

from forensics.analysis.attempts import Operation
from forensics.analysis.causes import Causes
from forensics.analysis.claims import claim, subject_of
from forensics.analysis.classify import Match
from forensics.analysis.patterns.trouble import lasting, seconds_from
from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, Rule
from forensics.analysis.shapes import NESTED_STACK, StackEvent
from forensics.analysis.statuses import ROLLBACK_STARTED, is_cancelled
from forensics.model.finding import CONTEXT, Finding

RULE = Rule(
    id="rollback-cut-short",
    category="deploy-cancelled",
    title="Resources were still on their way when the rollback began",
    cause="The rollback stopped resources that had not failed and were not ready yet.",
    remedy="None of them needs mending; where a long one (a database, a search domain) is lost at each "
    "failure, keep what works with the option to preserve it, or deploy it in a stack of its own.",
    docs=f"{CLOUDFORMATION_GUIDE}/stack-failure-options.html",
    confidence=0.9,
    pattern="",
)
_LONG_S = 120.0
_NAMED = 8


def unfinished(operation: Operation, found: Causes) -> Finding | None:
    """Return the finding which resources a rollback met on their way, and since when; None where it met none.

    Args:
        operation: The attempt.
        found: Its failures and all its events.
    """
    start = next(
        (event for event in operation.events if event.is_of_stack and event.status in ROLLBACK_STARTED), None
    )
    if start is None:
        return None
    waiting = [
        began
        for began in _under_way(event for event in found.events if event.at <= start.at)
        if seconds_from(began.at, start.at) >= _LONG_S
    ]
    if not waiting:
        return None
    waiting.sort(key=lambda event: (event.at, event.seq))
    named = ", ".join(_named(event, start.at) for event in waiting[:_NAMED])
    more = f" and {len(waiting) - _NAMED} more" if len(waiting) > _NAMED else ""
    return claim(
        Match(RULE, {}),
        subject=subject_of(start),
        evidence=[*waiting[:_NAMED], start],
        count=len(waiting),
        why="They were begun, and when the rollback came AWS had said neither that they were done nor that "
        "they failed by themselves.",
        role=CONTEXT,
        cause=f"When the rollback began at {start.at}, still under way: {named}{more}.",
    )


def _named(began: StackEvent, until: str) -> str:
    long = lasting(seconds_from(began.at, until))
    return f"{began.logical_id} ({began.resource_type}), since {began.at} ({long})"


def _under_way(events: Iterable[StackEvent]) -> list[StackEvent]:
    """Return for each resource that was begun and neither done nor failed the event that began it."""
    began: dict[tuple[str, str], StackEvent] = {}
    for event in events:
        if event.is_of_stack or event.hook_status or event.resource_type == NESTED_STACK:
            continue
        key = event.stack_id, event.logical_id
        if event.status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}:
            began.setdefault(key, event)
        elif not is_cancelled(event.reason):
            began.pop(key, None)
    return list(began.values())
