"""What people are told while it happens."""

import msgspec

from forensics.analysis.notable import Notable, notable
from forensics.cli.telling import Repeats
from forensics.model.record import Record

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
