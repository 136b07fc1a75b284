"""What CloudFormation answers, as somebody saved it."""

from typing import Any

from forensics.model.changes import digest12
from forensics.model.identity import parse_stack_arn
from forensics.model.record import JsonObject
from forensics.saved.found import Found, Item, rows, text
from forensics.saved.wire import as_cloudformation

STACK_EVENT = "aws.cloudformation.stack_event"
DESCRIPTION = "aws.cloudformation.stack_description"
SUMMARY = "aws.cloudformation.stack"

_TOKEN = "NextToken"  # noqa: S105 - a name
_SUMMARY_TIMES = ("DeletionTime", "LastUpdatedTime", "CreationTime")
_UNKNOWN_STACK = "unknown stack"


def stack_events(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeStackEvents."""
    _events(found, rows(answer, "StackEvents"), answer, is_second_hand=False)


def operation_events(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeEvents, which tells of the same events and of more."""
    _events(found, rows(answer, "OperationEvents"), answer, is_second_hand=True)


def stacks(found: Found, answer: JsonObject) -> None:
    """Take an answer of DescribeStacks."""
    for row in rows(answer, "Stacks"):
        if text(row, "StackId"):
            description(found, row)
        else:
            found.unknown += 1
    found.page("the list of stacks", answer.get(_TOKEN))


def summaries(found: Found, answer: JsonObject) -> None:
    """Take an answer of ListStacks."""
    for row in rows(answer, "StackSummaries"):
        payload = as_cloudformation(row)
        if not text(row, "StackId"):
            found.unknown += 1
            continue
        times = (at for field in _SUMMARY_TIMES if (at := found.at(row.get(field))))
        found.items.append(
            Item(
                type=SUMMARY,
                source=text(row, "StackId"),
                state=text(row, "StackId"),
                data=payload,
                time=max(times, default=None),
                subject=text(row, "StackName") or None,
            )
        )
    found.page("the list of stacks", answer.get(_TOKEN))


def description(found: Found, row: JsonObject) -> None:
    """Take one stack as DescribeStacks describes it."""
    payload = as_cloudformation(row)
    found.items.append(
        Item(
            type=DESCRIPTION,
            source=text(row, "StackId"),
            state=f"{text(row, 'StackId')}/description",
            data=payload,
            time=found.newest_at(payload),
            subject=text(row, "StackName") or None,
        )
    )


def event(found: Found, row: JsonObject, *, is_second_hand: bool = False) -> Item:
    """Return one event of a stack.

    Args:
        found: Counts what is odd about it.
        row: As CloudFormation describes it.
        is_second_hand: It gives way to the same event from DescribeStackEvents.
    """
    payload: Any = as_cloudformation(row)
    source = text(row, "StackId") or text(row, "StackName") or _UNKNOWN_STACK
    at = found.at(row.get("Timestamp")) or found.at(row.get("StartTime"))
    return Item(
        type=STACK_EVENT,
        source=source,
        id=text(row, "EventId") or f"digest:{digest12(payload)}",
        data=payload,
        time=at,
        subject=text(row, "LogicalResourceId") or None,
        twin=twin_of(payload, at),
        is_second_hand=is_second_hand,
    )


def twin_of(payload: JsonObject, at: str | None) -> tuple[str, ...]:
    """Return what an event of a stack has in common with every other account of it; () if too little."""
    names = tuple(text(payload, field) for field in ("StackId", "LogicalResourceId", "ResourceStatus"))
    # EventBridge gives whole seconds.
    return (*names, at[: len("2026-01-15T02:16:07")]) if all(names) and at else ()


def _events(found: Found, listed: list[JsonObject], answer: JsonObject, *, is_second_hand: bool) -> None:
    found.listed(event(found, row, is_second_hand=is_second_hand) for row in listed)
    for arn in dict.fromkeys(text(row, "StackId") for row in listed):
        named = parse_stack_arn(arn)
        found.page(f"the list of events of stack {named.name if named else arn}", answer.get(_TOKEN))
