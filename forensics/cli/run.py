"""The command `forensics run`: records while another command runs."""

import os
import sys
from datetime import timedelta
from typing import Any

import click
from msgspec.structs import replace

from forensics import telemetry
from forensics.cli import preflight
from forensics.cli.attend import Attended, attend
from forensics.cli.child import Child
from forensics.cli.closing import explain_briefly, say_end
from forensics.cli.face import PlainFace
from forensics.cli.init import leave_process_1
from forensics.cli.options import Flags, recording_options, settled
from forensics.cli.pipeline import is_github
from forensics.cli.session import Session
from forensics.cli.settle import settle_down
from forensics.cli.wiring import plan
from forensics.errors import ForensicsError
from forensics.model.clock import Clock, SystemClock, to_rfc3339
from forensics.model.inert import inert
from forensics.model.record import COMMAND, Fact
from forensics.model.times import parse_duration

WRAPPER_FAILED = 125


# A line break after \b keeps click from filling the lines that follow.
EXAMPLES = """\b
Examples:
  forensics run --stack shop -- cdk deploy shop
  forensics run --stack 'shop-*' --settle 5m --until done -- make deploy
"""


@click.command(context_settings={"allow_interspersed_args": False}, epilog=EXAMPLES)
@recording_options
@click.option(
    "--settle",
    type=parse_duration,
    default="60s",
    show_default=True,
    metavar="DURATION",
    help="Go on recording so long after the command has ended; with --until done, at most so long.",
)
@click.option(
    "--strict",
    is_flag=True,
    help=f"Exit with {WRAPPER_FAILED} where the recording failed and the command did not.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(command: tuple[str, ...], settle: timedelta, strict: bool, **given: Any) -> int:
    """Record while COMMAND runs, and for a while after it.

    COMMAND keeps its stdin, stdout, stderr and terminal; signals reach it; the exit code is its own, 128+n
    when signal n ended it. All that forensics says goes to stderr, at the end what failed first, and why.
    Trouble with the recording neither keeps COMMAND from running nor changes its exit code, unless --strict
    is given.
    """
    leave_process_1()
    clock = SystemClock()
    child = Child(command)
    session = _prepare(Flags(**given), clock, is_strict=strict)
    if session is None:
        return WRAPPER_FAILED if strict else _run_alone(child)
    with session:
        exit_code = _run_beside(child, session, clock)
        attended = _finish(session, clock, timedelta(0) if child.interrupted_by else settle)
    if attended.ended is not None and child.interrupted_by is None and attended.cut_short_by is None:
        explain_briefly(session.archive, sys.stderr)
    is_whole = _close(attended, session.archive)
    return WRAPPER_FAILED if strict and exit_code == 0 and not is_whole else exit_code


def _prepare(flags: Flags, clock: Clock, *, is_strict: bool) -> Session | None:
    """Return a recording that is ready to start; None where there can be none, which is said."""
    try:
        settings = settled(flags)
        telemetry.configure(log_format=settings.log.format, level=settings.log.level or "warning")
        planned = plan(settings, clock)
        if is_strict:
            preflight.check_credentials(planned.sites)
            if not settings.capture.wait_for_missing:
                preflight.check_presence(planned.sites)
        # Only the end of the command and of the settle time may end this recording.
        return Session(planned, _lines(), replace(settings.capture, until="signal"))
    except ForensicsError as error:
        _warn(f"not recording: {error.message}", error.hint)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not keep a deployment from running
        _warn(f"not recording: unforeseen {type(error).__name__}: {error}", None)
    return None


def _run_alone(child: Child) -> int:
    child.start()
    return _wait(child)


def _run_beside(child: Child, session: Session, clock: Clock) -> int:
    """Run the command; leave in the archive what it was called, when it began and how it ended."""
    _note(session, clock, "started", argv0=child.name)
    child.start()
    exit_code = _wait(child)
    _note(session, clock, "ended", argv0=child.name, exit_code=exit_code)
    return exit_code


def _note(session: Session, clock: Clock, phase: str, **what: object) -> None:
    recorder = session.recorder
    recorder.note(
        Fact(
            type=COMMAND,
            source=f"urn:forensics:{recorder.archive_id}",
            id=f"{recorder.run}-{phase}",
            data={"phase": phase, "at": to_rfc3339(clock.now()), **what},
        )
    )


def _wait(child: Child) -> int:
    exit_code = child.wait()
    if child.trouble:
        _warn(child.trouble, None)
    return exit_code


def _finish(session: Session, clock: Clock, settle: timedelta) -> Attended:
    """Let the recording settle, then end it."""
    recorder = session.recorder
    ended = settle_down(recorder, clock, settle, until_rest=session.ends_at_rest)
    if ended is not None:
        return Attended(ended=ended)
    recorder.stop()
    return attend(recorder, clock, is_stopping=True)


def _close(attended: Attended, archive: str) -> bool:
    """Say how the recording ended; return whether it is whole."""
    ended = attended.ended
    if ended is None:
        _warn("the recording did not end in time and was cut off; what was committed is safe", None)
        return False
    if ended.outcome is None:
        hint = ended.error.hint if isinstance(ended.error, ForensicsError) else None
        _warn(f"the recording broke: {ended.error}", hint)
        return False
    say_end(ended.outcome, archive, _lines())
    return ended.outcome.open_gaps == 0 and attended.cut_short_by is None


def _lines() -> PlainFace:
    return PlainFace(sys.stderr, is_github=is_github(os.environ))


def _warn(message: str, hint: str | None) -> None:
    click.echo(f"forensics: {inert(message)}", err=True)
    if hint:
        click.echo(f"hint: {inert(hint)}", err=True)
