"""What `status` makes of an archive: who can renew the credentials, and whether anything is written."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.model.record import Fact
from forensics.report.ink import Ink
from forensics.report.status import lines, report
from tests.support.clock import NOON, ManualClock

SAID = {
    "site": "default",
    "region": "eu-central-1",
    "account": "123456789012",
    "state": "needs-person",
    "source": "profile deploy (SSO)",
    "expires_at": "2026-01-15T12:20:00.000Z",
    "command": "aws sso login --profile deploy",
    "detail": "",
    "left_s": None,
}


class Live:
    """An archive that a recorder holds, as `status` sees it some time after the last record."""

    def __init__(self, tmp_path: Path, **said: Any) -> None:
        self._writer = Writer.open(tmp_path / "a", clock=ManualClock(), run="1" * 16, tool="test")
        urn = f"urn:forensics:{self._writer.archive_id}"
        run = {"phase": "started", "coverage_s": 60.0}
        self._writer.append(
            [
                Fact(type="forensics.run", source=urn, id="r", data=run),
                Fact(type="forensics.credentials", source=urn, id="c", data={**SAID, **said}),
            ]
        )
        self._archive = Archive.open(tmp_path / "a")

    def seen(self, after_s: float) -> tuple[tuple[str, ...], str]:
        """Return the problems and the whole text."""
        now = NOON + timedelta(seconds=after_s)
        found = report(self._archive, now=now, max_lag=timedelta(minutes=5))
        text = "\n".join(lines(found, Ink(width=500, has_colour=False), now=now))
        return found.problems, text

    def lose_sight(self, detail: str) -> None:
        """Open a gap of a stream."""
        gap = {
            "stream": "stacks s", "from": "2026-01-15T12:00:00.000Z", "to": None, "reason": "credentials",
            "kind": "open", "lower_bound": None, "detail": detail,
        }  # fmt: skip
        opened = {"number": 1, "stream": "stacks s", "opened_because": "wanted"}
        self._writer.append(
            [
                Fact(type="forensics.stream", source="s", id="1", data=opened),
                Fact(type="forensics.gap", source="s", id="g", data=gap),
            ]
        )

    def close(self) -> None:
        self._writer.close()


def test_status_says_who_can_renew_the_credentials_and_until_when(tmp_path: Path) -> None:
    """The person who looks is the one who can log in."""
    live = Live(tmp_path)
    problems, text = live.seen(60)
    live.close()
    assert problems == ()
    assert (
        "credentials  default: they end at 2026-01-15T12:20:00.000Z, in 19m (profile deploy (SSO)), "
        "and only a person can renew them: run `aws sso login --profile deploy`"
    ) in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"detail": "ExpiredToken: expired"}, "a person is needed: run `aws sso login --profile deploy`"),
        ({"state": "denied", "detail": "AccessDenied: no"}, "AWS refuses them (profile deploy (SSO))"),
        (
            {"detail": "the token is gone", "works": True},
            "they cannot be renewed (profile deploy (SSO)), they end at 2026-01-15T12:20:00.000Z, in "
            "19m, a person is needed: run `aws sso login --profile deploy`: the token is gone",
        ),
        (
            {"state": "denied", "detail": "AccessDenied: no", "works": True},
            "AWS refuses to renew them (profile deploy (SSO)), they end at 2026-01-15T12:20:00.000Z, in 19m;",
        ),
        (
            {"state": "renews", "detail": "no answer", "works": True},
            "they renew themselves (profile deploy (SSO)), which fails now, they end at "
            "2026-01-15T12:20:00.000Z, in 19m: no answer",
        ),
        (
            {"state": "renews", "detail": "no answer", "works": False},
            "they renew themselves (profile deploy (SSO)), which fails now: no answer",
        ),
    ],
    ids=["a person", "denied", "a person later", "denied later", "passing", "passing and ended"],
)
def test_credentials_that_are_in_trouble_are_a_problem(
    tmp_path: Path, said: dict[str, object], words: str
) -> None:
    """With the words that tell a login from a change of policy."""
    live = Live(tmp_path, **said)
    problems, _ = live.seen(60)
    live.close()
    assert len(problems) == 1
    assert words in problems[0]


def test_a_clock_that_is_off_is_said_with_its_size(tmp_path: Path) -> None:
    """Nothing is wrong with the credentials, and nobody has to log in."""
    live = Live(tmp_path)
    live.lose_sight("RequestTimeTooSkewed: no; this machine's clock is 11m40s behind AWS's")
    problems, _ = live.seen(60)
    live.close()
    assert problems == (
        "1 stream cannot be watched now (the credentials did not work): RequestTimeTooSkewed: no; "
        "this machine's clock is 11m40s behind AWS's",
    )


def test_a_recorder_that_writes_nothing_is_not_well(tmp_path: Path) -> None:
    """With a full disk nothing can be recorded, not even that: the missing heartbeat shows it."""
    live = Live(tmp_path)
    assert live.seen(130)[0] == ()
    problems, _ = live.seen(200)
    live.close()
    assert len(problems) == 1
    assert "nothing has been written for 3m20s" in problems[0]
