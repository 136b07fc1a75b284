"""Credentials that nobody but a person can renew: a word ahead, and a last look."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.capture.selection import Wanted
from forensics.errors import AwsError, CredentialsExpired
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS, CredentialStanding
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import NOON, ManualClock
from tests.support.histories import facts, service, stack

COMMAND = "aws sso login --profile deploy"
QUIET = {"rolloutState": "COMPLETED"}


class Session:
    """A recording with temporary keys that end at a moment, and what stands behind them."""

    def __init__(self, tmp_path: Path, *, ends_s: float, state: str = NEEDS_PERSON) -> None:
        self.clock = ManualClock()
        api = service("api", at=-900).deployment(at=-800, **QUIET)
        idle = [stack(f"Idle-{n}", at=-900).itself("CREATE_COMPLETE", at=-800) for n in range(3)]
        self.door = EndpointDoor(History.of(facts(api, *idle)), self.clock)
        self.door.expiry = NOON + timedelta(seconds=ends_s)
        self.state = state
        self.says("")
        self.door.trouble = lambda _operation: self._error()
        self.door.whoami_trouble = self._error
        wanted = Wanted(stacks=("Idle-*",), services=("main/api",))
        self.recorder = Recorder(tmp_path, self.door, self.clock, wanted)

    def says(self, detail: str) -> None:
        self.door.stands = CredentialStanding(
            state=self.state,
            source="profile deploy",
            expires_at=self.door.expiry,
            command=COMMAND if self.state != RENEWS else "",
            detail=detail,
        )

    def _error(self) -> AwsError | None:
        if self.door.expiry is not None and self.clock.now() >= self.door.expiry:
            self.says("the token has expired")
            return CredentialsExpired("the token has expired", code="ExpiredToken")
        return None

    @property
    def warnings(self) -> list[int]:
        said = self.recorder.of("forensics.credentials")
        return [entry["left_s"] for entry in said if entry["left_s"] is not None]


def test_there_is_a_warning_fifteen_five_and_one_minute_ahead(tmp_path: Path) -> None:
    """Time enough to log in, and each time only once."""
    session = Session(tmp_path, ends_s=1800)
    session.recorder.run_for(1790)
    assert session.warnings == pytest.approx([900, 300, 60], abs=1)
    (first, *_) = [said for said in session.recorder.of("forensics.credentials") if said["left_s"]]
    assert first["command"] == COMMAND
    assert (first["site"], first["state"], first["source"]) == ("main", NEEDS_PERSON, "profile deploy")
    assert first["expires_at"] == "2026-01-15T12:30:00.000Z"


def test_what_renews_itself_is_not_warned_of(tmp_path: Path) -> None:
    """A role that is assumed anew each hour would cry wolf each hour."""
    session = Session(tmp_path, ends_s=1800, state=RENEWS)
    session.recorder.run_for(1790)
    assert session.warnings == []
    assert [said["state"] for said in session.recorder.of("forensics.credentials")] == [RENEWS]


def test_a_start_with_four_minutes_left_warns_at_once(tmp_path: Path) -> None:
    """One warning, not the two that were due before."""
    session = Session(tmp_path, ends_s=240)
    session.recorder.run_for(60)
    assert len(session.warnings) == 1
    assert session.warnings[0] == pytest.approx(240, abs=2)


def test_a_restart_does_not_repeat_a_warning(tmp_path: Path) -> None:
    """The archive knows what was said; a new end is warned of anew."""
    session = Session(tmp_path, ends_s=1800)
    session.recorder.run_for(1000)
    session.recorder.run_for(200)
    assert len(session.warnings) == 1
    session.door.expiry = session.clock.now() + timedelta(minutes=10)
    session.says("")
    session.recorder.run_for(60)
    assert len(session.warnings) == 2


def test_the_end_is_counted_by_the_clock_of_aws(tmp_path: Path) -> None:
    """This machine is ten minutes ahead: the keys last ten minutes longer than it seems."""
    session = Session(tmp_path, ends_s=1800)
    session.door.skew = lambda: 600.0  # type: ignore[method-assign]
    session.recorder.run_for(1400)
    assert session.warnings == []


def test_every_open_stream_is_polled_once_more_in_the_last_minute(tmp_path: Path) -> None:
    """A quiet cluster is polled each five minutes, an idle stack not at all: both are seen then."""
    session = Session(tmp_path, ends_s=1800)
    session.recorder.run_for(1795)
    streams = session.recorder.supervisor.snapshot().streams
    assert len(streams) == 6
    assert all(entry.polled_at is not None for entry in streams)
    last = min(entry.polled_at for entry in streams if entry.polled_at)
    assert last >= NOON + timedelta(seconds=1740)


def test_the_end_and_the_return_are_recorded_with_what_to_type(tmp_path: Path) -> None:
    """Who reads the archive later sees when a person was needed, for what, and when it was over."""
    session = Session(tmp_path, ends_s=600)

    def log_in() -> None:
        session.door.expiry = NOON + timedelta(hours=4)
        session.door.stamp = 1
        session.says("")

    wait = session.clock.wait

    def tick(event: threading.Event, timeout_s: float) -> bool:
        if session.clock.now() >= NOON + timedelta(seconds=800) and session.door.stamp == 0:
            log_in()
        return wait(event, timeout_s)

    session.clock.wait = tick  # type: ignore[method-assign]
    session.recorder.run_for(900)
    said = [(s["state"], s["left_s"], s["detail"]) for s in session.recorder.of("forensics.credentials")]
    assert said[0][0] == NEEDS_PERSON
    assert (NEEDS_PERSON, None, "the token has expired") in said
    assert said[-1] == (NEEDS_PERSON, None, "")
    assert Archive.open(session.recorder.directory).state().credentials["main"]["detail"] == ""


def test_a_refusal_to_give_credentials_is_told_apart(tmp_path: Path) -> None:
    """Logging in again would not help: the role's trust must change."""
    session = Session(tmp_path, ends_s=0, state=DENIED)
    session.says("not authorized to perform: sts:AssumeRole")
    session.door.whoami_trouble = lambda: CredentialsExpired("the session has expired", code="ExpiredToken")
    session.recorder.run_for(4)
    (said,) = session.recorder.of("forensics.credentials")
    assert (said["state"], said["detail"]) == (DENIED, "not authorized to perform: sts:AssumeRole")
    (site,) = session.recorder.supervisor.snapshot().sites
    assert site.standing.state == DENIED
    assert site.paused_because == "not authorized to perform: sts:AssumeRole"
