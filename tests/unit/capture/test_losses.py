"""What an archive says of what it could not see: lost, unknown or recovered, and never nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.archive.reader import Archive
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import AccessDenied, AwsError, CredentialsExpired, NotFound, Unreachable
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import Builder, epoch, facts, service, stack, task

SERVICE = "AWS::ECS::Service"
EXPIRED = CredentialsExpired("the token has expired", code="ExpiredToken")
SILENT = Unreachable("no answer")


class Watch:
    """A recording whose calls fail as a function of the seconds since its start says."""

    def __init__(
        self,
        tmp_path: Path,
        *parts: Builder,
        fails: Callable[[float, str], AwsError | None],
        options: CaptureOptions | None = None,
        **wanted: tuple[str, ...],
    ) -> None:
        self.clock = ManualClock()
        door = EndpointDoor(History.of(facts(*parts)), self.clock)
        door.trouble = lambda operation: fails(self.clock.monotonic() - 1000.0, operation)
        door.whoami_trouble = lambda: door.trouble("sts:GetCallerIdentity")
        self.recorder = Recorder(tmp_path, door, self.clock, Wanted(**wanted), options)

    def gaps(self, source: str) -> list[Any]:
        return [gap for gap in self.recorder.of("forensics.gap") if gap["stream"].startswith(source)]


def outage(
    since_s: float, until_s: float, error: AwsError = EXPIRED
) -> Callable[[float, str], AwsError | None]:
    """Return what fails every call between two moments."""
    return lambda at_s, _operation: error if since_s <= at_s < until_s else None


@pytest.mark.parametrize(
    ("error", "reason"), [(EXPIRED, "credentials"), (SILENT, "unreachable")], ids=["expired", "silent"]
)
def test_an_archive_in_which_aws_never_answered_says_so(tmp_path: Path, error: AwsError, reason: str) -> None:
    """Without an answer no stream is known; the gap stands for those that nobody could look for."""
    watch = Watch(tmp_path, stack("Shop", at=5), fails=outage(0, 1e9, error), stacks=("Shop",))
    outcome = watch.recorder.run_for(60)
    (gap,) = watch.gaps("")
    assert (gap["stream"], gap["kind"], gap["reason"]) == ("discovery main", "open", reason)
    assert gap["from"] == "2026-01-15T12:00:00.000Z"
    assert outcome.open_gaps == 1
    (state,) = Archive.open(watch.recorder.directory).state().streams.values()
    assert state.open_gap is not None


def test_a_recording_that_ends_before_its_first_answer_says_so(tmp_path: Path) -> None:
    """A command of one second beside an endpoint that is not there."""
    watch = Watch(tmp_path, stack("Shop", at=5), fails=outage(0, 1e9, SILENT), stacks=("Shop",))
    watch.recorder.run_for(0.5)
    (gap,) = watch.gaps("")
    assert (gap["stream"], gap["kind"], gap["reason"]) == ("discovery main", "open", "unreachable")


def test_a_region_without_stacks_can_be_looked_at(tmp_path: Path) -> None:
    """An empty list comes as an element with nothing but blanks in it: that is an answer, and a good one."""

    def fails(_at_s: float, operation: str) -> AwsError | None:
        return SILENT if operation == "sts:GetCallerIdentity" else None

    watch = Watch(tmp_path, stack("Shop", at=100), fails=fails, stacks=("Shop",))
    watch.recorder.run_for(200)
    assert watch.recorder.keys("aws.cloudformation.stack_event")
    assert watch.gaps("") == []


def test_the_first_answer_closes_the_gap_of_a_late_start(tmp_path: Path) -> None:
    """Also where another run opened it: the time from the first start on is what nobody looked."""
    shop = stack("Shop", at=5)
    watch = Watch(tmp_path, shop, fails=outage(0, 300), stacks=("Shop",))
    watch.recorder.run_for(100)
    watch.recorder.run_for(100, abort=True)
    watch.recorder.run_for(300)
    gap = watch.gaps("discovery")[-1]
    assert (gap["kind"], gap["reason"]) == ("recovered", "credentials")
    assert gap["from"] == "2026-01-15T12:00:00.000Z"
    assert watch.recorder.supervisor.snapshot().open_gaps == ()


def test_a_service_that_was_not_there_after_an_outage_may_have_come_and_gone(tmp_path: Path) -> None:
    """Nobody keeps a list of deleted services."""
    watch = Watch(tmp_path, stack("Shop", at=5), fails=outage(0, 100), services=("main/api-*",))
    watch.recorder.run_for(200)
    assert watch.gaps("discovery")[-1]["kind"] == "unknown"


def test_without_listing_a_stack_may_have_come_and_gone_unseen(tmp_path: Path) -> None:
    """It is gone before its ARN was known: only ListStacks could have named it."""

    def fails(at_s: float, operation: str) -> AwsError | None:
        if operation == "cloudformation:ListStacks":
            return AccessDenied("no", code="AccessDenied", operation=operation)
        return EXPIRED if 300 <= at_s < 900 else None

    brief = stack("Shop", at=400).itself("DELETE_IN_PROGRESS", at=500).itself("DELETE_COMPLETE", at=600)
    watch = Watch(tmp_path, brief, fails=fails, stacks=("Shop",))
    watch.recorder.run_for(1200)
    assert [(gap["kind"], gap["reason"]) for gap in watch.gaps("discovery")] == [
        ("open", "credentials"),
        ("unknown", "credentials"),
    ]


def test_a_service_that_came_and_went_in_an_outage_is_lost(tmp_path: Path) -> None:
    """The stack's events name it; what it said itself, nobody can read any more."""
    shop = stack("Shop", at=5)
    shop.event("Api", SERVICE, "CREATE_COMPLETE", at=400, physical=service("api").arn)
    shop.event("Api", SERVICE, "DELETE_COMPLETE", at=600, physical=service("api").arn)
    watch = Watch(tmp_path, shop, fails=outage(300, 900), stacks=("Shop",))
    watch.recorder.run_for(1300)
    (gap,) = watch.gaps("services")
    assert (gap["kind"], gap["reason"]) == ("lost", "credentials")
    assert gap["from"] < "2026-01-15T12:05:05"
    assert "It is gone" in gap["detail"]


def test_a_service_that_is_gone_from_one_poll_to_the_next_is_lost(tmp_path: Path) -> None:
    """It was never seen to end: its last words were not read. Said once, however often it is asked for."""
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED")

    def fails(at_s: float, operation: str) -> AwsError | None:
        gone = NotFound("MISSING", operation=operation)
        return gone if operation == "ecs:DescribeServices" and at_s > 300 else None

    watch = Watch(tmp_path, api, fails=fails, services=("main/api",))
    watch.recorder.run_for(900)
    (gap,) = watch.gaps("services")
    assert (gap["kind"], gap["reason"]) == ("lost", "window")


def test_a_service_that_was_seen_to_end_loses_nothing(tmp_path: Path) -> None:
    """INACTIVE was its last word, and it was read."""
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED")
    api.snapshot(at=100, status="DRAINING").snapshot(at=160, status="INACTIVE", deployments=[])

    def fails(at_s: float, operation: str) -> AwsError | None:
        gone = NotFound("MISSING", operation=operation)
        return gone if operation == "ecs:DescribeServices" and at_s > 400 else None

    watch = Watch(tmp_path, api, fails=fails, services=("main/api",))
    watch.recorder.run_for(900)
    assert watch.gaps("services") == []


def test_a_task_that_was_stopping_before_a_long_outage_is_lost_for_certain(tmp_path: Path) -> None:
    """Two hours later ECS has forgotten how it ended: at least that one is missing."""
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED")
    dying = task("api", at=290, task_id="1" * 32, last="DEPROVISIONING")
    dying.version(at=400, lastStatus="STOPPED", stoppedAt=epoch(400))
    watch = Watch(
        tmp_path,
        api,
        dying,
        fails=outage(360, 8000),
        options=CaptureOptions(stopped_tasks_quiet_s=20.0),
        services=("main/api",),
    )
    watch.recorder.run_for(8200)
    gap = watch.gaps("stopped_tasks")[-1]
    assert (gap["kind"], gap["reason"], gap["lower_bound"]) == ("lost", "credentials", 1)
    assert "1" * 32 in gap["detail"]


@pytest.mark.parametrize("is_killed", [False, True], ids=["one run", "killed in between"])
def test_a_task_is_missing_once_however_many_outages_follow(tmp_path: Path, is_killed: bool) -> None:
    """A restarted recorder has nothing but the archive to tell what was counted before."""
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED")
    dying = task("api", at=290, task_id="1" * 32, last="DEPROVISIONING")
    dying.version(at=400, lastStatus="STOPPED", stoppedAt=epoch(400))

    def fails(at_s: float, _operation: str) -> AwsError | None:
        return EXPIRED if 360 <= at_s < 8000 or 9000 <= at_s < 16000 else None

    options = CaptureOptions(stopped_tasks_quiet_s=20.0)
    watch = Watch(tmp_path, api, dying, fails=fails, options=options, services=("main/api",))
    if is_killed:
        watch.recorder.run_for(8500, abort=True)
    watch.recorder.run_for(16200 - watch.clock.monotonic() + 1000.0)
    told = [(gap["kind"], gap["lower_bound"]) for gap in watch.gaps("stopped_tasks") if gap["kind"] != "open"]
    assert told[0] == ("lost", 1)
    assert set(told[1:]) <= {("unknown", None), ("recovered", None)}
    assert told[-1][0] == "unknown"


def test_a_service_that_was_born_in_an_outage_and_said_too_much_is_not_called_recovered(
    tmp_path: Path,
) -> None:
    """AWS keeps 100 of its 150 messages: the older ones are missing from a stream that was never read."""
    api = service("api", at=320)
    for number in range(150):
        api.event(f"message {number}", at=330 + 3 * number)
    shop = stack("Shop", at=5).event("Api", SERVICE, "CREATE_COMPLETE", at=330, physical=api.arn)
    watch = Watch(tmp_path, shop, api, fails=outage(300, 900), stacks=("Shop",))
    watch.recorder.run_for(1300)
    (gap,) = watch.gaps("services")
    assert (gap["kind"], gap["reason"]) == ("unknown", "credentials")
    oldest = min(r.time or "" for r in watch.recorder.records() if r.type == "aws.ecs.service_event")
    assert gap["to"] == oldest


def test_a_window_that_overflowed_is_lost(tmp_path: Path) -> None:
    """More than a hundred messages came, and none of the known ones was among those that AWS keeps."""
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED").event("first", at=10)
    for number in range(150):
        api.event(f"message {number}", at=330 + 3 * number)
    watch = Watch(tmp_path, api, fails=outage(300, 900), services=("main/api",))
    watch.recorder.run_for(1300)
    gap = watch.gaps("services")[-1]
    assert (gap["kind"], gap["reason"], gap["lower_bound"]) == ("lost", "credentials", None)
    truth = keys(facts(api), "aws.ecs.service_event")
    assert len(truth - set(watch.recorder.keys("aws.ecs.service_event"))) == 50
