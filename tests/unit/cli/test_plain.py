"""What a recording says without a terminal."""

import unicodedata
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.notable import Notable
from forensics.capture.status import Outcome, SiteStatus, Snapshot, StreamStatus
from forensics.cli.plain import closing_lines, event_line, heartbeat_line, trouble_line, urgent_troubles
from forensics.cli.settle import is_at_rest
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS, CredentialStanding
from forensics.model.record import Gap
from tests.support.clock import NOON

SITE = SiteStatus(
    label="production",
    region="eu-central-1",
    account="123456789012",
    arn="arn:aws:iam::123456789012:user/me",
    expires_at=None,
    standing=CredentialStanding(state=RENEWS, source="profile deploy (SSO)"),
    paused_because=None,
    paused_since=None,
    calls=3,
)
NEEDED = CredentialStanding(state=NEEDS_PERSON, source="profile x", command="aws login")
ENDED = msgspec.structs.replace(NEEDED, detail="ExpiredToken")
REFUSED = CredentialStanding(state=DENIED, source="profile x", detail="AccessDenied")
STACK = StreamStatus(
    stream="stack_events arn:s",
    number=1,
    opened_because="wanted",
    polled_at=NOON,
    lag_s=4.0,
    is_busy=False,
    is_ended=False,
    facts=2,
    open_gap=None,
    refusal=None,
    trouble=None,
)
QUIET = Snapshot(
    at=NOON,
    started_at=NOON - timedelta(minutes=5),
    sites=(SITE,),
    streams=(STACK,),
    waiting_for=(),
    records=12,
    polls=5,
    calls=7,
    archive_trouble=None,
    buffered=0,
)
OPEN_GAP = Gap(stream="stack_events arn:s", since="a", until=None, reason="credentials", kind="open")
# Control, format, surrogate, line and paragraph separator.
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def with_stream(**changes: object) -> Snapshot:
    return msgspec.structs.replace(QUIET, streams=(msgspec.structs.replace(STACK, **changes),))


def with_site(**changes: object) -> Snapshot:
    return msgspec.structs.replace(QUIET, sites=(msgspec.structs.replace(SITE, **changes),))


@given(st.text(), st.text())
def test_no_text_of_aws_puts_a_control_character_into_a_line(text: str, at: str) -> None:
    """A line that an event could break in two is a line that an event could forge."""
    told = Notable(kind="gap", severity="error", text=text, at=at, seq=1, source="", subject="")
    for line in (event_line(told), trouble_line(NOON, text), heartbeat_line(with_stream(trouble=text))):
        assert not UNSAFE & {unicodedata.category(character) for character in line}, repr(line)


def test_a_failure_reason_is_never_cut() -> None:
    reason = "x" * 1_000_000
    told = Notable(kind="gap", severity="error", text=reason, at="t", seq=1, source="", subject="")
    assert event_line(told).endswith(reason)


def test_a_heartbeat_says_how_well_the_recorder_sees() -> None:
    assert heartbeat_line(QUIET) == (
        "2026-01-15T12:00:00.000Z  recording  1 stream; lag 4s; 12 records; 0 open gaps"
    )


@pytest.mark.parametrize(
    ("snapshot", "word", "said"),
    [
        (with_site(expires_at=NOON + timedelta(minutes=34)), "recording", "credentials renew themselves"),
        (
            with_site(expires_at=NOON + timedelta(minutes=34), standing=NEEDED),
            "recording",
            "credentials end in 34m, then run `aws login`",
        ),
        (
            with_site(expires_at=NOON - timedelta(minutes=1), standing=NEEDED),
            "recording",
            "credentials have ended",
        ),
        (
            with_site(paused_because="expired", standing=ENDED),
            "TROUBLE",
            "production: the credentials have ended (profile x); it is not recorded until you run `aws",
        ),
        (
            with_site(paused_because="not allowed", standing=REFUSED),
            "TROUBLE",
            "production: AWS refuses the credentials (profile x)",
        ),
        (with_site(paused_because="expired"), "TROUBLE", "production: paused: expired"),
        (with_stream(open_gap=OPEN_GAP), "TROUBLE", "1 open gap"),
        (with_stream(trouble="Rate exceeded"), "recording", "1 stream: Rate exceeded"),
        (msgspec.structs.replace(QUIET, waiting_for=("shop",)), "recording", "waiting for shop"),
        (
            msgspec.structs.replace(QUIET, archive_trouble="disk full", buffered=1),
            "TROUBLE",
            "archive: disk full; 1 poll waits in memory",
        ),
        (
            msgspec.structs.replace(QUIET, archive_trouble="disk full", buffered=3),
            "TROUBLE",
            "archive: disk full; 3 polls wait in memory",
        ),
    ],
    ids=[
        "renewing",
        "ending",
        "ended",
        "a person",
        "denied",
        "paused",
        "gap",
        "one poll failed",
        "waiting",
        "one waits",
        "disk",
    ],
)
def test_a_heartbeat_names_what_is_in_the_way(snapshot: Snapshot, word: str, said: str) -> None:
    line = heartbeat_line(snapshot)
    assert f"  {word:<9}  " in line
    assert said in line


def test_a_site_that_has_never_answered_is_trouble_after_a_while() -> None:
    """Nothing is open then, so no gap and no lag would show it."""
    silent = with_site(account=None)
    young = msgspec.structs.replace(silent, started_at=NOON - timedelta(seconds=1))
    assert urgent_troubles(young) == {}
    assert urgent_troubles(silent) == {
        "production\tsilent": "production: AWS (eu-central-1) has not answered yet"
    }


def test_the_closing_lines_end_with_the_digest_and_the_archive() -> None:
    outcome = Outcome(
        reason="stopped", head="ab12", records=3, polls=4, calls=5, gaps=2, open_gaps=1, duration_s=65.0
    )
    assert closing_lines(outcome, "kept\x1b") == [
        "recorded 3 records in 1m5s (stopped): 4 polls, 5 calls, 2 gaps, 1 still open",
        "head ab12",
        "archive kept\\x1b",
    ]
    assert closing_lines(outcome, "kept", is_github=True)[1] == "::notice title=forensics head::head ab12"


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (QUIET, True),
        (with_stream(is_busy=True), False),
        (with_stream(open_gap=OPEN_GAP), False),
        (with_stream(lag_s=11.0), False),
        (with_stream(lag_s=None), False),
        (with_stream(is_ended=True), False),
        (msgspec.structs.replace(QUIET, streams=()), False),
    ],
    ids=["quiet", "busy", "blind", "not looked since", "never looked", "nothing open", "nothing found"],
)
def test_rest_is_what_was_seen_after_the_command_has_ended(snapshot: Snapshot, expected: bool) -> None:
    """What was quiet before may have been woken by the command's last act."""
    assert is_at_rest(snapshot, 10.0) is expected
