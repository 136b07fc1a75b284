"""Clusters and services that have been deleted, and those that have never been."""

from pathlib import Path

from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.capture.status import StreamStatus
from forensics.errors import AwsError, NotFound
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import ManualClock
from tests.support.histories import Builder, facts, service, stack, task

CLUSTER = "AWS::ECS::Cluster"
ABSENT = NotFound("Cluster not found.", code="ClusterNotFoundException", operation="ecs:ListTasks")


def recorder_of(tmp_path: Path, *parts: Builder, **wanted: tuple[str, ...]) -> Recorder:
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*parts)), clock)
    return Recorder(tmp_path, door, clock, Wanted(**(wanted or {"stacks": ("Shop",)})))


def elapsed_s(recorder: Recorder) -> float:
    return recorder.clock.monotonic() - 1000.0


def tasks_of(recorder: Recorder) -> StreamStatus:
    streams = recorder.supervisor.snapshot().streams
    (tasks,) = (stream for stream in streams if stream.stream.startswith("stopped_tasks "))
    return tasks


def test_a_cluster_that_went_before_anybody_looked_is_not_waited_for(tmp_path: Path) -> None:
    """A recorder that starts late reads of a cluster in the events, and of its end."""
    shop = stack("Shop", at=-900).event("Main", CLUSTER, "CREATE_COMPLETE", at=-800, physical="main")
    shop.event("Main", CLUSTER, "DELETE_COMPLETE", at=-300, physical="main")
    recorder = recorder_of(tmp_path, shop)
    recorder.run_for(600)
    assert tasks_of(recorder).is_ended
    assert recorder.door.calls["ecs:ListTasks"] == 1
    assert recorder.of("forensics.gap") == []


def test_a_task_of_a_deleted_cluster_is_missing_once_however_often_the_recorder_starts(
    tmp_path: Path,
) -> None:
    """A cluster that was asked for by its name is asked for again: it may be made anew."""
    dying = task("api", at=290, task_id="1" * 32, last="DEPROVISIONING")
    dying.version(at=400, lastStatus="STOPPED")
    recorder = recorder_of(tmp_path, dying, clusters=("main",))
    recorder.options = CaptureOptions(stopped_tasks_quiet_s=20.0)
    recorder.door.trouble = lambda operation: (
        ABSENT if operation == "ecs:ListTasks" and elapsed_s(recorder) > 340 else None
    )
    for _ in range(3):
        recorder.run_for(600)
    counted = [gap["lower_bound"] for gap in recorder.of("forensics.gap")]
    assert counted == [1, None, None]


def test_a_cluster_that_is_deleted_before_it_could_be_read_is_waited_for_no_longer(tmp_path: Path) -> None:
    """It was made, could not be read at once, and went again: its stream ends with it."""
    shop = stack("Shop").event("Main", CLUSTER, "CREATE_IN_PROGRESS", at=5, physical="main")
    shop.event("Main", CLUSTER, "DELETE_COMPLETE", at=300, physical="main")
    recorder = recorder_of(tmp_path, shop)
    recorder.run_for(250)
    assert not tasks_of(recorder).is_ended
    recorder.run_for(100)
    assert tasks_of(recorder).is_ended
    recorder.door.calls.clear()
    recorder.run_for(300)
    assert recorder.door.calls["ecs:ListTasks"] == 0


def test_a_last_word_of_a_service_does_not_wake_its_dead_cluster_for_good(tmp_path: Path) -> None:
    """The service says that it is inactive after its cluster went: that must not be waited for again."""
    api = service("api", at=-60).event("has stopped 1 running tasks.", at=150)
    api.snapshot(at=200, status="INACTIVE", desiredCount=0, deployments=[])
    shop = stack("Shop", at=-90).event(
        "Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=-50, physical=api.arn
    )
    recorder = recorder_of(tmp_path, shop, api)
    recorder.door.trouble = lambda operation: (
        ABSENT if operation == "ecs:ListTasks" and elapsed_s(recorder) > 100 else None
    )
    recorder.run_for(400)
    assert tasks_of(recorder).is_ended
    assert tasks_of(recorder).trouble is None
    recorder.door.calls.clear()
    recorder.run_for(300)
    assert recorder.door.calls["ecs:ListTasks"] == 0


def test_a_cluster_that_was_never_seen_is_waited_for(tmp_path: Path) -> None:
    """The recorder is started before the deployment that makes it."""
    api = service("api", at=300)
    recorder = recorder_of(tmp_path, api, clusters=("main",))

    def trouble(operation: str) -> AwsError | None:
        return ABSENT if operation.startswith("ecs:List") and elapsed_s(recorder) < 300 else None

    recorder.door.trouble = trouble
    recorder.run_for(250)
    assert not tasks_of(recorder).is_ended
    recorder.run_for(200)
    assert tasks_of(recorder).polled_at is not None
