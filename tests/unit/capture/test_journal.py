"""An archive that cannot be written for a while."""

import errno
import re
import threading
from pathlib import Path

import pytest

from forensics.archive.verify import verify
from forensics.capture.journal import Entry, Journal
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.serve.history import History
from tests.support.archives import SMALL, event, ids, open_writer
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.disks import TROUBLE, FailingDisk
from tests.support.histories import StackHistory, epoch, facts, service, stack, task

EVENT = "aws.cloudformation.stack_event"


def busy_shop() -> StackHistory:
    shop = stack("Shop", at=5)
    for number in range(120):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 10 * number)
    return shop.itself("CREATE_COMPLETE", at=1250)


class FullDisk:
    """A recording whose disk is full from one moment to another."""

    def __init__(
        self,
        tmp_path: Path,
        *,
        start_s: float,
        end_s: float,
        code: int = errno.ENOSPC,
        options: CaptureOptions | None = None,
    ) -> None:
        self.shop = busy_shop()
        self.clock = ManualClock()
        door = EndpointDoor(History.of(facts(self.shop)), self.clock)
        self.recorder = Recorder(tmp_path, door, self.clock, Wanted(stacks=("Shop",)), options)
        self.disk = FailingDisk(0, code)
        self.start_s, self.end_s = start_s, end_s
        self.troubles: list[str | None] = []
        self.most_held = 0
        self._wait = self.clock.wait
        self.clock.wait = self._tick  # type: ignore[method-assign]

    def _tick(self, event: threading.Event, timeout_s: float) -> bool:
        elapsed_s = self.clock.monotonic() - 1000.0
        is_full = self.start_s <= elapsed_s < self.end_s
        self.disk.nth, self.disk.is_lasting = (1, True) if is_full else (0, False)
        snapshot = self.recorder.supervisor.snapshot()
        self.troubles.append(snapshot.archive_trouble)
        self.most_held = max(self.most_held, snapshot.buffered)
        return self._wait(event, timeout_s)

    def run_for(self, seconds: float) -> None:
        self.recorder.disk = self.disk
        self.recorder.run_for(seconds)


def sleep_in_the_first_call(recorder: Recorder, operation: str, *, after_s: float) -> None:
    """Suspend a recorder's machine while it waits for the first answer after a second of its clock."""
    clock, slept = recorder.clock, []

    def trouble(asked: str) -> None:
        if asked == operation and clock.monotonic() - 1000.0 >= after_s and not slept:
            slept.append(asked)
            clock.sleep(30)

    recorder.door.trouble = trouble


def fill_the_disk(recorder: Recorder, *, since_s: float, until_s: float) -> None:
    """Let the disk of a recorder be full from one second of its clock to another."""
    recorder.disk = disk = FailingDisk(0, errno.ENOSPC)
    clock, wait = recorder.clock, recorder.clock.wait

    def tick(event: threading.Event, timeout_s: float) -> bool:
        is_full = since_s <= clock.monotonic() - 1000.0 < until_s
        disk.nth, disk.is_lasting = (1, True) if is_full else (0, False)
        return wait(event, timeout_s)

    clock.wait = tick  # type: ignore[method-assign]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=["full", "broken", "read-only"])
def test_polling_goes_on_into_memory_while_the_disk_is_full(tmp_path: Path, code: int) -> None:
    """The recorder neither exits nor goes blind: what it saw meanwhile is written afterwards, in order."""
    full = FullDisk(tmp_path, start_s=300, end_s=700, code=code)
    full.run_for(1500)
    assert full.recorder.keys(EVENT) == [fact.id for fact in facts(full.shop)]
    assert full.most_held > 5
    assert any(full.troubles)
    assert full.troubles[-1] is None
    assert verify(full.recorder.directory).verdict == "intact"


def test_a_full_memory_counts_what_it_cannot_keep_and_reads_it_again(tmp_path: Path) -> None:
    """Memory is limited: past the limit nothing moves on, polling does, and the gap has exact counts."""
    full = FullDisk(tmp_path, start_s=300, end_s=700, options=CaptureOptions(buffer_batches=3))
    full.run_for(1500)
    assert sorted(full.recorder.keys(EVENT)) == sorted(keys(facts(full.shop), EVENT))
    assert full.most_held == 3
    gaps = full.recorder.of("forensics.gap")
    assert {(gap["kind"], gap["reason"]) for gap in gaps} == {("recovered", "archive-unwritable")}
    (events,) = [gap for gap in gaps if gap["stream"].startswith("stack_events ")]
    polls, brought, lost = map(int, re.findall(r": (\d+)", events["detail"]))
    assert 60 <= polls <= 90, "every five seconds, as while all is well"
    assert 30 <= brought <= 45
    assert lost == 0
    assert events["to"] < "2026-01-15T12:12:15", "read again as soon as the archive takes it"


def test_what_aws_forgets_while_memory_is_full_is_counted_as_lost(tmp_path: Path) -> None:
    """Two hours of a full disk: the messages that were read, and that AWS no longer has, are so many."""
    clock = ManualClock()
    api = service("api", at=-60).deployment(at=-30, rolloutState="COMPLETED").event("first", at=10)
    for number in range(160):
        api.event(f"message {number}", at=400 + 40 * number)
    door = EndpointDoor(History.of(facts(api)), clock)
    options = CaptureOptions(buffer_batches=1)
    recorder = Recorder(tmp_path, door, clock, Wanted(services=("main/api",)), options)
    fill_the_disk(recorder, since_s=300, until_s=7000)
    recorder.run_for(7200)
    (gap,) = [gap for gap in recorder.of("forensics.gap") if gap["stream"].startswith("services ")]
    assert (gap["kind"], gap["reason"]) == ("lost", "archive-unwritable")
    kind = "aws.ecs.service_event"
    missing = keys(facts(api), kind) - set(recorder.keys(kind))
    assert gap["lower_bound"] == len(missing) == 60


def test_what_was_read_again_before_the_machine_slept_is_not_lost(tmp_path: Path) -> None:
    """The poll that reads it began before the sleep: it keeps everything, and leaves the gap to the next."""
    clock, shop = ManualClock(), busy_shop()
    door = EndpointDoor(History.of(facts(shop)), clock)
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)), CaptureOptions(buffer_batches=0))
    fill_the_disk(recorder, since_s=300, until_s=700)
    sleep_in_the_first_call(recorder, "cloudformation:DescribeStackEvents", after_s=700)
    recorder.run_for(1500)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))
    assert "host-asleep" in {gap["reason"] for gap in recorder.of("forensics.gap")}
    assert {gap["kind"] for gap in recorder.of("forensics.gap")} <= {"recovered", "open"}


@pytest.mark.parametrize("is_asleep", [False, True], ids=["awake", "asleep in between"])
def test_a_task_that_was_read_and_could_not_be_kept_is_missing_once(tmp_path: Path, is_asleep: bool) -> None:
    """It was stopping when the disk filled up, then read, and forgotten by AWS: two reasons, one fact."""
    clock = ManualClock()
    dying = task("api", at=290, task_id="1" * 32, last="DEPROVISIONING").version(
        at=400, lastStatus="STOPPED", stoppedAt=epoch(400)
    )
    door = EndpointDoor(History.of(facts(dying)), clock)
    options = CaptureOptions(buffer_batches=0, stopped_tasks_quiet_s=5.0)
    recorder = Recorder(tmp_path, door, clock, Wanted(clusters=("main",)), options)
    fill_the_disk(recorder, since_s=310, until_s=4500)
    if is_asleep:
        sleep_in_the_first_call(recorder, "ecs:ListTasks", after_s=4500)
    recorder.run_for(4700)
    gap, *others = [gap for gap in recorder.of("forensics.gap") if gap["kind"] != "open"]
    assert recorder.keys("aws.ecs.task") == [f"{dying.arn}@3"]
    assert (gap["kind"], gap["lower_bound"]) == ("lost", 1)
    assert {other["kind"] for other in others} == ({"recovered"} if is_asleep else set())
    assert "not read again: 1." in gap["detail"]
    assert "forgotten by now" in gap["detail"]


def test_the_limit_in_bytes_holds_too(tmp_path: Path) -> None:
    """Few polls can be many megabytes."""
    full = FullDisk(tmp_path, start_s=300, end_s=700, options=CaptureOptions(buffer_bytes=2000))
    full.run_for(1500)
    assert full.most_held <= 6
    assert sorted(full.recorder.keys(EVENT)) == sorted(keys(facts(full.shop), EVENT))


def test_a_restart_reads_again_what_only_memory_held(tmp_path: Path) -> None:
    """A process that ends while the disk is full loses its memory; positions never ran ahead of the disk."""
    full = FullDisk(tmp_path, start_s=300, end_s=1e9)
    with pytest.raises(Exception, match="archive"):
        full.run_for(600)
    full.end_s = 0
    full.disk.heal()
    full.recorder.run_for(900)
    assert sorted(full.recorder.keys(EVENT)) == sorted(keys(facts(full.shop), EVENT))
    assert verify(full.recorder.directory).verdict == "intact with recorded gaps"


@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "until it heals"])
@pytest.mark.parametrize("code", TROUBLE.values(), ids=TROUBLE)
def test_transactions_keep_their_order_whichever_call_the_disk_refuses(
    tmp_path: Path, code: int, is_lasting: bool
) -> None:
    """One is encoded while another is flushed; a flush that fails must be noticed by the right one."""
    count = 1
    while count:
        disk = FailingDisk(0, code, is_lasting=is_lasting)
        writer = open_writer(tmp_path / str(count), options=SMALL, disk=disk)
        journal = Journal(writer, CaptureOptions(buffer_batches=100))
        told: list[str] = []
        disk.calls.clear()
        disk.nth = count
        for number in range(8):
            entry = Entry(
                facts=[event(f"{number}-{index}") for index in range(3)],
                poll=None,
                then=lambda written, told=told: told.extend(record.id for record in written),
            )
            assert journal.write(entry, 0.0)
            if number == 5:
                journal.settle(0.0)
        journal.settle(0.0)
        disk.heal()
        assert journal.retry(0.0, at_once=True)
        assert told == [f"{number}-{index}" for number in range(8) for index in range(3)]
        assert (journal.trouble, journal.held, journal.records) == (None, 0, 24)
        writer.close()
        assert ids(tmp_path / str(count)) == told
        assert verify(tmp_path / str(count)).is_sound
        count = count + 1 if disk.failed else 0
