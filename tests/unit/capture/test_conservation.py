"""Whatever goes wrong in whatever order: the archive equals what happened, and nothing is there twice."""

import random
import shutil
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.archive.end import WriterOptions
from forensics.archive.verify import verify
from forensics.capture.selection import Wanted
from forensics.errors import AwsError, CredentialsExpired, ServerFault, Throttled, Undecodable, Unreachable
from forensics.model.record import Fact, Record
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import ManualClock
from tests.support.histories import Builder, facts, service, stack, task

LENGTH_S = 1800
KINDS = ("aws.cloudformation.stack_event", "aws.ecs.service_event", "aws.ecs.task")
ERRORS = (
    CredentialsExpired("expired"),
    Throttled("Rate exceeded"),
    Unreachable("reset"),
    ServerFault("503"),
    Undecodable("no XML", body=b"<html>", operation="x"),
)
OPERATIONS = (
    "cloudformation:DescribeStackEvents",
    "cloudformation:ListStacks",
    "cloudformation:DescribeStacks",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "",
)

moments = st.integers(min_value=30, max_value=LENGTH_S)


class Fault(msgspec.Struct, frozen=True):
    """Calls of one operation (""; of all) that fail for a while, by chance."""

    start_s: int
    length_s: int
    operation: str
    error: int
    share: float


class Death(msgspec.Struct, frozen=True):
    """A recorder that is killed right after its n-th commit, or stopped in order, and stays away."""

    after_commits: int
    away_s: int
    is_kill: bool


faults = st.builds(
    Fault,
    moments,
    st.integers(1, 600),
    st.sampled_from(OPERATIONS),
    st.integers(0, len(ERRORS) - 1),
    st.floats(0.3, 1.0),
)
deaths = st.builds(Death, st.integers(1, 25), st.integers(0, 400), st.booleans())


def history(events: list[int], messages: list[int], stops: list[int]) -> list[Fact]:
    """Return a deployment with something at each of these moments."""
    api = service("api", at=25)
    for number, at in enumerate(sorted(messages)):
        api.event(f"message {number}", at=at)
    # AWS's summary of a stack and its description are never the same payload.
    shop = (
        stack("Shop", at=20)
        .summary(at=20, TemplateDescription="the shop")
        .event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=25, physical=api.arn)
    )
    for number, at in enumerate(sorted(events)):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=at)
    dead: list[Builder] = []
    for number, at in enumerate(stops):
        dying = task("api", at=at, task_id=f"{number:032x}", last="DEPROVISIONING")
        dead.append(dying.version(at=at + 15, lastStatus="STOPPED"))
    api.deployment(at=LENGTH_S, rolloutState="COMPLETED")
    return facts(shop.itself("CREATE_COMPLETE", at=LENGTH_S), api, *dead)


class World:
    """A recorder under faults, with as many lives as it takes."""

    def __init__(self, directory: Path, truth: list[Fact], troubles: list[Fault], seed: int) -> None:
        self.clock = ManualClock()
        door = EndpointDoor(History.of(truth), self.clock)
        self.recorder = Recorder(directory, door, self.clock, Wanted(stacks=("Shop",)))
        # Small segments: seals, and starts from a seal, are part of the game.
        self.recorder.writer_options = WriterOptions(segment_bytes=30_000)
        self._troubles = troubles
        self._chance = random.Random(seed)
        door.trouble = self._trouble
        door.whoami_trouble = lambda: self._trouble("sts:GetCallerIdentity")

    @property
    def elapsed_s(self) -> float:
        return self.clock.monotonic() - 1000.0

    def _trouble(self, operation: str) -> AwsError | None:
        for fault in self._troubles:
            is_on = fault.start_s <= self.elapsed_s < fault.start_s + fault.length_s
            if is_on and fault.operation in (operation, "") and self._chance.random() < fault.share:
                return ERRORS[fault.error]
        return None

    def live(self, death: Death) -> None:
        """Run until so many commits were made, die, and stay away for a while."""
        recorder = self.recorder
        end, abort = threading.Event(), threading.Event()
        left = death.after_commits
        next_home = recorder.directory.with_name(f"archive-{recorder.runs + 1}")

        def count(_records: list[Record]) -> None:
            nonlocal left
            left -= 1
            if left == 0 and death.is_kill:
                # What a killed process leaves is what is on disk now; what it does after that is not.
                shutil.copytree(recorder.directory, next_home)
                abort.set()
            elif left <= 0:
                end.set()

        recorder.start(on_commit=count).run(end, abort)
        if next_home.exists():
            recorder.directory = next_home
        self.clock.advance(death.away_s)

    def finish(self) -> Any:
        """Run to the end of the history and as long as it takes to recover from everything."""
        return self.recorder.run_for(max(0.0, LENGTH_S + 1300 - self.elapsed_s))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    events=st.lists(moments, max_size=260),
    messages=st.lists(moments, max_size=60),
    stops=st.lists(moments, max_size=30),
    troubles=st.lists(faults, max_size=4),
    lives=st.lists(deaths, max_size=3),
    seed=st.integers(0, 2**32),
)
def test_the_archive_equals_what_happened(
    events: list[int],
    messages: list[int],
    stops: list[int],
    troubles: list[Fault],
    lives: list[Death],
    seed: int,
) -> None:
    """Outages within the horizons, deaths at any commit: every fact once, every gap closed and recovered."""
    truth = history(events, messages, stops)
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory), truth, troubles, seed)
        for death in lives:
            if world.elapsed_s < LENGTH_S:
                world.live(death)
        outcome = world.finish()
        records = world.recorder.records()
        verdict = verify(world.recorder.directory, outcome.head)
    kept = Counter((record.source, record.id) for record in records)
    assert max(kept.values()) == 1
    happened = {(fact.source, fact.id) for fact in truth if fact.type in KINDS}
    held = {(record.source, record.id) for record in records if record.type in KINDS}
    intermediate = {key for key in happened - held if key[1].endswith("@3")}
    assert held <= happened
    assert happened - held == intermediate, "only a task's earlier version may be missed"
    assert verdict.verdict in ("intact", "intact with recorded gaps"), verdict.problems
    gaps = [record.payload() for record in records if record.type == "forensics.gap"]
    assert {gap["kind"] for gap in gaps} <= {"open", "recovered"}
    assert outcome.open_gaps == 0
