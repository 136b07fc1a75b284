"""The command `forensics demo`: records an embedded incident from an endpoint of its own."""

import itertools
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from forensics import telemetry
from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.aws.budget import BudgetOptions, Rate
from forensics.aws.client import ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.cli.attend import Attended, attend
from forensics.cli.closing import close
from forensics.cli.face import Face, PlainFace
from forensics.cli.live_face import LiveFace, beside_view
from forensics.cli.options import is_live_view, view_option
from forensics.cli.session import Session
from forensics.cli.wiring import plan
from forensics.demo import incident
from forensics.demo.person import PROFILE, Person
from forensics.errors import UsageError
from forensics.model.clock import ScaledClock, SystemClock
from forensics.model.inert import inert
from forensics.report.explain import page
from forensics.report.ink import ink_for
from forensics.serve.endpoint import Endpoint, EndpointOptions
from forensics.serve.history import History
from forensics.serve.player import Player
from forensics.settings import ArchiveSettings, Settings, Target

SPEED = 100.0
ARCHIVE = "forensics-demo-archive"
_MOST_SPEED = 1000.0


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(1, _MOST_SPEED),
    default=SPEED,
    show_default=True,
    help="How many seconds of the incident pass in one.",
)
@click.option(
    "--archive",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Where to record; must not exist yet. [default: {ARCHIVE}, with a number where that is taken]",
)
@view_option
def demo(speed: float, archive: Path | None, view: str) -> int:
    """Record an embedded incident, and explain it. Needs no AWS account and no network.

    A local endpoint plays a deployment that failed: its network, load balancer and Redis came up, a service's
    tasks could not start, everything was rolled back and deleted, and the credentials ended on the way.
    The same code as in `forensics watch` records it over HTTP, faster than it happened.
    """  # fmt: skip
    is_live = is_live_view(view)
    # What goes wrong for the watched deployment is on the screen; the log is for what goes wrong with us.
    telemetry.configure(level="error", stream=beside_view() if is_live else None)
    directory = _fresh(archive)
    lines = PlainFace(sys.stdout)
    lines.line(f"Recording a deployment of {_day()} from a local endpoint, {speed:g} times as fast.")
    attended = _record(directory, speed, LiveFace(sys.stdout) if is_live else lines)
    exit_code = close(attended, str(directory), lines)
    if exit_code == 0:
        _explain(directory, lines)
    return exit_code


def _fresh(archive: Path | None) -> Path:
    """Return a directory that does not exist yet.

    Raises:
        UsageError: The one that was asked for does.
    """
    if archive is not None:
        if archive.exists():
            raise UsageError(
                f"{archive} exists already",
                hint="the demo records the same incident each time: name a new directory",
            )
        return archive
    names = itertools.chain([ARCHIVE], (f"{ARCHIVE}-{number}" for number in itertools.count(2)))
    return next(path for path in map(Path, names) if not path.exists())


def _record(directory: Path, speed: float, face: Face) -> Attended:
    """Play the incident and record it until everything is at rest."""
    clock = ScaledClock(incident.INCIDENT_STARTS_AT, speed)
    endpoint = Endpoint(History.of(incident.facts()), clock, EndpointOptions(keys=incident.keys()))
    first, second = incident.keys()
    person = Person(clock, first=first, second=second, logs_in_at=incident.RENEWED_AT)
    with person, _only(person.environment), Player(endpoint) as player:
        planned = plan(_settings(directory, player.url, speed), clock)
        with Session(planned, face) as session:
            return attend(session.recorder, SystemClock())


def _settings(directory: Path, url: str, speed: float) -> Settings:
    """Return settings for a clock that runs fast: what is counted in seconds of the machine grows with it."""
    plenty = Rate(burst=200, per_s=100)
    return Settings(
        archive=ArchiveSettings(directory=str(directory)),
        targets=(Target(stacks=(incident.STACK_NAME,)),),
        aws=ClientOptions(
            profile=PROFILE, region=incident.REGION, endpoint_url=url, deadline_s=20 * max(1.0, speed)
        ),
        budget=BudgetOptions(rates={}, otherwise=plenty),
        capture=CaptureOptions(until="done", max_duration_s=3600.0, shutdown_s=20 * max(1.0, speed)),
    )


@contextmanager
def _only(variables: dict[str, str]) -> Iterator[None]:
    """Let these be the only AWS variables of the process for a while: the demo must not use real keys."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(before)


def _explain(directory: Path, lines: PlainFace) -> None:
    lines.line("")
    for line in page(diagnose(Archive.open(directory).records()), ink_for(sys.stdout)):
        lines.line(line)
    path = shlex.quote(inert(str(directory)))
    lines.line("")
    lines.line("Next, with the archive alone:")
    for command in ("explain", "events", "coverage", "status", "verify"):
        lines.line(f"  forensics {command} {path}")


def _day() -> str:
    return f"{incident.INCIDENT_STARTS_AT:%Y-%m-%d}"
