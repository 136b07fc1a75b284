"""What an outage leaves in the record."""

from datetime import timedelta

import pytest

from forensics.capture import gaps
from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsAbsent,
    CredentialsExpired,
    ServerFault,
    Throttled,
    Undecodable,
    Unreachable,
)
from forensics.model.clock import to_rfc3339
from forensics.model.record import Gap
from tests.support.clock import NOON

OUTAGE = gaps.opened("services arn:x", NOON, "credentials", detail="expired")
LATER = NOON + timedelta(minutes=9)


def test_an_outage_that_the_walk_bridged_is_recovered() -> None:
    """Nothing is missing, and the record says for how long nobody looked."""
    gap = gaps.closed(OUTAGE, None, LATER)
    assert gap is not None
    assert (gap.kind, gap.reason) == ("recovered", "credentials")
    assert (gap.since, gap.until) == ("2026-01-15T12:00:00.000Z", "2026-01-15T12:09:00.000Z")


def test_an_outage_that_lost_something_keeps_its_reason() -> None:
    """The window overflowed because the credentials had ended: that is the reason a person needs."""
    own = Gap(
        stream=OUTAGE.stream,
        since="a",
        until="b",
        reason="window",
        kind="lost",
        lower_bound=1,
        detail="100 new",
    )
    gap = gaps.closed(OUTAGE, own, LATER)
    assert gap is not None
    assert (gap.kind, gap.reason, gap.lower_bound) == ("lost", "credentials", 1)
    assert gap.detail == "100 new; expired"


def test_a_first_poll_after_an_outage_recovers_only_what_it_reaches_back_to() -> None:
    """It had nothing to join: what came before its window, while nobody could look, may be missing."""
    reached = LATER - timedelta(seconds=30)
    gap = gaps.closed(OUTAGE, None, LATER, reaches_to=reached)
    assert gap is not None
    assert (gap.kind, gap.since, gap.until, gap.reason) == (
        "unknown",
        OUTAGE.since,
        to_rfc3339(reached),
        "credentials",
    )
    before = gaps.closed(OUTAGE, None, LATER, reaches_to=NOON - timedelta(hours=1))
    assert before is not None
    assert before.kind == "recovered"


def test_a_poll_that_joins_without_an_outage_leaves_nothing() -> None:
    """A gap record for every good poll would mean nothing."""
    assert gaps.closed(None, None, LATER) is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CredentialsExpired("x"), "credentials"),
        (CredentialsAbsent("x"), "credentials"),
        (ClockSkewed("x"), "credentials"),
        (AccessDenied("x"), "access-denied"),
        (Throttled("x"), "throttled"),
        (Unreachable("x"), "unreachable"),
        (ServerFault("x"), "server-fault"),
        (Undecodable("x", body=b""), "undecodable"),
        (AwsError("x"), "server-fault"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_error_has_a_reason(error: AwsError, reason: str) -> None:
    """A gap without a reason cannot be acted on."""
    assert gaps.reason_of(error) == reason


def test_only_trouble_with_signing_stops_a_whole_site() -> None:
    """One throttled operation must not silence the others."""
    assert gaps.stops_the_site(CredentialsExpired("x"))
    assert gaps.stops_the_site(ClockSkewed("x"))
    assert not gaps.stops_the_site(AccessDenied("x"))
    assert not gaps.stops_the_site(Throttled("x"))
