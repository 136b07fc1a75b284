"""CloudFormation's statuses, sorted by what they mean for an operation.

The names are AWS's: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html.
"""

import re
from functools import cache

STARTS = {
    "CREATE_IN_PROGRESS": "CREATE_STACK",
    "UPDATE_IN_PROGRESS": "UPDATE_STACK",
    "DELETE_IN_PROGRESS": "DELETE_STACK",
    "IMPORT_IN_PROGRESS": "IMPORT_STACK",
    "REVIEW_IN_PROGRESS": "CREATE_STACK",
}
"""Status of the stack itself → the operation that it begins."""

OPERATION_TYPES = frozenset({"CREATE_STACK", "UPDATE_STACK", "DELETE_STACK", "CREATE_CHANGESET"})
"""Types of operations that DescribeEvents names and that somebody asked for; a rollback is none of them."""

ROLLBACK_STARTED = frozenset(
    {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"}
)
"""The stack itself begins to undo: the operation before it has failed."""

SUCCEEDED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE"})
"""Ends of an operation of the stack that did what was asked."""

FAILED_STOP = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "IMPORT_FAILED"})
"""The operation ended where it failed; nothing is undone unless a rollback follows."""

ROLLBACK_ENDED = frozenset(
    {
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_ROLLBACK_FAILED",
    }
)
"""Ends of undoing; the operation stays failed however well it was undone."""

STACK_ENDED = SUCCEEDED | FAILED_STOP | ROLLBACK_ENDED
"""Statuses of the stack itself after which nothing moves. UPDATE_COMPLETE_CLEANUP_IN_PROGRESS and its
rollback twin are none of them, though they contain COMPLETE."""

_CANCELLED = re.compile(r"\s*(?:resource \w+|operation) cancell?ed", re.IGNORECASE)

# CloudFormation gives these reasons to what it stopped because something else had failed.
_CONSEQUENCE = (
    r"\s*(?:"
    r"resource (?:creation|update|deletion|import|operation|rollback) cancell?ed"
    r"|operation cancell?ed"
    r"|the following (?:nested stack )?(?:resource|hook)\(s\) failed"
    r"|embedded stack (?:\S*\s){0,10}?(?:was|were) not successfully "
    r"(?:created|updated|deleted|imported|rolled back)"
    r"|rollback requested by user"
    r"|user initiated"
    r")"
)


def is_failed(status: str) -> bool:
    """Return whether a resource's status says that something was tried and did not work."""
    return status.endswith("_FAILED")


def is_consequence(reason: str) -> bool:
    """Return whether a failure's reason says only that something else failed."""
    return _consequence().match(reason) is not None


def is_cancelled(reason: str) -> bool:
    """Return whether a failure's reason says that the resource was stopped on its way, not that it broke."""
    return _CANCELLED.match(reason) is not None


def is_undoing(status: str) -> bool:
    """Return whether a status belongs to a rollback or a delete."""
    return "ROLLBACK" in status or status.startswith("DELETE")


@cache
def _consequence() -> re.Pattern[str]:
    # Compiling it takes milliseconds, which every start of a read command would pay.
    return re.compile(_CONSEQUENCE, re.IGNORECASE | re.DOTALL)
