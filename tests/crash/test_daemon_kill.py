"""kill -9 of the whole recorder, at random moments, until the deployment that it records is over."""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.model.record import Fact
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.serve.player import Player
from tests.support.capture_daemon import virtual_clock
from tests.support.histories import facts, service, stack, tasks

KILLS = 20
SPEED = 60.0
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


class Child:
    """The recorder's process, and what it acknowledged."""

    def __init__(self, url: str, archive: Path, origin_s: float, env: dict[str, str]) -> None:
        arguments = [url, str(archive), str(SPEED), str(origin_s)]
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

    def join(self) -> int:
        code = self.process.wait(120)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
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
    truth = deployment(int(KILLS * 1.6 * SPEED))
    origin_s = time.monotonic()
    acknowledged: set[str] = set()
    killed = 0
    with Player(Endpoint(History.of(truth), virtual_clock(SPEED, origin_s))) as player:
        for _ in range(KILLS):
            child = Child(player.url, archive, origin_s, env)
            child.kill(chance.uniform(0.0, 0.5))
            killed += child.process.returncode == -9
            acknowledged.update(child.acknowledged)
            verdict = verify(archive)
            assert verdict.verdict in ("intact", "intact with recorded gaps", "torn tail"), verdict.problems
            held = [f"{record.source}\t{record.id}" for record in Archive.open(archive).records()]
            assert len(held) == len(set(held))
            assert acknowledged <= set(held)
        last = Child(player.url, archive, origin_s, env)
        assert last.join() == 0
    assert killed >= KILLS // 2
    assert verify(archive).verdict == "intact with recorded gaps"
    found = [(r.source, r.id) for r in Archive.open(archive).records() if r.type in KINDS]
    assert sorted(found) == sorted((fact.source, fact.id) for fact in truth if fact.type in KINDS)
