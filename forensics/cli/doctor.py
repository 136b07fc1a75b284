"""The command `doctor`: would a recording work here, and for long enough?"""

import shutil
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from forensics import telemetry
from forensics.capture.selection import Site
from forensics.cli.options import Flags, recording_options, settled
from forensics.cli.wiring import Accounts
from forensics.errors import CredentialsError
from forensics.model.checkup import DENIED, OK, PROBLEM, Check, Checkup, SiteReport
from forensics.model.clock import Clock, SystemClock, to_rfc3339
from forensics.model.inert import inert
from forensics.model.times import parse_duration
from forensics.notify import split_command
from forensics.preflight.doctor import examine_all
from forensics.preflight.identity import message_of
from forensics.preflight.notes import Notes
from forensics.preflight.policy import statements
from forensics.preflight.storage import check_storage
from forensics.report.doctor import lines
from forensics.report.ink import ink_for
from forensics.report.policy import document
from forensics.settings import Settings, Target, check_labels

_EXPECTED = timedelta(hours=1)
_LONGEST_CALL_S = 10.0
"""A call that takes longer with its retries is a finding."""

# A line break after \b keeps click from filling the lines that follow.
EXAMPLES = """\b
Examples:
  forensics doctor --stack shop --expect-duration 2h
  forensics doctor --settings forensics.toml -o json
"""


@click.command(epilog=EXAMPLES)
@recording_options
@click.option(
    "--expect-duration",
    type=parse_duration,
    metavar="DURATION",
    help="How long the recording will take. [default: that of --max-duration, else 1h]",
)
@click.option(
    "--timeout",
    type=parse_duration,
    default="60s",
    show_default=True,
    metavar="DURATION",
    help="Report what hangs instead of waiting for it any longer.",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(expect_duration: timedelta | None, timeout: timedelta, output: str, **given: Any) -> int:
    """Find out whether a recording with the same flags would work, before anything relies on it.

    Whose credentials, for how long and whether they are renewed; each IAM action tried for real, by reading;
    the clock, the endpoint, the targets, the archive and the disk. Nothing is written or created.

    Exit code 0: nothing stands in the way. Exit code 1: something would fail; the report says what.
    """
    settings = settled(Flags(**given))
    # What a door would warn of stands in the report.
    telemetry.configure(log_format=settings.log.format, level=settings.log.level or "error")
    expect = _expected(settings) if expect_duration is None else expect_duration
    found = _look(settings, SystemClock(), expect, timeout)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for line in lines(found, ink_for(sys.stdout)):
            click.echo(line)
    return 0 if found.is_ready else 1


def _expected(settings: Settings) -> timedelta:
    longest_s = settings.capture.max_duration_s
    return _EXPECTED if longest_s is None else timedelta(seconds=longest_s)


def _look(settings: Settings, clock: Clock, expect: timedelta, timeout: timedelta) -> Checkup:
    at = clock.now()
    abort = threading.Event()
    ways = _ways(settings, clock, abort)
    sites = [way for way in ways if isinstance(way, Site)]
    with _Progress() as progress:
        looked_at = examine_all(
            sites,
            clock,
            expect=expect,
            is_waiting=settings.capture.wait_for_missing,
            limit=timeout,
            abort=abort,
            on_progress=progress.show,
        )
    following = iter(looked_at)
    reports = tuple(next(following) if isinstance(way, Site) else way for way in ways)
    checks = (*_storage(settings, sites, expect), *_command(settings))
    states = [check.state for part in (*(report.checks for report in reports), checks) for check in part]
    return Checkup(
        is_ready=PROBLEM not in states,
        at=to_rfc3339(at),
        expect_duration_s=expect.total_seconds(),
        sites=reports,
        checks=checks,
        missing_policy=_missing(reports),
    )


def _ways(settings: Settings, clock: Clock, abort: threading.Event) -> list[Site | SiteReport]:
    """Return a site for each target, or a report where there is no way to it.

    Raises:
        UsageError: A recording would refuse these settings or flags too.
    """
    deadline_s = min(settings.aws.deadline_s, _LONGEST_CALL_S)
    settings = replace(settings, aws=replace(settings.aws, deadline_s=deadline_s))
    accounts = Accounts(clock, abort)
    if not settings.targets:
        return list(accounts.sites(settings))
    check_labels(settings.targets)
    ways: list[Site | SiteReport] = []
    for target in settings.targets:
        try:
            ways += accounts.sites(replace(settings, targets=(target,)))
        except CredentialsError as error:
            ways.append(_broken(target, error))
    return ways


def _broken(target: Target, error: CredentialsError) -> SiteReport:
    check = Check(name="credentials", state=PROBLEM, text=message_of(error), remedy=error.hint or "")
    return SiteReport(
        label=target.label(), region=target.region or "", identity=None, checks=(check,), actions=()
    )


def _storage(settings: Settings, sites: Sequence[Site], expect: timedelta) -> tuple[Check, ...]:
    wanted = [site.wanted for site in sites]
    return check_storage(
        Path(settings.archive.directory),
        expect=expect,
        targets=sum(len(one.stacks) + len(one.clusters) + len(one.services) for one in wanted),
        segment_bytes=settings.archive.segment_bytes,
    )


def _command(settings: Settings) -> tuple[Check, ...]:
    """Return whether the command of --on-event can be found; nothing where there is none."""
    if not settings.on_event.command:
        return ()
    program = split_command(settings.on_event.command)[0]
    if shutil.which(program):
        return (Check(name="on_event", state=OK, text=f"{program} can be run"),)
    remedy = "install it, or give its path to --on-event"
    return (Check(name="on_event", state=PROBLEM, text=f"{program} cannot be run", remedy=remedy),)


def _missing(reports: Sequence[SiteReport]) -> dict[str, Any] | None:
    """Return a policy of the actions that some site is denied; None where none is."""
    denied = {tried.action for report in reports for tried in report.actions if tried.outcome == DENIED}
    return document(statements(only=denied)) if denied else None


class _Progress:
    """One line on a terminal that says what is being waited for; nothing anywhere else."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def show(self, all_notes: Sequence[Notes]) -> None:
        """Show what the first of the sites that are not done waits for."""
        left = [notes for notes in all_notes if not notes.is_done]
        if left:
            more = f", and {len(left) - 1} more" if len(left) > 1 else ""
            self._write(f"checking {left[0].label}{more}: {left[0].doing or '…'}")

    def _write(self, text: str) -> None:
        if self._is_shown:
            width = ink_for(sys.stderr).width - 1
            sys.stderr.write(f"\r\x1b[2K{inert(text)[:width]}")
            sys.stderr.flush()
