"""Whatever goes wrong, for however long: what is missing lies in a gap that says so."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.model.record import Fact
from tests.support.histories import Builder, StackHistory, epoch, facts, service, stack, task
from tests.support.truth import ERRORS, Life, Trouble, World

CLUSTER = service("api").cluster_arn
LENGTH_S = 3 * 3600
OPERATIONS = (
    "",
    "cloudformation:DescribeStackEvents",
    "cloudformation:ListStacks",
    "cloudformation:DescribeStacks",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
)

moments = st.integers(min_value=30, max_value=LENGTH_S)
troubles = st.builds(
    Trouble,
    start_s=st.one_of(st.just(0), moments),
    length_s=st.one_of(st.integers(1, 900), st.integers(3000, 7000)),
    operation=st.sampled_from(OPERATIONS),
    error=st.sampled_from(sorted(ERRORS)),
    share=st.sampled_from((0.3, 0.9, 1.0)),
)
lives = st.builds(
    Life,
    commits=st.integers(1, 40),
    away_s=st.one_of(st.integers(0, 900), st.integers(3000, 6000)),
    is_kill=st.booleans(),
)
bursts = st.lists(st.tuples(moments, st.integers(1, 160)), max_size=5)


def story(
    operations: list[int],
    bursts: list[tuple[int, int]],
    stops: list[int],
    *,
    service_ends_at: int | None = None,
    cluster_ends_at: int | None = None,
    siblings: Sequence[Sequence[int]] = (),
) -> list[Fact]:
    """Return a stack with a row of operations, a service that talks in bursts, and tasks that stop.

    Args:
        operations: When the stack is updated.
        bursts: When the service says how many messages.
        stops: When tasks begin to stop.
        service_ends_at: When the service is deleted.
        cluster_ends_at: When its cluster is.
        siblings: When further stacks are updated, each in its own row.
    """
    api = service("api", at=25).deployment(at=40, rolloutState="COMPLETED")
    shop = stack("Shop", at=20)
    shop.event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=26, physical=api.arn)
    shop.itself("CREATE_COMPLETE", at=30)
    if cluster_ends_at is not None:
        shop.itself("UPDATE_IN_PROGRESS", at=cluster_ends_at - 3)
        shop.event("Main", "AWS::ECS::Cluster", "DELETE_COMPLETE", at=cluster_ends_at, physical="main")
        shop.itself("UPDATE_COMPLETE", at=cluster_ends_at + 5)
    update(shop, operations, [30, *([] if cluster_ends_at is None else [cluster_ends_at])])
    more = [stack(f"Shop{number}", at=20) for number in range(len(siblings))]
    for sibling, moments in zip(more, siblings, strict=True):
        update(sibling.itself("CREATE_COMPLETE", at=30), moments, [30])
    # A cluster in which a service is at work cannot be deleted.
    silent_from = min(at for at in (service_ends_at, cluster_ends_at, LENGTH_S * 2) if at is not None)
    for burst, (at, count) in enumerate(sorted(bursts)):
        for number in range(count):
            said_at = at + number * 0.25
            if said_at < silent_from:
                api.event(f"message {burst}.{number}", at=said_at)
    dead: list[Builder] = []
    for number, at in enumerate(stops):
        if cluster_ends_at is not None and at + 20 > cluster_ends_at:
            continue  # a cluster in which something runs cannot be deleted
        dying = task("api", at=at, task_id=f"{number:032x}", last="DEPROVISIONING")
        dead.append(dying.version(at=at + 15, lastStatus="STOPPED", stoppedAt=epoch(at + 15)))
    if service_ends_at is not None:
        api.snapshot(at=service_ends_at, status="INACTIVE", deployments=[])
    return facts(shop, *more, api, *dead)


def update(shop: StackHistory, operations: Iterable[int], busy: list[int]) -> None:
    """Have a stack updated at those moments at which it is in no other operation."""
    for number, at in enumerate(sorted(operations)):
        if all(abs(at - other) >= 30 for other in busy):
            busy.append(at)
            shop.itself("UPDATE_IN_PROGRESS", at=at)
            shop.event(f"R{number}", "AWS::SNS::Topic", "UPDATE_COMPLETE", at=at + 7)
            shop.itself("UPDATE_COMPLETE", at=at + 15)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # A case takes a second: to make one smaller would take minutes. The draws are labelled instead.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(data=st.data())
def test_what_is_missing_lies_in_a_gap_that_says_so(data: Any) -> None:
    """Faults, outages beyond every horizon, clocks set, sleep, stalls, kills: what is missing is named."""
    truth = story(
        data.draw(st.lists(moments, max_size=12), label="operations"),
        data.draw(bursts, label="bursts"),
        data.draw(st.lists(moments, max_size=12), label="stops"),
        service_ends_at=data.draw(st.one_of(st.none(), moments), label="service ends"),
        cluster_ends_at=data.draw(st.one_of(st.none(), moments), label="cluster ends"),
        siblings=data.draw(st.lists(st.lists(moments, max_size=6), max_size=3), label="siblings"),
    )
    with tempfile.TemporaryDirectory() as directory:
        world = World(
            Path(directory),
            truth,
            troubles=data.draw(st.lists(troubles, max_size=4), label="troubles"),
            steps=data.draw(st.lists(st.tuples(moments, st.integers(-900, 900)), max_size=2), label="steps"),
            naps=data.draw(st.lists(st.tuples(moments, st.integers(5, 5000)), max_size=2), label="naps"),
            stalls=data.draw(st.lists(st.tuples(moments, st.integers(5, 900)), max_size=4), label="stalls"),
            slow_s=data.draw(st.sampled_from((0.0, 0.0, 7.0, 90.0)), label="slow"),
            seed=data.draw(st.integers(0, 2**32), label="seed"),
            wanted=Wanted(stacks=("Shop*",)),
        )
        workers = data.draw(st.sampled_from((1, 8)), label="workers")
        world.recorder.options = CaptureOptions(workers=workers)
        for life in data.draw(st.lists(lives, max_size=3), label="lives"):
            if world.elapsed_s < LENGTH_S:
                world.live(life)
                world.judge()
        world.run_until(LENGTH_S + 1300)
        world.judge()


def test_without_trouble_nothing_is_missing_and_nothing_was_unseen() -> None:
    """The property above must not hold because everything is declared a gap."""
    truth = story([300, 4000, 9000], [(500, 90), (6000, 90)], [700, 5000])
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory), truth)
        world.run_until(LENGTH_S)
        found = world.judge()
    assert (found.missing, found.gaps.total()) == (0, 0)


def test_a_kill_in_the_middle_of_an_outage_changes_nothing_of_what_is_said(tmp_path: Path) -> None:
    """The credentials end, the recorder is killed and started again, the credentials come back."""
    truth = story([300, 1000, 1500], [(700, 20)], [])
    told = []
    for is_killed in (False, True):
        outage = Trouble(start_s=600, length_s=600, operation="", error="expired", share=1.0)
        world = World(tmp_path / str(is_killed), truth, troubles=[outage])
        if is_killed:
            world.kill_at(900)
            world.truth.advance(60)
        world.run_until(3000)
        found = world.judge()
        assert found.missing == 0
        (events,) = [
            trace for name, trace in found.coverage.traces.items() if name.startswith("stack_events")
        ]
        told.append({(gap.gap.kind, gap.gap.reason) for gap in events.gaps})
    assert told == [{("recovered", "credentials")}] * 2


def test_a_clock_that_is_set_later_takes_nothing_from_what_a_gap_counts(tmp_path: Path) -> None:
    """A task was seen stopping, its cluster deleted before the next poll, and the clock set after that."""
    truth = story([205], [], [164], cluster_ends_at=273)
    world = World(tmp_path, truth, steps=[(600, -837)])
    world.recorder.options = CaptureOptions(stopped_tasks_quiet_s=5.0)
    world.kill_at(176)
    world.truth.advance(200)
    world.run_until(900)
    found = world.judge()
    (gap,) = found.coverage.traces[f"stopped_tasks {CLUSTER}"].gaps
    assert (gap.gap.kind, gap.gap.lower_bound) == ("lost", 1)
    assert found.missing + found.unwatched == 1


def test_what_a_first_poll_could_not_reach_back_to_is_not_recovered(tmp_path: Path) -> None:
    """The service said more in the outage than AWS keeps, and nobody had ever looked at it before."""
    truth = story([], [(100, 150)], [])
    refused = Trouble(start_s=0, length_s=900, operation="ecs:DescribeServices", error="denied", share=1.0)
    world = World(tmp_path, truth, troubles=[refused])
    world.run_until(3000)
    found = world.judge()
    assert found.missing == 50
    (said,) = [trace for name, trace in found.coverage.traces.items() if name.startswith("services")]
    assert [(gap.gap.kind, gap.gap.reason) for gap in said.gaps] == [("unknown", "access-denied")]


def test_operations_of_an_outage_at_the_start_are_read_afterwards(tmp_path: Path) -> None:
    """Three operations were over before anybody could look: all of them are what the recording is for."""
    truth = story([200, 400, 600], [], [])
    world = World(tmp_path, truth, troubles=[Trouble(0, 900, "", "expired", 1.0)])
    world.run_until(1500)
    found = world.judge()
    assert (found.missing, found.unwatched) == (0, 0)


NO_WAY = Trouble(start_s=500, length_s=3600, operation="", error="reset", share=1.0)


def test_a_statement_that_comes_late_does_not_hide_what_came_since_the_last_poll(tmp_path: Path) -> None:
    """Held up for minutes, the recorder states at last what it had polled before, and is killed at once."""
    truth = story([], [(330, 20)], [])
    world = World(tmp_path, truth, troubles=[NO_WAY], stalls=[(318, 180)], slow_s=5.0)
    world.kill_at(501)
    world.truth.advance(60)
    world.run_until(700)
    assert world.judge().missing == 20


def test_an_answer_that_was_long_on_its_way_is_as_old_as_its_question(tmp_path: Path) -> None:
    """Each poll takes longer than the time between two statements, of which the last says what it found."""
    truth = story([], [], [300, 310, 320])
    world = World(tmp_path, truth, troubles=[NO_WAY], slow_s=90.0)
    world.kill_at(421)
    world.truth.advance(100)
    world.run_until(900)
    assert world.judge().missing == 3


def test_a_stack_that_waits_for_a_free_thread_is_not_vouched_for(tmp_path: Path) -> None:
    """The survey saw three stacks move, one can be polled at a time: of the others nothing is sure."""
    truth = story([280], [], [], siblings=[[280], [280]])
    world = World(tmp_path, truth, troubles=[NO_WAY], slow_s=50.0, wanted=Wanted(stacks=("Shop*",)))
    world.recorder.options = CaptureOptions(workers=1)
    world.kill_at(430)
    world.truth.advance(200)
    world.run_until(900)
    assert world.judge().missing == 6


def test_a_stream_that_was_opened_and_not_read_before_a_kill_was_not_seen_meanwhile(tmp_path: Path) -> None:
    """An hour later the first poll of it finds nothing: the tasks that stopped are forgotten."""
    truth = story([], [], [1500])
    world = World(tmp_path, truth, slow_s=90.0)
    world.kill_at(300)
    world.truth.advance(5000)
    world.run_until(6000)
    found = world.judge()
    assert found.missing == 1
    (gap,) = found.coverage.traces[f"stopped_tasks {CLUSTER}"].gaps
    assert (gap.gap.kind, gap.gap.reason) == ("unknown", "daemon-down")


def test_a_first_poll_that_comes_too_late_says_from_when_on_it_saw(tmp_path: Path) -> None:
    """Held up for more than an hour right after it had found the cluster."""
    truth = story([], [], [1500])
    world = World(tmp_path, truth, stalls=[(300, 5000)], slow_s=90.0)
    world.run_until(6000)
    found = world.judge()
    assert found.missing == 1
    first, *_ = found.coverage.traces[f"stopped_tasks {CLUSTER}"].gaps
    assert (first.gap.kind, first.gap.reason, first.is_inferred) == ("unknown", "window", False)
