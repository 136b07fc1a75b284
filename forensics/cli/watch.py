"""The command `forensics watch`: records until told to stop."""

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from forensics import telemetry
from forensics.cli import preflight
from forensics.cli.attend import attend, reload_or_keep
from forensics.cli.closing import close, explain_briefly
from forensics.cli.face import PlainFace
from forensics.cli.live_face import LiveFace, beside_view, newest_records
from forensics.cli.options import Flags, is_live_view, recording_options, settled, view_option
from forensics.cli.pipeline import is_github
from forensics.cli.session import Session
from forensics.cli.signals import ENDING
from forensics.cli.wiring import plan
from forensics.model.clock import SystemClock
from forensics.settings import Settings

# A line break after \b keeps click from filling the lines that follow.
EXAMPLES = """\b
Examples:
  forensics watch --stack shop
  forensics watch --service main/checkout --max-duration 2h
  forensics watch --settings forensics.toml --archive /data
"""


@click.command(epilog=EXAMPLES)
@recording_options
@view_option
def watch(view: str, **given: Any) -> int:
    """Record what AWS says about stacks and services, until told to stop.

    Pointing at one stack is enough: its nested stacks, services, clusters, deployments and stopped tasks are
    found while it runs. What does not exist yet is waited for.

    SIGTERM and SIGINT end the recording in order: what failed first is said in short, and the
    head digest is printed; a second one ends it at once.
    SIGHUP reads the file of --settings anew; without one it ends the recording as SIGTERM does.
    """
    flags = Flags(**given)
    clock = SystemClock()
    settings = settled(flags)
    is_live = is_live_view(view)
    _configure_log(settings, is_live=is_live)
    planned = plan(settings, clock)
    preflight.check_credentials(planned.sites)
    if not settings.capture.wait_for_missing:
        preflight.check_presence(planned.sites)
    lines = PlainFace(sys.stdout, is_github=is_github(os.environ))
    face = LiveFace(sys.stdout) if is_live else lines
    session = Session(planned, face)
    if is_live:
        face.show(newest_records(Path(session.archive)))
    with session:
        attended = attend(
            session.recorder,
            clock,
            stops=ENDING if flags.settings else (*ENDING, signal.SIGHUP),
            reload=partial(reload_or_keep, partial(_reload, session, flags, is_live=is_live)),
        )
    if attended.ended is not None and attended.cut_short_by is None:
        explain_briefly(session.archive, sys.stdout)
    return close(attended, session.archive, lines)


def _configure_log(settings: Settings, *, is_live: bool) -> None:
    level = settings.log.level or ("warning" if is_live else "info")
    telemetry.configure(
        log_format=settings.log.format, level=level, stream=beside_view() if is_live else None
    )


def _reload(session: Session, flags: Flags, *, is_live: bool) -> None:
    settings = settled(flags)
    session.reload(settings)
    _configure_log(settings, is_live=is_live)
