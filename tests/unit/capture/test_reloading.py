"""A new selection while the recording goes on."""

import threading
from pathlib import Path
from typing import Any

from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import Builder, facts, service, stack

EVENT = "aws.cloudformation.stack_event"


class Reloading:
    """A recording whose selection changes after some time."""

    def __init__(self, tmp_path: Path, *parts: Builder, **wanted: tuple[str, ...]) -> None:
        self.clock = ManualClock()
        self.door = EndpointDoor(History.of(facts(*parts)), self.clock)
        self.recorder = Recorder(tmp_path, self.door, self.clock, Wanted(**wanted))
        self._changes: list[tuple[float, Any, CaptureOptions | None]] = []

    def at(self, at_s: float, options: CaptureOptions | None = None, **wanted: tuple[str, ...]) -> None:
        self._changes.append((at_s, Wanted(**wanted), options))

    def run_for(self, seconds: float) -> None:
        original = self.clock.wait

        def wait(event: threading.Event, timeout_s: float) -> bool:
            while self._changes and self.clock.monotonic() - 1000.0 >= self._changes[0][0]:
                _, wanted, options = self._changes.pop(0)
                site = Site(label="main", door=self.door, wanted=wanted)
                self.recorder.supervisor.reload([site], options)
            return original(event, timeout_s)

        self.clock.wait = wait  # type: ignore[method-assign]
        self.recorder.run_for(seconds)


def busy(name: str) -> Builder:
    shop = stack(name, at=5)
    for number in range(58):
        shop.event(f"{name}{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 10 * number)
    return shop


def test_a_stream_wanted_before_and_after_misses_no_poll(tmp_path: Path) -> None:
    """SIGHUP in the middle of a deployment must be invisible in its stack's record."""
    shop, bank = busy("Shop"), busy("Bank")
    reloading = Reloading(tmp_path, shop, bank, stacks=("Shop",))
    reloading.at(300, stacks=("Shop", "Bank"))
    reloading.run_for(600)
    recorder = reloading.recorder
    assert sorted(recorder.keys(EVENT)) == sorted(keys(facts(shop, bank), EVENT))
    assert recorder.of("forensics.gap") == []
    times = [record.recordedtime for record in recorder.records() if record.source == shop.arn]  # type: ignore[attr-defined]
    assert len(set(times)) > 50


def test_what_is_not_wanted_any_more_is_left(tmp_path: Path) -> None:
    """Nor is what it led to: no call is spent on it."""
    api = service("api", at=-900).deployment(at=-800, rolloutState="COMPLETED")
    shop = stack("Shop", at=5).event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=20, physical=api.arn)
    reloading = Reloading(tmp_path, shop, busy("Bank"), api, stacks=("Shop",))
    reloading.at(300, stacks=("Bank",))
    reloading.run_for(400)
    streams = [entry.stream for entry in reloading.recorder.supervisor.snapshot().streams]
    assert not [stream for stream in streams if "Shop" in stream or "ecs" in stream]
    assert reloading.recorder.of("forensics.run")[1]["phase"] == "reloaded"


def test_new_options_hold_from_then_on(tmp_path: Path) -> None:
    """A calmer cadence takes effect without a restart."""
    reloading = Reloading(tmp_path, busy("Shop"), stacks=("Shop",))
    reloading.at(100, CaptureOptions(stack_events_busy_s=50, survey_s=50), stacks=("Shop",))
    reloading.run_for(500)
    assert 20 <= reloading.door.calls["cloudformation:DescribeStackEvents"] <= 40


def test_a_target_that_leaves_while_its_polls_wait_is_no_trouble(tmp_path: Path) -> None:
    """A poll that waits for a free thread when its site goes must not bring the recorder down."""
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(*[stack(f"Shop-{n}", at=5) for n in range(9)])), clock)
    recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop-*",)), CaptureOptions(workers=1))
    wait = clock.wait
    turns: list[int] = []

    def tick(event: threading.Event, timeout_s: float) -> bool:
        turns.append(1)
        if len(turns) == 4:
            other = Site(label="other", door=door, wanted=Wanted(stacks=("Shop-1",)))
            recorder.supervisor.reload([other])
        return wait(event, timeout_s)

    clock.wait = tick  # type: ignore[method-assign]
    assert recorder.run_for(200).reason == "stopped"
    assert [site.label for site in recorder.supervisor.snapshot().sites] == ["other"]
