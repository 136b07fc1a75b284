"""Credentials of another account than before."""

import threading
from collections.abc import Callable
from pathlib import Path

from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import CredentialsAbsent, CredentialsExpired
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import StackHistory, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
OTHER = "999999999999"
QUIET = {"rolloutState": "COMPLETED"}


def busy(name: str, *, account: str = "123456789012") -> StackHistory:
    shop = stack(name, at=5, account=account)
    for number in range(100):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 10 * number)
    return shop


class Switch:
    """A recording whose credentials become those of another account at moments of its clock."""

    def __init__(self, tmp_path: Path, *switches: tuple[float, str], **options: bool) -> None:
        self.clock = ManualClock()
        self.here, self.there = busy("Shop"), busy("Shop", account=OTHER)
        self.histories = {
            "123456789012": History.of(facts(self.here)),
            OTHER: History.of(facts(self.there)),
        }
        self.door = EndpointDoor(self.histories["123456789012"], self.clock)
        self.recorder = Recorder(
            tmp_path, self.door, self.clock, Wanted(stacks=("Shop",)), CaptureOptions(**options)
        )
        for at_s, account in switches:
            at(self.clock, at_s, lambda account=account: self.become(account))

    def become(self, account: str) -> None:
        """Let the next call be signed with keys of an account, as a rewritten profile does."""
        self.door.account, self.door.stamp = account, account
        self.door.play(self.histories[account])

    def run_for(self, seconds: float) -> None:
        self.recorder.run_for(seconds)

    def events(self, of: StackHistory) -> list[str]:
        return [r.id for r in self.recorder.records() if r.type == EVENT and r.source == of.arn]


def at(clock: ManualClock, at_s: float, action: Callable[[], object]) -> None:
    """Do something once so many seconds have passed."""
    wait, done = clock.wait, threading.Event()

    def tick(event: threading.Event, timeout_s: float) -> bool:
        if not done.is_set() and clock.monotonic() - 1000.0 >= at_s:
            done.set()
            action()
        return wait(event, timeout_s)

    clock.wait = tick  # type: ignore[method-assign]


def test_a_running_recording_refuses_keys_of_another_account(tmp_path: Path) -> None:
    """A profile rewritten for another account finds no stack: that must not end the streams of this one."""
    switch = Switch(tmp_path, (300, OTHER), (600, "123456789012"))
    switch.run_for(500)
    (site,) = switch.recorder.supervisor.snapshot().sites
    assert OTHER in (site.paused_because or "")
    assert "123456789012" in (site.paused_because or "")
    gaps = switch.recorder.of("forensics.gap")
    assert {(gap["kind"], gap["reason"]) for gap in gaps} == {("open", "credentials")}
    assert [entry for entry in switch.recorder.of("forensics.stream") if "ended_because" in entry] == []
    switch.run_for(600)
    assert sorted(switch.events(switch.here)) == sorted(keys(facts(switch.here), EVENT))
    assert switch.events(switch.there) == []


def test_a_restart_refuses_keys_of_another_account(tmp_path: Path) -> None:
    """The archive knows whose recording it is."""
    switch = Switch(tmp_path)
    switch.run_for(200)
    switch.become(OTHER)
    switch.run_for(100)
    (site,) = switch.recorder.supervisor.snapshot().sites
    assert OTHER in (site.paused_because or "")
    assert switch.events(switch.there) == []
    assert {gap["kind"] for gap in switch.recorder.of("forensics.gap")} == {"open"}


def test_another_account_that_is_allowed_is_recorded_and_the_first_waits(tmp_path: Path) -> None:
    """What is asked for is looked up there; the streams of the first have a gap until its keys come back."""
    switch = Switch(tmp_path, (300, OTHER), (600, "123456789012"), allow_other_account=True)
    switch.run_for(500)
    assert switch.events(switch.there)
    waiting = {gap.stream for gap in switch.recorder.supervisor.snapshot().open_gaps}
    assert waiting
    assert all("123456789012" in stream for stream in waiting)
    switch.run_for(800)
    assert sorted(switch.events(switch.here)) == sorted(keys(facts(switch.here), EVENT))
    assert {entry["account"] for entry in switch.recorder.of("forensics.identity")} == {"123456789012", OTHER}
    closed = [gap for gap in switch.recorder.of("forensics.gap") if gap["kind"] == "recovered"]
    assert {gap["stream"] for gap in closed} >= waiting


def test_files_that_are_half_written_keep_the_old_keys(tmp_path: Path) -> None:
    """An editor that is about to save must not stop a recording whose keys still work."""
    switch = Switch(tmp_path)

    def refuse() -> None:
        raise CredentialsAbsent("the credentials file cannot be read")

    def half_write() -> None:
        switch.door.stamp = "half"
        switch.door.renew = refuse  # type: ignore[method-assign]

    at(switch.clock, 300, half_write)
    switch.run_for(1100)
    assert switch.recorder.of("forensics.gap") == []
    assert sorted(switch.events(switch.here)) == sorted(keys(facts(switch.here), EVENT))


def test_after_an_outage_what_is_nearest_to_losing_goes_first(tmp_path: Path) -> None:
    """One worker a source: tasks go first, and among them the one with the least time left."""
    clock = ManualClock()
    apis = [service(f"api-{n}", at=-900, cluster=f"c{n}").deployment(at=-800, **QUIET) for n in range(4)]
    dead = [one for n in range(4) for one in tasks(f"api-{n}", 1, at=-600, cluster=f"c{n}")]
    door = EndpointDoor(History.of(facts(busy("Shop"), *apis, *dead)), clock)
    asked: list[str] = []

    def trouble(operation: str) -> CredentialsExpired | None:
        elapsed_s = clock.monotonic() - 1000.0
        if 400 <= elapsed_s < 1600:
            return CredentialsExpired("expired")
        if elapsed_s >= 1600:
            asked.append(operation)
        return None

    door.trouble = trouble
    door.whoami_trouble = lambda: trouble("sts:GetCallerIdentity")
    wanted = Wanted(stacks=("Shop",), services=("*/api-*",))
    recorder = Recorder(tmp_path, door, clock, wanted, CaptureOptions(workers=1))
    recorder.run_for(1700)
    polls = ("ecs:ListTasks", "ecs:DescribeServices", "cloudformation:DescribeStackEvents")
    assert [operation for operation in asked if operation in polls][:3] == list(polls)
    assert recorder.supervisor.snapshot().open_gaps == ()
    closed = [gap for gap in recorder.of("forensics.gap") if gap["kind"] == "recovered"]
    since = [gap["from"] for gap in closed if gap["stream"].startswith("stopped_tasks")]
    assert since == sorted(since)
    assert len(since) == 4


def test_one_probe_is_out_at_a_time(tmp_path: Path) -> None:
    """A credential process that hangs must not be started again with each change of a file."""
    switch = Switch(tmp_path)
    switch.recorder.start()
    dispatch = switch.recorder.supervisor._dispatch
    submitted: list[str] = []
    dispatch._submit = lambda _state, lane, *_work: submitted.append(lane)  # type: ignore[method-assign]
    for _ in range(5):
        dispatch.send_due()
        switch.recorder.supervisor._begin()
    assert submitted.count("identify") == 1
