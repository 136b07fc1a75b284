"""Throttling storms and endpoints that hang: who is delayed, who is not, and what the archive says."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.aws.budget import DEFAULT_RATES
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.model.clock import ScaledClock, from_rfc3339
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.capture_fakes import InlineExecutor, StopAt
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import REGION, START, Builder, facts, service, stack

STORM_S = 600.0
CALM_S = 120.0
QUIET = {"rolloutState": "COMPLETED"}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def account(region: str = REGION, *, stacks: int = 4) -> list[Builder]:
    """Return stacks in an operation and services in two clusters, over an hour."""
    parts: list[Builder] = []
    for number in range(stacks):
        shop = stack(f"Shop-{number}", at=1, region=region)
        for step in range(60):
            shop.event(f"R{step}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 60 * step)
        parts.append(shop)
    for number in range(4):
        name = f"api-{number}"
        api = service(name, at=-900, cluster=f"c{number % 2}", region=region).deployment(at=-800, **QUIET)
        for step in range(12):
            api.event(f"has reached a steady state {step}.", at=10 + 300 * step)
        parts.append(api)
    return parts


def test_a_storm_of_throttling_is_ridden_out_within_the_budget(tmp_path: Path) -> None:
    """Nineteen of twenty calls refused for ten minutes: slower, fair, and back within two intervals."""
    clock = ManualClock()
    truth = facts(*account())
    wait = clock.wait
    with FaultyPlayer(Endpoint(History.of(truth), clock)) as player:
        marks: list[int] = []

        def weather(event: threading.Event, timeout_s: float) -> bool:
            elapsed_s = clock.monotonic() - 1000.0
            if not marks and elapsed_s >= CALM_S:
                marks.append(len(player.faults.seen))
                player.faults.fail("*", error="Throttling", times=None, share=0.95)
            if len(marks) == 1 and elapsed_s >= CALM_S + STORM_S:
                marks.append(len(player.faults.seen))
                player.faults.clear()
            return wait(event, timeout_s)

        clock.wait = weather  # type: ignore[method-assign]
        supervisor = Supervisor(
            sites=[
                Site(
                    label="main",
                    door=Client(ClientOptions(region=REGION, endpoint_url=player.url), clock),
                    wanted=Wanted(stacks=("Shop-*",), clusters=("c*",)),
                )
            ],
            writer=Writer.open(tmp_path / "archive", clock=clock, run="1" * 16, tool="test"),
            clock=clock,
            executor=InlineExecutor(),
            rng=random.Random(3),
        )
        supervisor.run(StopAt(clock, CALM_S + STORM_S + 400))
        during = [seen.operation for seen in player.faults.seen[marks[0] : marks[1]]]
        assert player.faults.struck.total() > 50
    for operation in set(during):
        rate = DEFAULT_RATES[operation.partition(":")[0]]
        assert during.count(operation) <= rate.burst + rate.per_s * STORM_S / 2
    records = list(Archive.open(tmp_path / "archive").records())
    gaps = [record.payload() for record in records if record.type == "forensics.gap"]
    assert {gap["kind"] for gap in gaps} == {"open", "recovered"}
    assert {gap["reason"] for gap in gaps} == {"throttled"}
    over_at = START + timedelta(seconds=CALM_S + STORM_S)
    back_at = [from_rfc3339(gap["to"]) - over_at for gap in gaps if gap["to"]]
    assert max(back_at) <= timedelta(seconds=120)
    assert supervisor.snapshot().open_gaps == ()
    kinds = ("aws.cloudformation.stack_event", "aws.ecs.service_event")
    past = [f for f in truth if f.type in kinds and (f.time or "") < "2026-01-15T12:18:00"]
    assert {(f.source, f.id) for f in past} <= {(r.source, r.id) for r in records}


class Watch:
    """A recorder on real threads and a fast clock, of one or two regions."""

    def __init__(self, tmp_path: Path, clock: ScaledClock, doors: dict[str, Client]) -> None:
        self.directory = tmp_path / "archive"
        self.supervisor = Supervisor(
            sites=[
                Site(label=label, door=door, wanted=Wanted(stacks=("Shop-*",), clusters=("c*",)))
                for label, door in doors.items()
            ],
            writer=Writer.open(self.directory, clock=clock, run="1" * 16, tool="test"),
            clock=clock,
            options=CaptureOptions(max_duration_s=400, shutdown_s=100, coverage_s=10),
        )


@contextmanager
def playing(clock: ScaledClock, region: str) -> Iterator[tuple[FaultyPlayer, Client]]:
    with FaultyPlayer(Endpoint(History.of(facts(*account(region, stacks=8))), clock)) as player:
        options = ClientOptions(region=region, endpoint_url=player.url, read_timeout_s=3, deadline_s=300)
        yield player, Client(options, clock)


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_calls_that_never_end_delay_no_other_source_or_region(tmp_path: Path, how: str) -> None:
    """Eight stacks whose events hang, more than there are workers: services and the other region flow."""
    clock = ScaledClock(START, 100)
    with playing(clock, REGION) as (near, near_door), playing(clock, "eu-west-1") as (far, far_door):
        if how == "hang":
            near.faults.hang("cloudformation:DescribeStackEvents", times=None)
        else:
            near.faults.drip("cloudformation:DescribeStackEvents", every_s=0.5, times=None)
        watch = Watch(tmp_path, clock, {"near": near_door, "far": far_door})
        outcome = watch.supervisor.run(threading.Event())
        assert near.faults.struck["cloudformation:DescribeStackEvents"] >= 4
        assert near.faults.calls("ecs:DescribeServices") >= 8
        assert far.faults.calls("cloudformation:DescribeStackEvents") >= 60
    assert outcome.duration_s < 560
    records = list(Archive.open(watch.directory).records())
    seen = {record.source for record in records if record.type == "aws.ecs.service_event"}
    assert len(seen) == 8
    delayed = {g["stream"] for r in records if r.type == "forensics.gap" for g in [r.payload()]}
    assert {stream.split(":")[3] for stream in delayed} == {REGION}
    assert all(stream.startswith("stack_events ") for stream in delayed)
