"""The recorder of a soak, as a process of its own.

    python -m bench.soak_daemon URL ARCHIVE SPEED ORIGIN

It records every stack and cluster named ``soak-*`` until SIGTERM, in the virtual time that began when the
machine's monotonic clock showed ORIGIN.
"""

import signal
import sys
import threading
import uuid
from pathlib import Path

from forensics.archive.writer import Writer
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.telemetry import configure
from tests.support.capture_daemon import virtual_clock
from tests.support.histories import REGION

SURVEY_S = 60.0
SERVICES_QUIET_S = 120.0
MACHINE_S = 10.0
"""A call and a shutdown may take so long, seconds of the machine, however fast the clock runs."""


def main() -> None:
    """Record until SIGTERM."""
    url, archive, speed, origin_s = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    configure(level="critical")
    clock = virtual_clock(speed, origin_s)
    options = ClientOptions(region=REGION, endpoint_url=url, deadline_s=MACHINE_S * speed, read_timeout_s=1.0)
    wanted = Wanted(stacks=("soak-*",), clusters=("soak-*",))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    supervisor = Supervisor(
        sites=[Site(label="main", door=Client(options, clock), wanted=wanted)],
        writer=Writer.open(Path(archive), clock=clock, run=uuid.uuid4().hex[:16], tool="soak"),
        clock=clock,
        options=CaptureOptions(
            survey_s=SURVEY_S, services_quiet_s=SERVICES_QUIET_S, shutdown_s=MACHINE_S * speed
        ),
    )
    print("ready", flush=True)
    outcome = threading.Thread(target=supervisor.run, args=(stop,))
    outcome.start()
    outcome.join()


if __name__ == "__main__":
    main()
