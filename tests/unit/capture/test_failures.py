"""Polls that fail, each in its own way, while the others go on."""

import base64
import random
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import AccessDenied, AwsError, ServerFault, Throttled, Undecodable, Unreachable
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import Builder, StackHistory, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
TASK = "aws.ecs.task"


def deployment() -> list[Builder]:
    """Return a stack that creates a service whose tasks die, over twenty minutes."""
    api = service("api", at=30).event("has started 1 tasks: (task 1).", at=31)
    shop = stack("Shop", at=5)
    shop.event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=30, physical=api.arn)
    for number in range(38):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=40 + 30 * number)
    api.deployment(at=1190, rolloutState="COMPLETED")
    return [shop.itself("CREATE_COMPLETE", at=1200), api, *tasks("api", 10, at=60, every_s=90)]


def recorder_of(tmp_path: Path, *parts: Builder, options: CaptureOptions | None = None) -> Recorder:
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*parts)), clock)
    return Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)), options)


def elapsed_s(recorder: Recorder) -> float:
    return recorder.clock.monotonic() - 1000.0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Throttled("Rate exceeded", code="Throttling"), "throttled"),
        (Unreachable("no answer"), "unreachable"),
        (ServerFault("503"), "server-fault"),
        (
            Undecodable("not XML", body=b"<html>", operation="cloudformation:DescribeStackEvents"),
            "undecodable",
        ),
    ],
    ids=["throttled", "unreachable", "server fault", "undecodable"],
)
def test_trouble_with_one_source_is_a_gap_that_closes(tmp_path: Path, error: AwsError, reason: str) -> None:
    """The walk joins again afterwards: nothing lost, nothing twice, and the record says what was wrong."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)

    def trouble(operation: str) -> AwsError | None:
        is_broken = operation == "cloudformation:DescribeStackEvents" and 300 <= elapsed_s(recorder) < 600
        return error if is_broken else None

    recorder.door.trouble = trouble
    recorder.run_for(1500)
    truth = facts(*parts)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(truth, EVENT))
    assert sorted(recorder.keys(TASK)) == sorted(keys(truth, TASK))
    gaps = recorder.of("forensics.gap")
    assert [(gap["kind"], gap["reason"]) for gap in gaps] == [("open", reason), ("recovered", reason)]


def test_a_broken_source_does_not_slow_the_others(tmp_path: Path) -> None:
    """While stack events fail, stopped tasks are still read every twenty seconds."""
    recorder = recorder_of(tmp_path, *deployment())

    def trouble(operation: str) -> AwsError | None:
        is_broken = operation == "cloudformation:DescribeStackEvents" and elapsed_s(recorder) > 300
        return Unreachable("no answer") if is_broken else None

    recorder.door.trouble = trouble
    recorder.run_for(320)
    recorder.door.calls.clear()
    recorder.run_for(300)
    assert recorder.door.calls["ecs:ListTasks"] >= 15
    assert recorder.door.calls["cloudformation:DescribeStackEvents"] <= 15


def test_a_refusal_is_recorded_once_with_the_missing_action(tmp_path: Path) -> None:
    """The person who can change the policy needs the action's name, and not a thousand lines."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)

    def trouble(operation: str) -> AwsError | None:
        denied = operation == "ecs:ListTasks"
        return (
            AccessDenied("not authorized", code="AccessDeniedException", operation=operation)
            if denied
            else None
        )

    recorder.door.trouble = trouble
    recorder.run_for(1500)
    refusals = recorder.of("forensics.refusal")
    assert [entry["action"] for entry in refusals] == ["ecs:ListTasks"]
    assert refusals[0]["stream"].startswith("stopped_tasks ")
    assert recorder.door.calls["ecs:ListTasks"] <= 4
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(*parts), EVENT))
    refused = [entry for entry in recorder.supervisor.snapshot().streams if entry.refusal]
    assert [entry.refusal for entry in refused] == ["ecs:ListTasks"]


def test_a_refusal_that_is_lifted_ends_by_itself(tmp_path: Path) -> None:
    """A policy mended during the incident takes effect without a restart."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)

    def trouble(operation: str) -> AwsError | None:
        is_denied = operation == "ecs:ListTasks" and elapsed_s(recorder) < 900
        return AccessDenied("no", code="AccessDenied", operation=operation) if is_denied else None

    recorder.door.trouble = trouble
    recorder.run_for(2000)
    assert sorted(recorder.keys(TASK)) == sorted(keys(facts(*parts), TASK))
    gaps = recorder.of("forensics.gap")
    assert [(gap["kind"], gap["reason"]) for gap in gaps] == [
        ("open", "access-denied"),
        ("recovered", "access-denied"),
    ]


def refused_at_the_end(
    tmp_path: Path, errors: list[tuple[float, float, AwsError]]
) -> tuple[Recorder, set[str]]:
    """Let listing tasks fail in turn; return what the archive says is refused when all is well again."""
    recorder = recorder_of(tmp_path, *deployment())

    def trouble(operation: str) -> AwsError | None:
        if operation == "ecs:ListServiceDeployments":
            return AccessDenied("no", code="AccessDenied", operation=operation)
        if operation != "ecs:ListTasks":
            return None
        now_s = elapsed_s(recorder)
        return next((error for since_s, until_s, error in errors if since_s <= now_s < until_s), None)

    recorder.door.trouble = trouble
    recorder.run_for(2000)
    streams = Archive.open(recorder.directory).state().streams.values()
    return recorder, {state.refusal for state in streams if state.refusal}


def test_a_refusal_that_is_lifted_is_over_in_the_archive_too(tmp_path: Path) -> None:
    """Status must not name a permission that is there by now; one that is still missing it must."""
    refused = AccessDenied("no", code="AccessDenied", operation="ecs:ListTasks")
    _, left = refused_at_the_end(tmp_path, [(0, 900, refused)])
    assert left == {"ecs:ListServiceDeployments"}


def test_a_refusal_after_other_trouble_is_over_with_it(tmp_path: Path) -> None:
    """The gap began with throttling and was held open by a refusal: the record says both, and both end."""
    refused = AccessDenied("no", code="AccessDenied", operation="ecs:ListTasks")
    recorder, left = refused_at_the_end(tmp_path, [(300, 400, Throttled("slow down")), (400, 900, refused)])
    assert left == {"ecs:ListServiceDeployments"}
    gaps = [gap for gap in recorder.of("forensics.gap") if gap["stream"].startswith("stopped_tasks ")]
    assert [(gap["kind"], gap["reason"]) for gap in gaps] == [
        ("open", "throttled"),
        ("open", "access-denied"),
        ("recovered", "access-denied"),
    ]
    assert len({gap["from"] for gap in gaps}) == 1


def test_an_optional_operation_that_is_refused_is_told_once(tmp_path: Path) -> None:
    """Service deployments are extra: their absence stops nothing."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)

    def trouble(operation: str) -> AwsError | None:
        is_denied = operation == "ecs:ListServiceDeployments"
        return AccessDenied("no", code="AccessDenied", operation=operation) if is_denied else None

    recorder.door.trouble = trouble
    recorder.run_for(1500)
    refusals = recorder.of("forensics.refusal")
    assert [(entry["action"], entry["optional"]) for entry in refusals] == [
        ("ecs:ListServiceDeployments", True)
    ]
    assert recorder.of("forensics.gap") == []


def test_without_liststacks_names_are_asked_for_one_by_one(tmp_path: Path) -> None:
    """The survey is a convenience: a policy without it must not blind the recorder, nor to a successor."""
    first = stack("Shop", at=60).itself("DELETE_IN_PROGRESS", at=200).itself("DELETE_COMPLETE", at=230)
    second = stack("Shop", at=600).itself("CREATE_COMPLETE", at=640)
    recorder = recorder_of(tmp_path, first, second)

    def trouble(operation: str) -> AwsError | None:
        is_denied = operation == "cloudformation:ListStacks"
        return AccessDenied("no", code="AccessDenied", operation=operation) if is_denied else None

    recorder.door.trouble = trouble
    recorder.run_for(1200)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(first, second), EVENT))
    assert {entry["action"] for entry in recorder.of("forensics.refusal")} == {"cloudformation:ListStacks"}


def test_an_answer_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    """What we do not understand today somebody may understand tomorrow; a huge one is cut and says so."""
    recorder = recorder_of(tmp_path, *deployment(), options=CaptureOptions(undecodable_bytes=10))

    def trouble(operation: str) -> AwsError | None:
        is_broken = operation == "ecs:ListTasks" and 60 < elapsed_s(recorder) < 100
        return (
            Undecodable("no JSON", body=b"\xff<html>captive portal", operation=operation)
            if is_broken
            else None
        )

    recorder.door.trouble = trouble
    recorder.run_for(300)
    kept = recorder.of("forensics.undecodable")
    assert kept
    assert base64.b64decode(kept[0]["body_base64"]) == b"\xff<html>cap"
    assert kept[0]["body_bytes"] == 21
    assert kept[0]["is_cut"]


def test_a_throttling_storm_loses_nothing(tmp_path: Path) -> None:
    """Nineteen of twenty calls throttled for ten minutes: slower, and whole in the end."""
    parts = deployment()
    recorder = recorder_of(tmp_path, *parts)
    chance = random.Random(5)

    def trouble(_operation: str) -> AwsError | None:
        is_stormy = 60 <= elapsed_s(recorder) < 660
        return Throttled("Rate exceeded") if is_stormy and chance.random() < 0.95 else None

    recorder.door.trouble = trouble
    recorder.run_for(60)
    recorder.door.calls.clear()
    recorder.run_for(600)
    assert sum(recorder.door.calls.values()) < 300
    recorder.run_for(900)
    truth = facts(*parts)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(truth, EVENT))
    assert sorted(recorder.keys(TASK)) == sorted(keys(truth, TASK))
    assert not [gap for gap in recorder.of("forensics.gap") if gap["kind"] not in ("open", "recovered")]


def test_a_source_with_a_defect_does_not_end_the_recording(tmp_path: Path) -> None:
    """A bug in one reader must not cost what the others see."""
    shop: StackHistory = stack("Shop", at=5).itself("CREATE_COMPLETE", at=60)
    recorder = recorder_of(tmp_path, shop, service("api"))

    def trouble(operation: str) -> AwsError | None:
        if operation == "ecs:DescribeServices":
            raise ZeroDivisionError("a bug")
        return None

    recorder.door.trouble = trouble
    recorder.wanted = Wanted(stacks=("Shop",), services=("main/api",))
    recorder.run_for(120)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))
    troubles = {entry.trouble for entry in recorder.supervisor.snapshot().streams if entry.trouble}
    assert troubles == {"services broke: ZeroDivisionError: a bug"}
