"""Which notable records the user's on-event command is told of, and in what shape."""

from forensics.analysis.notable import Notable
from forensics.capture.status import Snapshot
from forensics.model.clock import to_rfc3339
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
