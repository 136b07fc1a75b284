"""kill -9 of the whole recorder, at random moments, until the deployment that it records is over.

How long the kills take depends on the machine: the deployment goes on until they are done, and ends when the
last recorder is at work.
"""

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.model.record import Fact, Gap
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.serve.player import Player
from tests.support.capture_daemon import virtual_clock
from tests.support.faults import FaultyPlayer
from tests.support.histories import facts, service, stack, tasks

KILLS = 20
SPEED = 60.0
LENGTH_S = 12_000
"""Virtual seconds that the deployment would go on: longer than any kills take."""
KINDS = ("aws.cloudformation.stack_event", "aws.ecs.service_event", "aws.ecs.task")
ROOT = Path(__file__).resolve().parents[2]


def deployment(length_s: int) -> list[Fact]:
    """Return a deployment of that many virtual seconds in which something happens all the time."""
    api = service("api", at=20)
    shop = stack("Shop", at=1).event(
        "Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=20, physical=api.arn
    )
    for number, at in enumerate(range(25, length_s - 20, 4)):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=at)
    for number, at in enumerate(range(30, length_s - 20, 30)):
        api.event(f"has started 1 tasks: (task {number}).", at=at)
    dead = tasks("api", (length_s - 60) // 20, at=40, every_s=20, exit_code=1)
    api.deployment(at=length_s - 5, rolloutState="COMPLETED")
    return facts(shop.itself("CREATE_COMPLETE", at=length_s - 10), api, *dead)


def ending_now(endpoint: Endpoint, speed: float, origin_s: float) -> list[Fact]:
    """Let the deployment that is played end within a virtual minute; return all that happens in it."""
    truth = deployment(int((time.monotonic() - origin_s) * speed) + 60)
    endpoint.play(History.of(truth))
    return truth


@pytest.fixture
def children() -> Iterator[list["Child"]]:
    """Yield where recorders are entered that must not outlive the test."""
    entered: list[Child] = []
    yield entered
    for child in entered:
        child.process.kill()
        child.join()


class Child:
    """The recorder's process, and what it acknowledged."""

    def __init__(
        self,
        children: list["Child"],
        url: str,
        archive: Path,
        origin_s: float,
        env: dict[str, str],
        *,
        speed: float = SPEED,
    ) -> None:
        children.append(self)
        arguments = [url, str(archive), str(speed), str(origin_s)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.capture_daemon", *arguments],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.acknowledged: list[str] = []
        self.began = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.began.set()
            if line.endswith("\n"):
                self.acknowledged.append(line.rstrip("\n"))
        self.began.set()

    def kill(self, after_s: float) -> None:
        """Let it come to work, then kill it after so many seconds."""
        assert self.began.wait(60)
        try:
            self.process.wait(after_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.join()

    def kill_after(self, kind: str, *, of: str = "") -> None:
        """Kill it as soon as it has acknowledged a record of ours of a kind, such as ``gap``, of a target."""
        self.wait_for(f"\t{kind}-", of)
        self.process.kill()
        self.join()

    def wait_for(self, *texts: str) -> None:
        """Wait until it has acknowledged a record in whose source and id all these texts are found."""
        while not any(all(text in line for text in texts) for line in tuple(self.acknowledged)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"ended by itself: {self.process.wait(0.05)}")

    def join(self) -> int:
        """Return how it ended, when all that it said has been read."""
        code = self.process.wait(120)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(
    tmp_path: Path, children: list[Child]
) -> None:
    """After every kill the archive verifies; after the last run it equals what happened."""
    chance = random.Random(67)
    archive = tmp_path / "archive"
    env = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    origin_s = time.monotonic()
    endpoint = Endpoint(History.of(deployment(LENGTH_S)), virtual_clock(SPEED, origin_s))
    acknowledged: set[str] = set()
    killed = 0
    with Player(endpoint) as player:
        for _ in range(KILLS):
            child = Child(children, player.url, archive, origin_s, env)
            child.kill(chance.uniform(0.0, 0.5))
            killed += child.process.returncode == -9
            acknowledged.update(child.acknowledged)
            verdict = verify(archive)
            assert verdict.verdict in ("intact", "intact with recorded gaps", "torn tail"), verdict.problems
            held = [f"{record.source}\t{record.id}" for record in Archive.open(archive).records()]
            assert len(held) == len(set(held))
            assert acknowledged <= set(held)
        last = Child(children, player.url, archive, origin_s, env)
        assert last.began.wait(60)
        truth = ending_now(endpoint, SPEED, origin_s)
        assert last.join() == 0
    assert killed >= KILLS // 2
    assert verify(archive).verdict == "intact with recorded gaps"
    found = [(r.source, r.id) for r in Archive.open(archive).records() if r.type in KINDS]
    assert sorted(found) == sorted((fact.source, fact.id) for fact in truth if fact.type in KINDS)


def log_in(home: Path, key: str) -> None:
    """Leave a session's keys where the recorder looks for them, in one step."""
    fresh = home / "credentials.new"
    fresh.write_text(
        f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\naws_session_token = t\n"
    )
    fresh.replace(home / "credentials")


@pytest.mark.timeout(240)
def test_kills_in_the_middle_of_an_outage_change_nothing(tmp_path: Path, children: list[Child]) -> None:
    """The keys end, the recorder is killed twice before new ones come: one gap, recovered, nothing lost."""
    speed, archive = 40.0, tmp_path / "archive"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    origin_s = time.monotonic()
    endpoint = Endpoint(History.of(deployment(LENGTH_S)), virtual_clock(speed, origin_s))
    log_in(tmp_path, "ASIAFIRST")
    with FaultyPlayer(endpoint) as player:
        first = Child(children, player.url, archive, origin_s, env, speed=speed)
        first.wait_for(":stack/Shop/")
        player.faults.fail("*", error="ExpiredToken", access_key="ASIAFIRST", times=None)
        # The survey's gap may come before: a stream that is killed without one was left by its recorder.
        first.kill_after("gap", of=":stack/Shop/")
        Child(children, player.url, archive, origin_s, env, speed=speed).kill_after("credentials")
        before = {gap.stream: gap for gap in _gaps(archive) if gap.stream.startswith("stack_events ")}
        log_in(tmp_path, "ASIASECOND")
        last = Child(children, player.url, archive, origin_s, env, speed=speed)
        assert last.began.wait(60)
        truth = ending_now(endpoint, speed, origin_s)
        assert last.join() == 0
    assert verify(archive).verdict == "intact with recorded gaps"
    found = [(r.source, r.id) for r in Archive.open(archive).records() if r.type in KINDS]
    assert sorted(found) == sorted((fact.source, fact.id) for fact in truth if fact.type in KINDS)
    assert {gap.kind for gap in _gaps(archive)} == {"open", "recovered"}
    after = {gap.stream: gap for gap in _gaps(archive) if gap.kind == "recovered"}
    assert before
    for stream, gap in before.items():
        assert (gap.kind, gap.reason) == ("open", "credentials")
        assert (after[stream].reason, after[stream].since) == ("credentials", gap.since)


def _gaps(archive: Path) -> list[Gap]:
    records = Archive.open(archive).records()
    return [msgspec.convert(r.payload(), Gap) for r in records if r.type == "forensics.gap"]
