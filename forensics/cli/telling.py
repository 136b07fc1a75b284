"""What people and the on-event command are told of a recording while it runs."""

from forensics.analysis.notable import Notable, notable
from forensics.capture.status import Snapshot
from forensics.model.clock import to_rfc3339
from forensics.model.record import GAP, Record
from forensics.notify import (
    DEPLOYMENT_FAILED,
    RECORDING_TROUBLE,
    ROLLBACK_STARTED,
    STACK_ENDED,
    Notice,
)

_KINDS = {
    "rollback_started": ROLLBACK_STARTED,
    "deployment_failed": DEPLOYMENT_FAILED,
    "stack_ended": STACK_ENDED,
    "gap": RECORDING_TROUBLE,
    "refused": RECORDING_TROUBLE,
    "undecodable": RECORDING_TROUBLE,
    "recovered": RECORDING_TROUBLE,
}
"""The kind of notice for a kind of notable record; the others are for the screen only."""


def worth_telling(record: Record) -> Notable | None:
    """Return what a person is told of a record as it is written; None where nothing.

    The gap that a refusal opens is not told: the refusal stands beside it and names the IAM action.
    """
    told = notable(record)
    if told is not None and record.type == GAP:
        gap = record.payload()
        if gap.get("reason") == "access-denied" and gap.get("kind") == "open":
            return None
    return told


def notice_of(notable: Notable, archive: str) -> Notice | None:
    """Return what the command reads about a record; None where it is not told of it.

    A gap that closed without a loss is no trouble any more.
    """
    kind = _KINDS.get(notable.kind)
    if kind is None or (notable.kind == "gap" and notable.severity == "info"):
        return None
    return Notice(
        kind=kind,
        severity=notable.severity,
        at=notable.at,
        text=notable.text,
        source=notable.source,
        subject=notable.subject,
        archive=archive,
        seq=notable.seq,
    )


def alarm_of(snapshot: Snapshot, text: str, archive: str) -> Notice:
    """Return what the command reads about a trouble behind which no record stands, such as a full disk."""
    return Notice(
        kind=RECORDING_TROUBLE,
        severity="error",
        at=to_rfc3339(snapshot.at),
        text=text,
        source="",
        archive=archive,
    )
