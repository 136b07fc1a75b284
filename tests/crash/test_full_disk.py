"""A file system that is really full: the recorder goes on, says so, and mends itself."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.archive.verify import verify
from forensics.capture.selection import Wanted
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import ManualClock
from tests.support.disks import TROUBLE, FailingDisk
from tests.support.histories import facts, stack

EVENT = "aws.cloudformation.stack_event"


class SmallDisk:
    """A directory whose disk can be filled up: a small file system of its own, or one that pretends."""

    def __init__(self, path: Path, *, is_real: bool) -> None:
        self.path = path
        self.disk = None if is_real else FailingDisk(0, TROUBLE["full"])
        self._filler = path / "filler"

    def fill(self) -> None:
        if self.disk is not None:
            self.disk.nth, self.disk.is_lasting = 1, True
            return
        with self._filler.open("wb", buffering=0) as file:
            for size_bytes in (65536, 4096, 1):
                while True:
                    try:
                        file.write(b"\0" * size_bytes)
                    except OSError:
                        break

    def free(self) -> None:
        if self.disk is not None:
            self.disk.heal()
        else:
            self._filler.unlink()


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Mount a small file system where this process may, and pretend where it may not."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(path)]
    try:
        is_real = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        is_real = False
    try:
        yield SmallDisk(path, is_real=is_real)
    finally:
        if is_real:
            subprocess.run(["umount", "--lazy", str(path)], check=True)


def at(clock: ManualClock, at_s: float, action: Callable[[], None]) -> None:
    """Do something once so many seconds have passed."""
    wait, done = clock.wait, threading.Event()

    def tick(event: threading.Event, timeout_s: float) -> bool:
        if not done.is_set() and clock.monotonic() - 1000.0 >= at_s:
            done.set()
            action()
        return wait(event, timeout_s)

    clock.wait = tick  # type: ignore[method-assign]


def test_a_disk_that_fills_up_and_is_freed_costs_nothing(tmp_path: Path) -> None:
    """Neither the process nor a record; while it is full, that is said."""
    clock = ManualClock()
    shop = stack("Shop", at=5)
    for number in range(100):
        shop.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=10 + 10 * number)
    door = EndpointDoor(History.of(facts(shop)), clock)
    with small_disk(tmp_path / "disk") as small:
        recorder = Recorder(small.path, door, clock, Wanted(stacks=("Shop",)))
        recorder.disk = small.disk
        troubles: list[str | None] = []
        at(clock, 300, small.fill)
        at(clock, 500, lambda: troubles.append(recorder.supervisor.snapshot().archive_trouble))
        at(clock, 600, small.free)
        outcome = recorder.run_for(1200)
        assert recorder.keys(EVENT) == [fact.id for fact in facts(shop)]
        assert verify(recorder.directory, outcome.head).verdict == "intact"
    assert troubles[0] is not None
    assert not recorder.supervisor.snapshot().archive_trouble
