"""How long credentials last beside how long a recording is expected to take."""

from datetime import timedelta

import pytest

from forensics.model.checkup import NOTE, OK, PROBLEM, Check
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS, CredentialStanding
from forensics.preflight.identity import check_identity
from forensics.preflight.notes import Notes
from tests.support.clock import NOON, ManualClock
from tests.support.scripted_aws import ScriptedAws


class Lent(ScriptedAws):
    """A door whose credentials stand as given, on a machine whose clock may be off."""

    def __init__(self, standing: CredentialStanding, skew_s: float = 0.0) -> None:
        super().__init__()
        self._standing = standing
        self._skew_s = skew_s

    def standing(self) -> CredentialStanding:
        return self._standing

    def skew(self) -> float | None:
        return self._skew_s


def said(
    state: str, minutes: float | None, *, command: str = "", detail: str = "", skew_s: float = 0.0
) -> Check:
    """Return what is said where two hours are expected, of credentials that end after some minutes."""
    ends_at = None if minutes is None else NOON + timedelta(minutes=minutes)
    standing = CredentialStanding(
        state=state, source="profile deploy", expires_at=ends_at, command=command, detail=detail
    )
    notes = Notes(label="here", region="us-east-1")
    assert check_identity(Lent(standing, skew_s), ManualClock(), timedelta(hours=2), notes)
    return next(check for check in notes.checks if check.name == "credentials")


@pytest.mark.parametrize(
    ("state", "minutes", "judged", "words"),
    [
        (RENEWS, None, OK, "do not end"),
        (RENEWS, 40, OK, "end in 40m and are renewed"),
        (NEEDS_PERSON, 180, OK, "end in 3h, after the 2h"),
        (NEEDS_PERSON, 40, PROBLEM, "end in 40m, the recording is expected to take 2h, nobody renews them"),
        (NEEDS_PERSON, None, NOTE, "when they end is not known"),
        (DENIED, 40, PROBLEM, "refuses to renew"),
    ],
)
def test_credentials_must_last_or_renew_themselves(
    state: str, minutes: float | None, judged: str, words: str
) -> None:
    check = said(state, minutes)
    assert check.state == judged
    assert words in check.text
    assert "arn:aws:iam::123456789012:user/test from profile deploy" in check.text


def test_the_very_command_is_named() -> None:
    check = said(NEEDS_PERSON, 10, command="aws sso login --profile deploy")
    assert "`aws sso login --profile deploy`" in check.remedy


def test_what_helps_only_a_recorder_at_work_is_not_offered_beforehand() -> None:
    """There is nobody yet to push credentials to."""
    check = said(NEEDS_PERSON, 10, command="forensics credentials push")
    assert check.remedy == (
        "use a profile or a role that renews itself; or type `forensics credentials push` while it records"
    )


def test_trouble_that_passes_is_a_note() -> None:
    """They renew themselves, and the last attempt failed: a person may want to know."""
    check = said(RENEWS, 90, detail="the token service does not answer")
    assert (check.state, "token service does not answer" in check.text) == (NOTE, True)


def test_the_end_is_counted_on_awss_clock() -> None:
    """Ours is an hour behind: by it they would last three hours, and AWS ends them in two minus a minute."""
    check = said(NEEDS_PERSON, 179, skew_s=-3600.0)
    assert check.state == PROBLEM
    assert check.facts["left_s"] == 119 * 60
