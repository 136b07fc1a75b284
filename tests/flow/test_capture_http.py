"""The recorder over real HTTP: real door, real sources, real archive, and an endpoint that misbehaves."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.status import Outcome
from forensics.capture.supervisor import Supervisor
from forensics.model.clock import ScaledClock
from forensics.model.record import Fact, Record
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.capture_fakes import InlineExecutor, StopAt
from tests.support.clock import ManualClock
from tests.support.faults import Faults, FaultyPlayer
from tests.support.histories import REGION, START, Builder, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
KINDS = (EVENT, "aws.ecs.service_event", "aws.ecs.task")


def failed_deployment() -> list[Builder]:
    """Return a deployment that fails: nested stacks, a service whose tasks die, rollback, delete."""
    api = service("api", at=120, desired=2)
    dead = tasks("api", 12, at=150, every_s=25, exit_code=1, reason="Essential container in task exited")
    for number in range(12):
        api.event(f"was unable to place task {number}.", at=151 + 25 * number)
    api.deployment(at=460, failedTasks=12, rolloutState="FAILED", rolloutStateReason="circuit breaker")
    child = stack("Shop-App", at=60)
    child.event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=120, physical=api.arn)
    for number in range(150):
        child.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=61 + number * 2)
    child.event(
        "Api", "AWS::ECS::Service", "CREATE_FAILED", at=470, physical=api.arn, reason="circuit breaker"
    )
    child.itself("ROLLBACK_IN_PROGRESS", at=480).itself("ROLLBACK_COMPLETE", at=560)
    child.itself("DELETE_IN_PROGRESS", at=600).itself("DELETE_COMPLETE", at=640)
    api.snapshot(at=520, status="DRAINING", desiredCount=0).snapshot(at=570, status="INACTIVE")
    shop = stack("Shop", at=50).nested("App", child, "CREATE_FAILED", at=490, reason="Embedded stack failed")
    shop.itself("ROLLBACK_IN_PROGRESS", at=500).itself("ROLLBACK_COMPLETE", at=650)
    shop.itself("DELETE_IN_PROGRESS", at=660).itself("DELETE_COMPLETE", at=700)
    return [shop, child, api, *dead]


def told(truth: list[Fact]) -> list[tuple[str, str]]:
    """Return what an archive must hold of a history, once each: source and id."""
    return sorted((fact.source, fact.id) for fact in truth if fact.type in KINDS)


def held(directory: Path) -> list[tuple[str, str]]:
    """Return what an archive holds of it."""
    return sorted((record.source, record.id) for record in records(directory) if record.type in KINDS)


def records(directory: Path) -> list[Record]:
    return list(Archive.open(directory).records())


class Scene:
    """An endpoint on loopback that plays a history in virtual time, and a recorder of it."""

    def __init__(self, directory: Path, player: FaultyPlayer, clock: ManualClock) -> None:
        self.directory = directory
        self.player = player
        self.clock = clock
        self._plan: list[tuple[float, Callable[[], object]]] = []
        self._wait = clock.wait
        clock.wait = self._tick  # type: ignore[method-assign]

    def at(self, at_s: float, action: Callable[[], object]) -> None:
        """Plan something for so many seconds after the start; in the order of their moments."""
        self._plan.append((self.clock.monotonic() + at_s, action))

    def _tick(self, event: threading.Event, timeout_s: float) -> bool:
        while self._plan and self.clock.monotonic() >= self._plan[0][0]:
            self._plan.pop(0)[1]()
        return self._wait(event, timeout_s)

    @property
    def faults(self) -> Faults:
        return self.player.faults

    def run_for(self, seconds: float, *, options: CaptureOptions | None = None) -> Outcome:
        door = Client(ClientOptions(region=REGION, endpoint_url=self.player.url), self.clock)
        writer = Writer.open(self.directory, clock=self.clock, run="1" * 16, tool="test")
        supervisor = Supervisor(
            sites=[Site(label="main", door=door, wanted=Wanted(stacks=("Shop",)))],
            writer=writer,
            clock=self.clock,
            options=options,
            executor=InlineExecutor(),
            rng=random.Random(11),
        )
        return supervisor.run(StopAt(self.clock, seconds))


@contextmanager
def scene(tmp_path: Path, truth: list[Fact]) -> Iterator[Scene]:
    clock = ManualClock()
    with FaultyPlayer(Endpoint(History.of(truth), clock)) as player:
        yield Scene(tmp_path / "archive", player, clock)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    log_in(tmp_path, "AKIAFIRST")


def log_in(tmp_path: Path, access_key: str) -> None:
    """Leave credentials where every tool of AWS looks for them."""
    text = f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = secret\n"
    (tmp_path / "credentials").write_text(text)


def test_a_deployment_that_fails_and_vanishes_is_on_disk(tmp_path: Path) -> None:
    """The stack did not exist at the start and does not exist at the end; all of it is in the archive."""
    truth = facts(*failed_deployment())
    with scene(tmp_path, truth) as play:
        outcome = play.run_for(1200, options=CaptureOptions(until="done"))
    assert outcome.reason == "done"
    assert held(play.directory) == told(truth)
    assert verify(play.directory, outcome.head).verdict == "intact"


def test_every_kind_of_broken_answer_is_survived(tmp_path: Path) -> None:
    """Errors on any page, resets, cut bodies, a captive portal: nothing lost, nothing twice."""
    truth = facts(*failed_deployment())
    with scene(tmp_path, truth) as play:
        play.faults.reset("cloudformation:DescribeStackEvents", page=2, times=2)
        play.faults.truncate("cloudformation:DescribeStackEvents", skip=9, times=2)
        play.faults.malformed("cloudformation:DescribeStackEvents", skip=20, times=3)
        play.faults.html("cloudformation:ListStacks", skip=12, times=3)
        play.faults.cut("ecs:DescribeServices", skip=5, times=2)
        play.faults.malformed("ecs:DescribeTasks", skip=2, times=3)
        play.faults.empty("ecs:ListTasks", skip=3, times=2)
        play.faults.fail("ecs:*", error="ServiceUnavailable", skip=30, times=20)
        play.faults.fail("*", error="Throttling", skip=90, times=30)
        outcome = play.run_for(1200)
        assert len(play.faults.struck) >= 5
    assert held(play.directory) == told(truth)
    assert outcome.open_gaps == 0
    assert {r.payload()["kind"] for r in records(play.directory) if r.type == "forensics.gap"} <= {
        "open",
        "recovered",
    }
    assert verify(play.directory, outcome.head).verdict == "intact with recorded gaps"
    bodies = [r.payload() for r in records(play.directory) if r.type == "forensics.undecodable"]
    assert any(body["body_base64"] for body in bodies)


def test_a_key_that_expires_and_is_renewed_on_disk(tmp_path: Path) -> None:
    """The login ends in the middle; somebody logs in again; the recorder goes on by itself."""
    truth = facts(*failed_deployment())
    with scene(tmp_path, truth) as play:
        asked: list[int] = []
        play.at(300, lambda: play.faults.fail("*", error="ExpiredToken", access_key="AKIAFIRST", times=None))
        play.at(310, lambda: asked.append(play.faults.calls()))
        play.at(400, lambda: asked.append(play.faults.calls()))
        play.at(401, lambda: log_in(tmp_path, "AKIASECOND"))
        outcome = play.run_for(1200)
        assert play.faults.struck
    assert asked[1] - asked[0] <= 10
    assert held(play.directory) == told(truth)
    gaps = [r.payload() for r in records(play.directory) if r.type == "forensics.gap"]
    assert {gap["reason"] for gap in gaps} == {"credentials"}
    assert max(gap["to"] for gap in gaps if gap["to"]) < "2026-01-15T12:06:45"
    assert outcome.open_gaps == 0


def test_one_source_that_is_denied_does_not_stop_the_others(tmp_path: Path) -> None:
    """The refusal names the IAM action, once; events are complete all the same."""
    truth = facts(*failed_deployment())
    with scene(tmp_path, truth) as play:
        play.faults.fail("ecs:ListTasks", error="AccessDenied", times=None)
        play.run_for(1200)
    refusals = [r.payload() for r in records(play.directory) if r.type == "forensics.refusal"]
    assert [entry["action"] for entry in refusals] == ["ecs:ListTasks"]
    others = [entry for entry in told(truth) if ":task/" not in entry[1]]
    assert held(play.directory) == others


def test_an_endpoint_that_never_answers_one_question_delays_no_other(tmp_path: Path) -> None:
    """On real threads: stopped tasks hang, stack events flow, and the end comes in time."""
    truth = facts(*failed_deployment())
    clock = ScaledClock(START, 120)
    with FaultyPlayer(Endpoint(History.of(truth), clock)) as player:
        player.faults.hang("ecs:ListTasks", times=None)
        options = ClientOptions(region=REGION, endpoint_url=player.url, read_timeout_s=2, deadline_s=480)
        stop = threading.Event()
        supervisor = Supervisor(
            sites=[
                Site(label="main", door=Client(options, clock, stop=stop), wanted=Wanted(stacks=("Shop",)))
            ],
            writer=Writer.open(tmp_path / "archive", clock=clock, run="1" * 16, tool="test"),
            clock=clock,
            options=CaptureOptions(max_duration_s=760, shutdown_s=240),
        )
        outcome = supervisor.run(stop)
    assert outcome.reason == "max-duration"
    assert outcome.duration_s < 1200
    seen = {entry for entry in held(tmp_path / "archive") if "cloudformation" in entry[0]}
    assert seen == {entry for entry in told(truth) if "cloudformation" in entry[0]}
