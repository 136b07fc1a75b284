"""How a recording ends."""

import threading
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from forensics.archive.verify import verify
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import AwsError, NotFound, Unreachable
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import Builder, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
DONE = CaptureOptions(until="done")


def recorder_of(
    tmp_path: Path, *parts: Builder, options: CaptureOptions | None = None, name: str = "Shop"
) -> Recorder:
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*parts)), clock)
    return Recorder(tmp_path, door, clock, Wanted(stacks=(name,)), options)


def elapsed_s(recorder: Recorder) -> float:
    return recorder.clock.monotonic() - 1000.0


def test_done_comes_when_the_operation_and_its_deployments_are_over(tmp_path: Path) -> None:
    """Complete for CloudFormation is not complete for ECS: the rollout is waited for, and the last words."""
    api = service("api", at=30).event("has started 1 tasks: (task 1).", at=31)
    shop = stack("Shop", at=5).event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=40, physical=api.arn)
    shop.itself("CREATE_COMPLETE", at=100)
    api.deployment(at=400, rolloutState="COMPLETED").event("has reached a steady state.", at=401)
    recorder = recorder_of(tmp_path, shop, api, *tasks("api", 2, at=300), options=DONE)
    outcome = recorder.run()
    assert outcome.reason == "done"
    assert 430 <= outcome.duration_s < 490
    truth = facts(shop, api, *tasks("api", 2, at=300))
    for kind in (EVENT, "aws.ecs.service_event", "aws.ecs.task"):
        assert sorted(recorder.keys(kind)) == sorted(keys(truth, kind))


def test_done_is_not_before_the_beginning(tmp_path: Path) -> None:
    """A stack at rest when the recorder starts is not what the recorder was started for."""
    shop = stack("Shop", at=-900).itself("CREATE_COMPLETE", at=-800)
    shop.itself("UPDATE_IN_PROGRESS", at=700, reason="User Initiated").itself("UPDATE_COMPLETE", at=760)
    recorder = recorder_of(tmp_path, shop, options=DONE)
    outcome = recorder.run()
    assert outcome.reason == "done"
    assert outcome.duration_s > 760
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_an_operation_between_two_looks_counts(tmp_path: Path) -> None:
    """A stack that comes and is complete within a second was never seen busy, and still is over."""
    shop = stack("Shop", at=302).itself("CREATE_COMPLETE", at=303)
    outcome = recorder_of(tmp_path, shop, options=DONE).run()
    assert outcome.reason == "done"
    assert outcome.duration_s < 360


def test_a_failed_creation_is_done_with_its_rollback(tmp_path: Path) -> None:
    """The rollback belongs to the operation; so does the delete of the stack."""
    shop = stack("Shop", at=5).itself("ROLLBACK_IN_PROGRESS", at=60).itself("ROLLBACK_COMPLETE", at=120)
    recorder = recorder_of(tmp_path, shop, options=DONE)
    assert recorder.run().reason == "done"
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_a_delete_that_follows_a_rollback_belongs_to_it(tmp_path: Path) -> None:
    """Tools delete a stack whose creation failed some seconds after its rollback."""
    shop = stack("Shop", at=5).itself("ROLLBACK_IN_PROGRESS", at=60).itself("ROLLBACK_COMPLETE", at=120)
    shop.itself("DELETE_IN_PROGRESS", at=140).itself("DELETE_COMPLETE", at=180)
    recorder = recorder_of(tmp_path, shop, options=DONE)
    assert recorder.run().reason == "done"
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_the_longest_duration_ends_a_recording_in_order(tmp_path: Path) -> None:
    """A pipeline step has a time limit; the archive is sealed before it comes."""
    recorder = recorder_of(tmp_path, stack("Shop", at=5), options=CaptureOptions(max_duration_s=90))
    outcome = recorder.run()
    assert outcome.reason == "max-duration"
    assert 90 <= outcome.duration_s < 91
    assert verify(recorder.directory, outcome.head).verdict == "intact"


def test_the_last_poll_catches_what_came_since(tmp_path: Path) -> None:
    """What happened in the last seconds before the signal is often the reason for it."""
    shop = stack("Shop", at=5).event("Vpc", "AWS::EC2::VPC", "CREATE_FAILED", at=60.4, reason="no")
    recorder = recorder_of(tmp_path, shop)
    recorder.run_for(60.5)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_an_end_before_the_first_look_still_looks_once(tmp_path: Path) -> None:
    """A command of a second is over before AWS has said whose credentials these are."""
    api = service("api", at=-60).event("has started 1 tasks: (task 1).", at=-50)
    shop = stack("Shop", at=-90).event(
        "Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=-50, physical=api.arn
    )
    shop.itself("CREATE_COMPLETE", at=-40)
    recorder = recorder_of(tmp_path, shop, api)
    outcome = recorder.run_for(0)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))
    assert len(recorder.keys("aws.ecs.service_event")) == 1
    assert (outcome.reason, outcome.open_gaps) == ("stopped", 0)


def test_an_end_before_the_first_look_finds_what_must_not_be_waited_for(tmp_path: Path) -> None:
    """What is named then is missing for sure, and the archive is sealed all the same."""
    recorder = recorder_of(tmp_path, stack("Other"), options=CaptureOptions(wait_for_missing=False))
    with pytest.raises(NotFound, match="Shop"):
        recorder.run_for(0)
    assert recorder.of("forensics.run")[-1]["reason"] == "failed"
    assert verify(recorder.directory).verdict == "intact"


def test_without_an_answer_an_early_end_is_quick(tmp_path: Path) -> None:
    """Credentials that are missing are not waited for."""
    recorder = recorder_of(tmp_path, stack("Shop"))
    recorder.door.whoami_trouble = lambda: Unreachable("sts: timed out")
    recorder.door.trouble = lambda _operation: Unreachable("timed out")
    assert recorder.run_for(0).duration_s < 1


def test_what_could_not_be_polled_at_the_end_is_an_open_gap(tmp_path: Path) -> None:
    """The archive says from when on nothing is sure."""
    recorder = recorder_of(tmp_path, stack("Shop", at=5))

    def trouble(_operation: str) -> AwsError | None:
        return Unreachable("no answer") if elapsed_s(recorder) >= 60 else None

    recorder.door.trouble = trouble
    outcome = recorder.run_for(60)
    assert outcome.open_gaps >= 1
    assert {gap["kind"] for gap in recorder.of("forensics.gap")} == {"open"}
    assert recorder.of("forensics.run")[-1]["phase"] == "ended"


def test_abort_ends_without_another_call(tmp_path: Path) -> None:
    """The second signal means now; what was committed is committed."""
    shop = stack("Shop", at=5)
    recorder = recorder_of(tmp_path, shop)
    recorder.run_for(60)
    recorder.door.calls.clear()
    abort = threading.Event()
    abort.set()
    outcome = recorder.start().run(threading.Event(), abort)
    assert outcome.reason == "aborted"
    assert sum(recorder.door.calls.values()) == 0
    assert verify(recorder.directory, outcome.head).verdict in ("intact", "intact with recorded gaps")


class _DeafExecutor(Executor):
    """Takes calls and never makes them after a while, as threads do whose calls never come back."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if elapsed_s(self._recorder) < 60:
            fn(*args, **kwargs)
        return Future()


def test_calls_that_never_come_back_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """The time for the last polls is limited; what is still out then is an open gap."""
    recorder = recorder_of(tmp_path, stack("Shop", at=5))
    outcome = recorder.run_for(120, executor=_DeafExecutor(recorder))
    assert outcome.duration_s <= 120.5 + recorder.options.shutdown_s
    assert outcome.open_gaps >= 1


def test_the_outcome_counts_this_run(tmp_path: Path) -> None:
    """The closing line must not claim the records of earlier runs."""
    recorder = recorder_of(tmp_path, stack("Shop", at=5).itself("CREATE_COMPLETE", at=30))
    first = recorder.run_for(100)
    second = recorder.run_for(100)
    assert first.records + second.records == len(recorder.records())
    assert second.polls > 0
    assert second.calls > 0
