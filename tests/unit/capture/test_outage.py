"""Credentials that end in the middle of a deployment."""

import threading
from datetime import timedelta
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import AwsError, CredentialsExpired, Unreachable
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import NOON, ManualClock
from tests.support.histories import StackHistory, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
EXPIRED = CredentialsExpired("the token has expired", code="ExpiredToken")


def busy_shop() -> StackHistory:
    """Return a stack that is in an operation for an hour, with an event every half minute."""
    shop = stack("Shop", at=5)
    for number in range(120):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 30 * number)
    return shop.itself("CREATE_COMPLETE", at=3700)


class Outage:
    """Credentials that do not work from one moment to another."""

    def __init__(
        self, tmp_path: Path, *parts: object, start_s: float, end_s: float, **wanted: tuple[str, ...]
    ) -> None:
        self.clock = ManualClock()
        self.door = EndpointDoor(History.of(facts(*parts)), self.clock)  # type: ignore[arg-type]
        self.ends_s = end_s
        self.starts_s = start_s
        self.door.trouble = lambda _operation: self.error()
        self.door.whoami_trouble = self.error
        self.recorder = Recorder(tmp_path, self.door, self.clock, Wanted(**wanted))

    def error(self) -> AwsError | None:
        elapsed_s = self.clock.monotonic() - 1000.0
        return EXPIRED if self.starts_s <= elapsed_s < self.ends_s else None


def test_an_outage_is_written_down_and_loses_nothing(tmp_path: Path) -> None:
    """AWS keeps a stack's events: the first walk after the outage joins, and the record says so."""
    shop = busy_shop()
    outage = Outage(tmp_path, shop, start_s=1440, end_s=2340, stacks=("Shop",))
    outage.recorder.run_for(4000)
    assert sorted(outage.recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))
    gaps = [gap for gap in outage.recorder.of("forensics.gap") if gap["stream"].startswith("stack_events")]
    assert [gap["kind"] for gap in gaps] == ["open", "recovered"]
    assert {gap["reason"] for gap in gaps} == {"credentials"}
    assert gaps[1]["from"] == gaps[0]["from"] <= "2026-01-15T12:24:05"
    assert "2026-01-15T12:39:00" <= gaps[1]["to"] <= "2026-01-15T12:40:05"
    assert outage.recorder.supervisor.snapshot().open_gaps == ()


def test_a_gap_that_closes_is_one_gap(tmp_path: Path) -> None:
    """The closing line must not count its two descriptions: `status` and `verify` count gaps."""
    outage = Outage(tmp_path, busy_shop(), start_s=1440, end_s=2340, stacks=("Shop",))
    outcome = outage.recorder.run_for(4000)
    streams = {gap["stream"] for gap in outage.recorder.of("forensics.gap")}
    assert outcome.gaps == len(streams) == Archive.open(outage.recorder.directory).state().gap_count


def test_one_probe_asks_for_the_whole_site(tmp_path: Path) -> None:
    """A thousand streams that each try expired credentials would look like an attack."""
    stacks = [stack(f"Shop-{n}", at=5) for n in range(30)]
    outage = Outage(tmp_path, *stacks, start_s=600, end_s=4200, stacks=("Shop-*",))
    outage.recorder.run_for(600)
    before = sum(outage.door.calls.values())
    outage.recorder.run_for(3500)
    assert sum(outage.door.calls.values()) - before <= 10
    assert 50 <= outage.door.renewals <= 80


def test_a_pause_is_visible_while_it_lasts(tmp_path: Path) -> None:
    """Live view and status must say that nothing is recorded, and why."""
    outage = Outage(tmp_path, stack("Shop", at=5), start_s=100, end_s=9999, stacks=("Shop",))
    outage.recorder.run_for(300)
    snapshot = outage.recorder.supervisor.snapshot()
    assert snapshot.sites[0].paused_because == "the token has expired"
    assert not snapshot.is_healthy
    assert {gap.reason for gap in snapshot.open_gaps} == {"credentials"}


def test_the_streams_of_a_paused_site_have_no_trouble_of_their_own(tmp_path: Path) -> None:
    """The pause says it once; else each stream repeats it until its own next good poll."""
    outage = Outage(
        tmp_path, *[stack(f"Shop-{n}", at=5) for n in range(5)], start_s=100, end_s=400, stacks=("Shop-*",)
    )
    seen: list[tuple[bool, set[str | None]]] = []
    original = outage.clock.wait

    def wait(event: threading.Event, timeout_s: float) -> bool:
        snapshot = outage.recorder.supervisor.snapshot()
        seen.append((bool(snapshot.sites[0].paused_because), {entry.trouble for entry in snapshot.streams}))
        return original(event, timeout_s)

    outage.clock.wait = wait  # type: ignore[method-assign]
    outage.recorder.run_for(500)
    assert any(is_paused for is_paused, _ in seen)
    assert set().union(*(troubles for _, troubles in seen)) == {None}


def test_changed_credential_files_are_tried_at_once(tmp_path: Path) -> None:
    """Who logs in again does not want to wait for the next probe."""
    clock = ManualClock()
    shop = busy_shop()
    door = EndpointDoor(History.of(facts(shop)), clock)
    door.trouble = lambda _operation: EXPIRED if door.stamp == 0 and clock.monotonic() > 1100 else None
    door.whoami_trouble = lambda: door.trouble("")
    options = CaptureOptions(probe_base_s=500, probe_ceiling_s=500)
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)), options)
    original = clock.wait

    def wait(event: threading.Event, timeout_s: float) -> bool:
        if clock.monotonic() > 1200:
            door.stamp = 1
        return original(event, timeout_s)

    clock.wait = wait  # type: ignore[method-assign]
    recorder.run_for(230)
    assert recorder.supervisor.snapshot().open_gaps == ()
    assert door.renewals == 1


def test_credentials_of_another_account_are_not_used(tmp_path: Path) -> None:
    """An archive that quietly goes on with another account's stacks would be evidence of nothing."""
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(busy_shop())), clock)

    def error() -> AwsError | None:
        elapsed_s = clock.monotonic() - 1000.0
        if elapsed_s > 700:
            door.account = "999999999999"
        return EXPIRED if 600 <= elapsed_s < 700 else None

    door.trouble = lambda _operation: error()
    door.whoami_trouble = error
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)))
    recorder.run_for(1200)
    why = recorder.supervisor.snapshot().sites[0].paused_because or ""
    assert "999999999999" in why
    assert "123456789012" in why
    assert {entry["account"] for entry in recorder.of("forensics.identity")} == {"123456789012"}


def test_identity_is_recorded_when_it_or_its_expiry_changes(tmp_path: Path) -> None:
    """Who recorded, with which role, until when: without a secret, and once for each change."""
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(busy_shop())), clock)
    door.expiry = NOON + timedelta(hours=1)

    def renewed(_operation: str) -> None:
        door.expiry = NOON + timedelta(hours=1 if clock.monotonic() < 1900 else 2)

    door.trouble = renewed
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)))
    recorder.run_for(1800)
    identities = recorder.of("forensics.identity")
    assert [entry["expires_at"] for entry in identities] == [
        "2026-01-15T13:00:00.000Z",
        "2026-01-15T14:00:00.000Z",
    ]
    assert set(identities[0]) == {"site", "account", "arn", "source", "region", "expires_at"}


def test_stopped_tasks_that_an_outage_outlived_are_admitted(tmp_path: Path) -> None:
    """Two hours without credentials are longer than ECS remembers: the gap is not called recovered."""
    api = service("api", at=0).deployment(at=1, rolloutState="COMPLETED")
    outage = Outage(tmp_path, api, *tasks("api", 2, at=700), start_s=600, end_s=7900, services=("main/api",))
    outage.recorder.run_for(8200)
    gaps = [gap for gap in outage.recorder.of("forensics.gap") if gap["stream"].startswith("stopped_tasks")]
    assert gaps[-1]["kind"] == "unknown"
    assert gaps[-1]["reason"] == "credentials"


def test_every_stream_that_came_due_in_the_outage_says_so_and_goes_on(tmp_path: Path) -> None:
    """One stream meets the expired token; the others are not even asked, and are not forgotten."""
    quiet = {"rolloutState": "COMPLETED"}
    steady = [service(name, at=-900).deployment(at=-800, **quiet) for name in ("api", "web")]
    for one in steady:
        one.event("has reached a steady state.", at=500)
    outage = Outage(tmp_path, *steady, start_s=100, end_s=1300, services=("main/*",))
    outage.recorder.run_for(1200)
    streams = {entry.stream for entry in outage.recorder.supervisor.snapshot().streams}
    gaps = outage.recorder.of("forensics.gap")
    # New services that the glob means could not be looked for either.
    assert {gap["stream"] for gap in gaps} == {*streams, "discovery main"}
    assert {gap["kind"] for gap in gaps} == {"open"}
    assert len(gaps) == len(streams) + 1 == 4
    outage.recorder.run_for(500)
    assert outage.recorder.supervisor.snapshot().open_gaps == ()
    assert len(outage.recorder.keys("aws.ecs.service_event")) == 2


def test_credentials_that_are_missing_at_the_start_are_waited_for(tmp_path: Path) -> None:
    """A recorder started before the login records from the login on."""
    shop = busy_shop()
    outage = Outage(tmp_path, shop, start_s=0, end_s=300, stacks=("Shop",))
    outage.recorder.run_for(4000)
    assert sorted(outage.recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_without_sts_the_account_is_learnt_from_the_stacks(tmp_path: Path) -> None:
    """A private network may have no way to STS; the stacks' ARNs name the account as well."""
    shop = busy_shop()
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(shop)), clock)
    door.whoami_trouble = lambda: Unreachable("sts: timed out")
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)))
    recorder.run_for(4000)
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop), EVENT))


def test_a_stack_that_came_and_went_during_an_outage_is_found(tmp_path: Path) -> None:
    """Its name finds nothing any more and the survey never saw it: the deleted stacks are looked at too."""
    brief = stack("Shop", at=400).itself("DELETE_IN_PROGRESS", at=500).itself("DELETE_COMPLETE", at=600)
    outage = Outage(tmp_path, stack("Other"), brief, start_s=300, end_s=900, stacks=("Shop",))
    outage.recorder.run_for(1200)
    assert set(outage.recorder.keys(EVENT)) == keys(facts(brief), EVENT)
