"""What a failed poll means for the record of a stream: pure functions over gaps."""

from datetime import datetime

from msgspec.structs import replace

from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsError,
    ServerFault,
    Throttled,
    Undecodable,
    Unreachable,
)
from forensics.model.clock import to_rfc3339
from forensics.model.record import Gap

CREDENTIALS = "credentials"
ARCHIVE = "archive-unwritable"
DAEMON_DOWN = "daemon-down"
UNREACHABLE = "unreachable"
WINDOW = "window"
HOST_ASLEEP = "host-asleep"

_REASONS: tuple[tuple[type[AwsError], str], ...] = (
    (CredentialsError, CREDENTIALS),
    (ClockSkewed, CREDENTIALS),
    (AccessDenied, "access-denied"),
    (Throttled, "throttled"),
    (Unreachable, UNREACHABLE),
    (ServerFault, "server-fault"),
    (Undecodable, "undecodable"),
)
_FIRST = "The first poll that succeeded did not reach back to the beginning of the recording."


def reason_of(error: AwsError) -> str:
    """Return the gap's reason that an error stands for, one of those `Gap.reason` lists."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "server-fault")


def stops_the_site(error: AwsError) -> bool:
    """Return whether every call through the same credentials would fail alike."""
    return isinstance(error, CredentialsError | ClockSkewed)


def opened(stream: str, since: datetime, reason: str, *, detail: str = "") -> Gap:
    """Return a gap that has begun: nothing of the stream is sure after `since`."""
    return Gap(
        stream=stream, since=to_rfc3339(since), until=None, reason=reason, kind="open", detail=detail[:500]
    )


def closed(
    open_gap: Gap | None, own: Gap | None, until: datetime, *, reaches_to: datetime | None = None
) -> Gap | None:
    """Return the gap to record after a good poll.

    Args:
        open_gap: The outage that the poll ended; None where the stream was well.
        own: What the poll itself could not reach back to; None where it joined.
        until: When the poll began: sure again from there on.
        reaches_to: How far back a first poll reached, which had nothing to join; None for any other poll,
            and where it reached the beginning.

    Returns:
        ``recovered`` where the walk joined after an outage; the poll's own gap where it did not, or what a
        first poll did not reach back to, with the outage as its reason; None where there is nothing to say.
    """
    if open_gap is None:
        return own
    if own is None and reaches_to is not None and to_rfc3339(reaches_to) > open_gap.since:
        detail = "; ".join(text for text in (_FIRST, open_gap.detail) if text)
        return replace(open_gap, until=to_rfc3339(reaches_to), kind="unknown", detail=detail[:500])
    if own is None:
        return replace(open_gap, until=to_rfc3339(until), kind="recovered")
    detail = "; ".join(text for text in (own.detail, open_gap.detail) if text)
    return replace(
        own,
        since=min(own.since, open_gap.since),
        reason=open_gap.reason,
        detail=detail[:500],
    )


def vanished(stream: str, open_gap: Gap | None, since: datetime, until: datetime, words: str) -> Gap:
    """Return the gap of a target that is gone: what it said after the last poll cannot be read any more.

    Args:
        stream: The stream.
        open_gap: The outage in which it went; None where it went between two polls.
        since: The last moment we are sure of.
        until: When it was found to be gone.
        words: AWS's own.
    """
    gap = open_gap or opened(stream, min(since, until), WINDOW, detail=words)
    # Nobody looked, and nobody can tell whether it was still there to say something.
    kind = "unknown" if gap.reason == DAEMON_DOWN else "lost"
    detail = "It is gone, and what it said after the last poll with it."
    if gap.detail:
        detail = f"{detail} {gap.detail}"
    return replace(gap, until=to_rfc3339(until), kind=kind, detail=detail[:500])
