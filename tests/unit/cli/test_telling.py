"""What people are told while it happens."""

import msgspec

from forensics.analysis.notable import Notable, notable
from forensics.cli.telling import Repeats, notice_of, worth_telling
from forensics.model.record import CREDENTIALS, Record

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
SECRET = "ResourceInitializationError: unable to pull secrets"


def _stopped(number: int, reason: str = SECRET, service: str = "shop") -> Record:
    task = {
        "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/main/{number:032x}",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "TaskFailedToStart",
        "stoppedReason": reason,
        "group": f"service:{service}",
        "version": 3,
    }
    return Record(
        type="aws.ecs.task", source=CLUSTER, id=f"{number:032x}@3", subject=f"{number:032x}", seq=number,
        recordedtime="2026-01-15T12:00:00.000Z", prev="", run="r",
        data=msgspec.Raw(msgspec.json.encode(task)),
    )  # fmt: skip


def _standing(
    state: str,
    *,
    left_s: int | None = None,
    detail: str = "",
    expires_at: str | None = "2026-01-15T13:00:00.000Z",
) -> Record:
    said = {
        "site": "default",
        "state": state,
        "source": "profile deploy",
        "expires_at": expires_at,
        "command": "aws sso login --profile deploy",
        "detail": detail,
        "left_s": left_s,
    }
    return Record(
        type=CREDENTIALS, source="urn:forensics:x", id="c-1", seq=7, recordedtime="2026-01-15T12:55:00.000Z",
        prev="", run="r", data=msgspec.Raw(msgspec.json.encode(said)),
    )  # fmt: skip


def test_a_warning_ahead_of_the_end_reaches_the_command_with_what_to_type() -> None:
    """Whoever is called has five minutes, not five minutes to find out what to do."""
    told = worth_telling(_standing("needs-person", left_s=300))
    assert told is not None
    notice = notice_of(told, "archive")
    assert notice is not None
    assert (notice.kind, notice.severity, notice.seq) == ("recording_trouble", "warning", 7)
    assert notice.text == (
        "credentials of default: they end in 5m, at 2026-01-15T13:00:00.000Z (profile deploy), "
        "and only a person can renew them: run `aws sso login --profile deploy`"
    )


def test_credentials_that_work_are_no_trouble() -> None:
    """They are told on the screen, once, with who can renew them."""
    told = worth_telling(_standing("renews"))
    assert told is not None
    assert told.text.startswith("credentials of default: they renew themselves (profile deploy)")
    assert notice_of(told, "archive") is None


def test_keys_that_never_end_are_not_said_to_renew_themselves() -> None:
    told = worth_telling(_standing("renews", expires_at=None))
    assert told is not None
    assert told.text == "credentials of default: they do not end, or are renewed (profile deploy)"


def test_their_end_is_told_by_the_trouble_alone() -> None:
    """The recording names it at once, even with a disk that takes no record."""
    assert worth_telling(_standing("needs-person", detail="ExpiredToken")) is None
    assert worth_telling(_standing("denied", detail="AccessDenied")) is None


def _told(repeats: Repeats, record: Record) -> str:
    told = notable(record)
    assert isinstance(told, Notable)
    return repeats.shortened(told, record).text


def test_a_reason_that_comes_again_is_counted_instead_of_repeated() -> None:
    """Fifty-three times the same long line hides the one line that differs."""
    repeats = Repeats()
    first, second, third = (_told(repeats, _stopped(number)) for number in (1, 2, 3))
    assert SECRET in first
    assert SECRET not in second
    assert f"{2:032x}" in second
    assert "2 times so far" in second
    assert "3 times so far" in third


def test_another_reason_or_another_service_is_told_in_full() -> None:
    """Only what is the same in every word counts as a repeat."""
    repeats = Repeats()
    _told(repeats, _stopped(1))
    assert "OutOfMemoryError" in _told(repeats, _stopped(2, reason="OutOfMemoryError: Container killed"))
    assert SECRET in _told(repeats, _stopped(3, service="billing"))
    assert "2 times so far" in _told(repeats, _stopped(4))
