"""A recorder as a process of its own, for tests that kill it.

    python -m tests.support.capture_daemon URL ARCHIVE SPEED ORIGIN

It runs in the virtual time that began at `START` when the machine's monotonic clock showed ORIGIN, prints
`source<TAB>id` of each record once it is committed, and ends by itself when the deployment is done.
"""

import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

from forensics.archive.writer import Writer
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.model.clock import ScaledClock
from forensics.model.record import Record
from forensics.telemetry import configure
from tests.support.histories import REGION, START


def virtual_clock(speed: float, origin_s: float) -> ScaledClock:
    """Return the clock that every process of a test shares."""
    return ScaledClock(START + timedelta(seconds=(time.monotonic() - origin_s) * speed), speed)


def tell(records: list[Record]) -> None:
    """Acknowledge records on stdout, one line each."""
    sys.stdout.write("".join(f"{record.source}\t{record.id}\n" for record in records))
    sys.stdout.flush()


def main() -> None:
    url, archive, speed, origin_s = sys.argv[1:5]
    configure(level="error")
    clock = virtual_clock(float(speed), float(origin_s))
    door = Client(ClientOptions(region=REGION, endpoint_url=url, deadline_s=20 * float(speed)), clock)
    supervisor = Supervisor(
        sites=[Site(label="main", door=door, wanted=Wanted(stacks=("Shop",)))],
        writer=Writer.open(Path(archive), clock=clock, run=uuid.uuid4().hex[:16], tool="test"),
        clock=clock,
        options=CaptureOptions(until="done", shutdown_s=20 * float(speed)),
        on_commit=tell,
    )
    supervisor.run(threading.Event())


if __name__ == "__main__":
    main()
