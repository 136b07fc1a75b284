"""The watch of a large account for an hour of virtual time, in a process of its own.

    python -m bench.steady_watch ENDPOINT_URL DIRECTORY

boto3 is loaded, and has talked to an endpoint, as in a real watch. Prints what it counted as JSON.
"""

import json
import re
import sys
import threading
from collections import Counter
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.fleet import CLUSTERS, REGION, START, Fleet
from forensics.archive.writer import Writer
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.errors import AwsError
from forensics.model.clock import SystemClock
from forensics.telemetry import configure

HOUR_S = 3600.0
WARM_UP_S = 120.0


class VirtualClock:
    """Stands still except where somebody waits."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        """Return the virtual wall time."""
        return START + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        """Return the virtual seconds."""
        return self.elapsed_s

    def boottime(self) -> float:
        """Return the same: nothing sleeps."""
        return self.elapsed_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Let the time pass at once."""
        if not event.is_set():
            self.elapsed_s += timeout_s
        return event.is_set()


class AtOnce(Executor):
    """Makes each call on the thread that submits it."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Make the call."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class After(threading.Event):
    """Set from a moment of a clock on; notes what was counted when the steady time began."""

    def __init__(self, clock: VirtualClock, fleet: Fleet) -> None:
        super().__init__()
        self._clock, self._fleet = clock, fleet
        self.at_warm: Counter[str] | None = None

    def is_set(self) -> bool:
        """Return whether the hour is over."""
        if self.at_warm is None and self._clock.elapsed_s >= WARM_UP_S:
            self.at_warm = Counter(self._fleet.counts)
        return self._clock.elapsed_s >= WARM_UP_S + HOUR_S


def _load_sdk(url: str) -> Client:
    """Return a door of the real kind that has talked to every service: its memory counts."""
    door = Client(ClientOptions(region=REGION, endpoint_url=url), SystemClock())
    for operation, parameters in (
        ("cloudformation:ListStacks", {}),
        ("ecs:ListClusters", {}),
        ("sts:GetCallerIdentity", {}),
    ):
        try:
            door.call(operation, **parameters)
        except AwsError as error:
            print(f"{operation}: {error.message}", file=sys.stderr)
    return door


def _memory_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.findall(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[0]) / 1024


def main() -> None:
    url, directory = sys.argv[1:3]
    configure(level="error")
    door = _load_sdk(url)
    clock = VirtualClock()
    fleet = Fleet(clock)
    stop = After(clock, fleet)
    clusters = tuple(f"cluster-{number}" for number in range(CLUSTERS))
    supervisor = Supervisor(
        sites=[Site(label="main", door=fleet, wanted=Wanted(stacks=("Stack-*",), clusters=clusters))],
        writer=Writer.open(Path(directory), clock=clock, run="bench000bench000", tool="bench"),
        clock=clock,
        options=CaptureOptions(),
        executor=AtOnce(),
    )
    supervisor.run(stop)
    streams = Counter(entry.stream.split(" ")[0] for entry in supervisor.snapshot().streams)
    counted = fleet.counts - (stop.at_warm or Counter())
    figures = {
        "counts": counted,
        "streams": streams,
        "rss_mb": _memory_mb("VmRSS"),
        "peak_mb": _memory_mb("VmHWM"),
        "door": type(door).__name__,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
