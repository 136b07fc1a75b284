"""A wall clock that somebody sets while a recording goes on."""

import threading
from datetime import datetime
from pathlib import Path

import pytest

from forensics.capture.selection import Wanted
from forensics.capture.wall import Reading, jumped_s
from forensics.model.clock import from_rfc3339
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import NOON, ManualClock
from tests.support.histories import facts, stack


def recorder_with(tmp_path: Path, *jumps: tuple[float, float]) -> Recorder:
    """Return a recorder whose wall clock is set at moments of monotonic time, by so many seconds."""
    clock = ManualClock()
    pending = list(jumps)
    original = clock.wait

    def wait(event: threading.Event, timeout_s: float) -> bool:
        while pending and clock.monotonic() - 1000.0 >= pending[0][0]:
            clock.jump_wall(pending.pop(0)[1])
        return original(event, timeout_s)

    clock.wait = wait  # type: ignore[method-assign]
    door = EndpointDoor(History.of(facts(stack("Shop", at=5))), clock)
    return Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)))


@pytest.mark.parametrize("seconds", [7200.0, -300.0], ids=["forward", "back"])
def test_a_clock_that_is_set_leaves_a_record(tmp_path: Path, seconds: float) -> None:
    """Who compares times of the archive later must know that they jump."""
    recorder = recorder_with(tmp_path, (90, seconds))
    recorder.run_for(200)
    (jump,) = recorder.of("forensics.clock")
    assert jump["jumped_s"] == pytest.approx(seconds, abs=0.01)
    stated_at = [(from_rfc3339(jump[name]) - NOON).total_seconds() for name in ("before", "after")]
    assert stated_at == pytest.approx([120, 120 + seconds], abs=0.5)


def test_each_time_that_it_is_set_is_a_record(tmp_path: Path) -> None:
    """The second is measured from the first, not from the start."""
    recorder = recorder_with(tmp_path, (90, 3600), (150, -3600))
    recorder.run_for(300)
    jumps = [jump["jumped_s"] for jump in recorder.of("forensics.clock")]
    assert jumps == pytest.approx([3600, -3600], abs=0.01)


class HeldUpClock(ManualClock):
    """A clock on a machine that now and then stops between two reads of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def now(self) -> datetime:
        self.reads += 1
        if self.reads % 3 == 1:
            self.advance(60)
        return super().now()


def test_a_thread_that_is_held_up_between_the_clocks_sees_no_jump() -> None:
    """On a busy machine the demo's fast clock would else be said to have been set."""
    clock = HeldUpClock()
    earlier = Reading.of(clock)
    clock.advance(60)
    assert jumped_s(earlier, Reading.of(clock)) is None


def test_a_clock_that_is_kept_in_step_leaves_none(tmp_path: Path) -> None:
    """NTP moves a clock by moments; that is no news."""
    recorder = recorder_with(tmp_path, (90, 2.0), (150, -4.0))
    recorder.run_for(300)
    assert recorder.of("forensics.clock") == []
