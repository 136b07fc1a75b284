"""A recorder that ends, in order or not, and goes on where it stood."""

from pathlib import Path

import pytest

from forensics.archive.verify import verify
from forensics.capture.selection import Wanted
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import Builder, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
TASK = "aws.ecs.task"


def deployment() -> list[Builder]:
    """Return a nested deployment of twenty minutes."""
    api = service("api", at=30).event("has started 1 tasks: (task 1).", at=31)
    child = stack("Shop-App", at=10).event(
        "Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=30, physical=api.arn
    )
    for number in range(38):
        child.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=40 + 30 * number)
    api.deployment(at=1190, rolloutState="COMPLETED").event("has reached a steady state.", at=1191)
    child.itself("CREATE_COMPLETE", at=1200)
    shop = (
        stack("Shop", at=5)
        .nested("App", child, "CREATE_COMPLETE", at=1205)
        .itself("CREATE_COMPLETE", at=1206)
    )
    return [shop, child, api, *tasks("api", 10, at=60, every_s=90)]


def recorder_of(tmp_path: Path, *parts: Builder, **wanted: tuple[str, ...]) -> Recorder:
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*parts)), clock)
    return Recorder(tmp_path, door, clock, Wanted(**(wanted or {"stacks": ("Shop",)})))


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_a_restarted_recorder_goes_on_where_it_stood(tmp_path: Path, is_killed: bool) -> None:
    """Everything once, the discovered streams included, however the first run ended."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)
    recorder.run_for(400, abort=is_killed)
    recorder.clock.advance(300)
    outcome = recorder.run_for(1000)
    truth = facts(*parts)
    for kind in (EVENT, TASK, "aws.ecs.service_event"):
        assert sorted(recorder.keys(kind)) == sorted(keys(truth, kind))
    openings = [entry["stream"] for entry in recorder.of("forensics.stream") if "opened_because" in entry]
    assert len(openings) == len(set(openings))
    assert verify(recorder.directory, outcome.head).verdict == "intact with recorded gaps"


def test_the_time_without_a_recorder_is_written_down(tmp_path: Path) -> None:
    """Nothing was lost, and still a reader must know that nobody looked."""
    recorder = recorder_of(tmp_path, *deployment())
    recorder.run_for(400)
    recorder.clock.advance(300)
    recorder.run_for(300)
    gaps = recorder.of("forensics.gap")
    assert {(gap["kind"], gap["reason"]) for gap in gaps} == {("recovered", "daemon-down")}
    streams = {entry["stream"] for entry in recorder.of("forensics.stream")}
    assert {gap["stream"] for gap in gaps} == streams
    assert all(gap["from"] <= "2026-01-15T12:06:40.5" and gap["to"] >= "2026-01-15T12:11:40" for gap in gaps)


def test_a_recorder_that_was_away_too_long_says_what_it_cannot_know(tmp_path: Path) -> None:
    """Stopped tasks are forgotten after an hour: two hours of absence are not called recovered."""
    recorder = recorder_of(tmp_path, *deployment())
    recorder.run_for(400)
    recorder.clock.advance(7200)
    recorder.run_for(100)
    gaps = [gap for gap in recorder.of("forensics.gap") if gap["stream"].startswith("stopped_tasks")]
    assert [(gap["kind"], gap["reason"]) for gap in gaps] == [("unknown", "daemon-down")]


def test_an_ended_stack_stays_ended(tmp_path: Path) -> None:
    """A deleted stack is not polled for ninety days."""
    gone = stack("Shop", at=5).itself("DELETE_IN_PROGRESS", at=50).itself("DELETE_COMPLETE", at=60)
    recorder = recorder_of(tmp_path, gone)
    recorder.run_for(200)
    recorder.door.calls.clear()
    recorder.run_for(200)
    assert recorder.door.calls["cloudformation:DescribeStackEvents"] == 0


def test_streams_that_are_not_wanted_any_more_are_left(tmp_path: Path) -> None:
    """An archive that goes on with another selection does not drag the old one along."""
    mine, old = stack("Mine", at=5), stack("Old", at=5)
    recorder = recorder_of(tmp_path, mine, old, stacks=("Old",))
    recorder.run_for(100)
    recorder.wanted = Wanted(stacks=("Mine",))
    recorder.run_for(100)
    streams = [entry.stream for entry in recorder.supervisor.snapshot().streams]
    assert f"stack_events {mine.arn}" in streams
    assert f"stack_events {old.arn}" not in streams


def test_a_selection_that_comes_back_finds_its_stack_again(tmp_path: Path) -> None:
    """Wanted, not wanted, wanted again: the stream goes on under its number, nothing twice."""
    mine, old = stack("Mine", at=5), stack("Old", at=5).itself("CREATE_COMPLETE", at=250)
    recorder = recorder_of(tmp_path, mine, old, stacks=("Old",))
    recorder.run_for(100)
    recorder.wanted = Wanted(stacks=("Mine",))
    recorder.run_for(100)
    recorder.wanted = Wanted(stacks=("Old",))
    recorder.run_for(100)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(mine, old), EVENT))


def test_a_child_stack_found_by_the_survey_survives_a_restart(tmp_path: Path) -> None:
    """ListStacks names a nested stack's parent; what led to it is not forgotten."""
    shop = stack("Shop", at=-900).itself("CREATE_COMPLETE", at=-500)
    child = stack("Shop-App-1X", at=-800).itself("CREATE_COMPLETE", at=-600)
    child.itself("UPDATE_IN_PROGRESS", at=300, reason="User Initiated").itself("UPDATE_COMPLETE", at=330)
    child.summary(at=-600, StackStatus="CREATE_COMPLETE", ParentId=shop.arn, RootId=shop.arn)
    recorder = recorder_of(tmp_path, shop, child)
    recorder.run_for(100)
    recorder.run_for(500)
    assert f"stack_events {child.arn}" in [entry.stream for entry in recorder.supervisor.snapshot().streams]
