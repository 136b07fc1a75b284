"""What people and the on-event command are told of a recording while it runs."""

from collections import Counter

from msgspec.structs import replace

from forensics.analysis.notable import ERROR, INFO, Notable, notable
from forensics.analysis.wording import words
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

CREDENTIALS_TOLD = "credentials"
"""The kind of notable that speaks of how credentials stand."""

_KINDS = {
    "rollback_started": ROLLBACK_STARTED,
    "deployment_failed": DEPLOYMENT_FAILED,
    "stack_ended": STACK_ENDED,
    "gap": RECORDING_TROUBLE,
    "refused": RECORDING_TROUBLE,
    "undecodable": RECORDING_TROUBLE,
    "recovered": RECORDING_TROUBLE,
    CREDENTIALS_TOLD: RECORDING_TROUBLE,
}
"""The kind of notice for a kind of notable record; the others are for the screen only."""


def worth_telling(record: Record) -> Notable | None:
    """Return what a person is told of a record as it is written; None where nothing.

    The gap that a refusal opens is not told: the refusal stands beside it and names the IAM action. Nor is it
    that credentials have ended: the trouble of the recording says so at once, even with a full disk.
    """
    told = notable(record)
    if told is not None and told.kind == CREDENTIALS_TOLD and told.severity == ERROR:
        return None
    if told is not None and record.type == GAP:
        gap = record.payload()
        if gap.get("reason") == "access-denied" and gap.get("kind") == "open":
            return None
    return told


_MOST_REASONS = 1000


class Repeats:
    """The reasons that stopped tasks have given so far, so that each is told in full once."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def shortened(self, told: Notable, record: Record) -> Notable:
        """Return what is told of a record, with a count for a reason that its service has given before."""
        if told.kind != "task_stopped":
            return told
        said = words(record)
        key = (said.where, said.state, said.reason)
        if len(self._counts) >= _MOST_REASONS:
            self._counts.clear()
        self._counts[key] += 1
        if self._counts[key] == 1 or not said.reason:
            return told
        again = said._replace(reason=f"the same reason again, {self._counts[key]} times so far")
        return replace(told, text=again.line())


def notice_of(notable: Notable, archive: str) -> Notice | None:
    """Return what the command reads about a record; None where it is not told of it.

    A gap that closed without a loss is no trouble any more, nor are credentials that work.
    """
    kind = _KINDS.get(notable.kind)
    if kind is None or (notable.kind in {"gap", CREDENTIALS_TOLD} and notable.severity == INFO):
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
