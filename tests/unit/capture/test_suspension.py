"""A machine that is suspended while it records."""

import threading
from pathlib import Path

import pytest

from forensics.capture.selection import Wanted
from forensics.capture.suspension import Suspension
from forensics.model.clock import ScaledClock, SystemClock
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import NOON, ManualClock
from tests.support.histories import StackHistory, facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
TASK = "aws.ecs.task"


def busy_shop() -> StackHistory:
    shop = stack("Shop", at=5)
    for number in range(400):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 30 * number)
    return shop


class Laptop:
    """A recording on a machine whose lid is closed at a moment, for so many seconds."""

    def __init__(self, tmp_path: Path, *parts: object, sleeps: tuple[float, float], **wanted: object) -> None:
        self.clock = ManualClock()
        door = EndpointDoor(History.of(facts(*parts)), self.clock)  # type: ignore[arg-type]
        self.recorder = Recorder(tmp_path, door, self.clock, Wanted(**wanted))  # type: ignore[arg-type]
        self._at_s, self._for_s = sleeps
        self._wait = self.clock.wait
        self.clock.wait = self._doze  # type: ignore[method-assign]

    def _doze(self, event: threading.Event, timeout_s: float) -> bool:
        if self.clock.monotonic() - 1000.0 >= self._at_s and self._for_s:
            self.clock.sleep(self._for_s)
            self._for_s = 0.0
        return self._wait(event, timeout_s)

    def gaps(self, source: str) -> list[dict[str, str]]:
        return [gap for gap in self.recorder.of("forensics.gap") if gap["stream"].startswith(source)]


def test_a_sleep_is_a_gap_that_the_next_poll_closes(tmp_path: Path) -> None:
    """Nothing is lost of a stack, and the archive says why nobody looked for an hour."""
    shop = busy_shop()
    laptop = Laptop(tmp_path, shop, sleeps=(300, 3600), stacks=("Shop",))
    laptop.recorder.run_for(400)
    (gap,) = laptop.gaps("stack_events")
    assert (gap["kind"], gap["reason"]) == ("recovered", "host-asleep")
    assert "asleep for 1h" in gap["detail"]
    assert "2026-01-15T12:04:50" <= gap["from"] <= "2026-01-15T12:05:01"
    assert "2026-01-15T13:05:00" <= gap["to"] <= "2026-01-15T13:05:05"
    seen = set(laptop.recorder.keys(EVENT))
    assert {f"R{n}" for n in range(120)} <= {
        record.subject for record in laptop.recorder.records() if record.type == EVENT
    }
    assert seen <= keys(facts(shop), EVENT)


def test_time_asleep_counts_towards_the_horizon_of_stopped_tasks(tmp_path: Path) -> None:
    """Two hours of sleep look like seconds to the clock that stops: the tasks are forgotten all the same."""
    api = service("api", at=0).deployment(at=1, rolloutState="COMPLETED")
    laptop = Laptop(tmp_path, api, *tasks("api", 2, at=700), sleeps=(600, 7200), services=("main/api",))
    laptop.recorder.run_for(700)
    gaps = laptop.gaps("stopped_tasks")
    assert [(gap["kind"], gap["reason"]) for gap in gaps] == [("unknown", "host-asleep")]


def test_a_nap_is_no_gap(tmp_path: Path) -> None:
    """A few seconds are no longer than a slow answer."""
    laptop = Laptop(tmp_path, busy_shop(), sleeps=(300, 8), stacks=("Shop",))
    laptop.recorder.run_for(400)
    assert laptop.gaps("") == []


def test_a_sleep_does_not_set_the_wall_clock(tmp_path: Path) -> None:
    """The wall clock goes on through a sleep as it should: times before and after compare."""
    laptop = Laptop(tmp_path, busy_shop(), sleeps=(300, 3600), stacks=("Shop",))
    laptop.recorder.run_for(400)
    assert laptop.recorder.of("forensics.clock") == []


class HeldUpClock(ManualClock):
    """A clock on a machine that stops for a while between any two looks at it."""

    def boottime(self) -> float:
        self.advance(60)
        return super().boottime()

    def monotonic(self) -> float:
        self.advance(60)
        return super().monotonic()


def test_a_thread_that_is_held_up_between_the_clocks_sees_no_sleep() -> None:
    """A busy machine is not one that sleeps."""
    suspension = Suspension(HeldUpClock())
    assert [suspension.slept_s() for _ in range(5)] == [None] * 5


def test_each_sleep_is_told_once() -> None:
    """The second is measured from the first, not from the start."""
    clock = ManualClock()
    suspension = Suspension(clock)
    clock.sleep(100)
    assert suspension.slept_s() == pytest.approx(100)
    clock.advance(50)
    assert suspension.slept_s() is None
    clock.sleep(30)
    assert suspension.slept_s() == pytest.approx(30)


@pytest.mark.parametrize("clock", [SystemClock(), ScaledClock(NOON, 100.0)], ids=["machine", "scaled"])
def test_a_machine_that_is_awake_has_not_slept(clock: SystemClock | ScaledClock) -> None:
    """The machine that runs this test is awake."""
    suspension = Suspension(clock)
    assert suspension.slept_s() is None
