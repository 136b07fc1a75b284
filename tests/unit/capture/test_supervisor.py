"""What a recording opens, follows and leaves alone, in virtual time."""

from itertools import pairwise
from pathlib import Path

import pytest

from forensics.archive.verify import verify
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import NotFound
from forensics.model.record import Record
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
SERVICE_EVENT = "aws.ecs.service_event"
TASK = "aws.ecs.task"


def recorder_of(
    tmp_path: Path, *parts: object, options: CaptureOptions | None = None, **wanted: tuple[str, ...]
) -> Recorder:
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*parts)), clock)  # type: ignore[arg-type]
    return Recorder(tmp_path, door, clock, Wanted(**wanted), options)


def opened(recorder: Recorder) -> dict[str, str]:
    """Return for each stream that was opened what led to it."""
    streams = recorder.of("forensics.stream")
    return {entry["stream"]: entry["opened_because"] for entry in streams if "opened_because" in entry}


def test_one_stack_leads_to_everything_below_it(tmp_path: Path) -> None:
    """Who points at one stack gets its nested stacks, services and stopped tasks, all of them once."""
    api = service("api", at=30).event("has started 1 tasks: (task 1).", at=31)
    dead = tasks("api", 3, at=40, exit_code=1)
    child = stack("Shop-App", at=10)
    child.event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=30, physical=api.arn)
    child.event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=90, physical=api.arn)
    child.itself("CREATE_COMPLETE", at=91)
    shop = stack("Shop").nested("App", child, "CREATE_COMPLETE", at=95).itself("CREATE_COMPLETE", at=96)
    api.deployment(at=80, rolloutState="COMPLETED", runningCount=1)
    recorder = recorder_of(tmp_path, shop, child, api, *dead, stacks=("Shop",))
    outcome = recorder.run_for(600)
    truth = facts(shop, child, api, *dead)
    for kind in (EVENT, SERVICE_EVENT, TASK):
        found = recorder.keys(kind)
        assert set(found) == keys(truth, kind)
        assert len(found) == len(set(found))
    assert (outcome.reason, outcome.open_gaps) == ("stopped", 0)
    assert not recorder.of("forensics.gap")
    assert verify(recorder.directory, outcome.head).verdict == "intact"


def test_a_stack_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    """The recorder is started before the deployment, and misses none of its first events."""
    shop = stack("Shop", at=300).event("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=320)
    recorder = recorder_of(tmp_path, shop, stack("Other"), stacks=("Shop",))
    recorder.run_for(200)
    assert recorder.supervisor.snapshot().waiting_for == ("Shop",)
    assert recorder.keys(EVENT) == []
    recorder.run_for(400)
    assert set(recorder.keys(EVENT)) == keys(facts(shop), EVENT)
    assert recorder.supervisor.snapshot().waiting_for == ()


def test_a_stack_is_followed_through_its_delete_and_so_is_its_successor(tmp_path: Path) -> None:
    """After a delete the name finds nothing; the next stack of that name has another ARN."""
    first = stack("Shop", at=10).itself("ROLLBACK_IN_PROGRESS", at=60).itself("ROLLBACK_COMPLETE", at=90)
    first.itself("DELETE_IN_PROGRESS", at=100).itself("DELETE_COMPLETE", at=130)
    second = stack("Shop", at=200).itself("CREATE_COMPLETE", at=260)
    recorder = recorder_of(tmp_path, first, second, stacks=("Shop",))
    recorder.run_for(600)
    assert set(recorder.keys(EVENT)) == keys(facts(first, second), EVENT)
    assert opened(recorder)[f"stack_events {second.arn}"] == "survey"
    status = {entry.stream: entry for entry in recorder.supervisor.snapshot().streams}
    assert status[f"stack_events {first.arn}"].is_ended
    assert not status[f"stack_events {second.arn}"].is_ended


def test_a_stack_deleted_before_the_recording_is_history(tmp_path: Path) -> None:
    """ListStacks shows deleted stacks for ninety days; they are not what was asked for."""
    old = stack("Shop", at=-900).itself("DELETE_IN_PROGRESS", at=-600).itself("DELETE_COMPLETE", at=-500)
    recorder = recorder_of(tmp_path, old, stacks=("Shop",))
    recorder.run_for(120)
    assert recorder.keys(EVENT) == []


def test_a_glob_follows_the_stacks_that_match_and_no_others(tmp_path: Path) -> None:
    """A stack of another team in the same account is none of our business."""
    mine, other = stack("Shop-A", at=5), stack("Bank", at=5)
    recorder = recorder_of(tmp_path, mine, other, stacks=("Shop-*",))
    recorder.run_for(60)
    assert set(recorder.keys(EVENT)) == keys(facts(mine), EVENT)
    assert all(record.source != other.arn for record in recorder.records())


def test_an_arn_is_followed_without_any_look(tmp_path: Path) -> None:
    """A deleted stack can be read by its ARN only."""
    gone = stack("Shop", at=-900).itself("DELETE_IN_PROGRESS", at=-600).itself("DELETE_COMPLETE", at=-500)
    recorder = recorder_of(tmp_path, gone, stacks=(gone.arn,))
    recorder.run_for(60)
    assert set(recorder.keys(EVENT)) == keys(facts(gone), EVENT)


@pytest.mark.parametrize(
    "wanted",
    [
        {"services": ("main/api",)},
        {"services": ("main/a*",)},
        {"services": ("m*/api",)},
        {"clusters": ("main",)},
    ],
    ids=["name", "glob of names", "glob of clusters", "cluster"],
)
def test_a_service_brings_its_stopped_tasks(tmp_path: Path, wanted: dict[str, tuple[str, ...]]) -> None:
    """However it was asked for, the reasons of its dead tasks come with it."""
    api = service("api", at=0).event("has started 1 tasks: (task 1).", at=5)
    dead = tasks("api", 2, at=20)
    recorder = recorder_of(tmp_path, api, *dead, **wanted)
    recorder.run_for(120)
    assert set(recorder.keys(SERVICE_EVENT)) == keys(facts(api), SERVICE_EVENT)
    assert set(recorder.keys(TASK)) == keys(facts(*dead), TASK)


def test_a_service_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    """A service of a name that does not exist is asked for until it does."""
    api = service("api", at=200).event("has reached a steady state.", at=230)
    recorder = recorder_of(tmp_path, service("web"), api, services=("main/api",))
    recorder.run_for(150)
    assert recorder.supervisor.snapshot().waiting_for == ("main/api",)
    recorder.run_for(400)
    assert set(recorder.keys(SERVICE_EVENT)) == keys(facts(api), SERVICE_EVENT)


@pytest.mark.parametrize(
    "wanted",
    [
        {"stacks": ("Shop",)},
        {"services": ("main/shop",)},
        {"services": ("main/sh*",)},
        {"clusters": ("prod",)},
    ],
    ids=["stack", "service", "glob", "cluster"],
)
def test_without_waiting_what_is_missing_is_named(tmp_path: Path, wanted: dict[str, tuple[str, ...]]) -> None:
    """A typing error in a pipeline must not look like a quiet hour; the archive is closed in order."""
    options = CaptureOptions(wait_for_missing=False)
    recorder = recorder_of(tmp_path, stack("Other"), service("web"), options=options, **wanted)
    with pytest.raises(NotFound, match=next(iter(wanted.values()))[0].replace("*", r"\*")):
        recorder.run_for(600)
    assert verify(recorder.directory).verdict == "intact"
    assert recorder.of("forensics.run")[-1]["reason"] == "failed"


def test_idle_stacks_cost_no_calls_of_their_own(tmp_path: Path) -> None:
    """One ListStacks page serves them all; the first that moves is read at once."""
    idle = [stack(f"Shop-{n}", at=-900).itself("CREATE_COMPLETE", at=-800) for n in range(20)]
    idle[3].itself("UPDATE_IN_PROGRESS", at=1000, reason="User Initiated").itself("UPDATE_COMPLETE", at=1060)
    recorder = recorder_of(tmp_path, *idle, stacks=("Shop-*",))
    recorder.run_for(900)
    quiet = recorder.door.calls["cloudformation:DescribeStackEvents"]
    assert quiet == 20
    recorder.run_for(300)
    assert set(recorder.keys(EVENT)) == keys(facts(*idle), EVENT)


def test_ten_services_are_one_call(tmp_path: Path) -> None:
    """A thousand services would otherwise be a thousand calls a minute."""
    done = {"rolloutState": "COMPLETED"}
    steady = [service(f"s{n}", at=-900).deployment(at=-800, **done) for n in range(30)]
    recorder = recorder_of(tmp_path, *steady, clusters=("main",))
    recorder.run_for(60)
    before = recorder.door.calls["ecs:DescribeServices"]
    recorder.clock.advance(0)
    recorder.door.calls.clear()
    recorder.run_for(600)
    assert before <= 6
    assert 30 <= recorder.door.calls["ecs:DescribeServices"] <= 36


def test_quiet_polls_are_one_record_a_minute(tmp_path: Path) -> None:
    """A thousand quiet targets must not fill a disk, and silence must still be vouched for."""
    steady = [stack(f"Shop-{n}", at=-900).itself("CREATE_COMPLETE", at=-800) for n in range(5)]
    recorder = recorder_of(tmp_path, *steady, stacks=("Shop-*",))
    recorder.run_for(600)
    coverage = recorder.of("forensics.coverage")
    assert 10 <= len(coverage) <= 12
    assert all(entry["streams"] == "1-6" for entry in coverage[1:-1])
    assert all(entry["to"] >= entry["from"] for entry in coverage)
    assert all(a["from"] <= b["from"] <= a["to"] for a, b in pairwise(coverage))


def test_a_heartbeat_is_written_when_nothing_is_there_to_poll(tmp_path: Path) -> None:
    """Whoever looks at the archive must be able to tell a waiting recorder from a dead one."""
    recorder = recorder_of(tmp_path, stack("Other"), services=("main/api",))
    recorder.run_for(300)
    assert len(recorder.of("forensics.coverage")) >= 5


def test_a_listener_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The recorder cannot break because a rule or a view broke."""
    shop = stack("Shop", at=5).itself("CREATE_COMPLETE", at=60)
    recorder = recorder_of(tmp_path, shop, stacks=("Shop",))

    def broken(_records: list[Record]) -> None:
        raise RuntimeError("the view is broken")

    recorder.run_for(120, on_commit=broken)
    assert set(recorder.keys(EVENT)) == keys(facts(shop), EVENT)


def test_a_listener_is_told_every_record_in_order(tmp_path: Path) -> None:
    """What the live view folds is exactly what the archive holds."""
    shop = stack("Shop", at=5).itself("CREATE_COMPLETE", at=60)
    recorder = recorder_of(tmp_path, shop, stacks=("Shop",))
    recorder.run_for(120)
    assert [record.seq for record in recorder.committed] == [record.seq for record in recorder.records()]


def test_a_clock_that_is_set_back_loses_nothing(tmp_path: Path) -> None:
    """Polls follow monotonic time: a year's jump of the wall clock neither stops nor repeats them."""
    api = service("api", at=0).deployment(at=1, rolloutState="COMPLETED")
    dead = tasks("api", 5, at=20, every_s=600)
    clock, aws_clock = ManualClock(), ManualClock()
    door = EndpointDoor(History.of(facts(api, *dead)), aws_clock)
    jumps = iter([86_400.0, -31_536_000.0, 7200.0])

    def jump(operation: str) -> None:
        aws_clock.advance(clock.monotonic() - aws_clock.monotonic())
        if operation == "ecs:ListTasks":
            clock.jump_wall(next(jumps, 0.0))

    door.trouble = jump
    recorder = Recorder(tmp_path, door, clock, Wanted(services=("main/api",)))
    recorder.run_for(3600)
    assert recorder.of("forensics.gap") == []
    assert sorted(recorder.keys(TASK)) == sorted(keys(facts(*dead), TASK))
