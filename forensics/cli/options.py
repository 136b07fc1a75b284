"""The flags that `watch` and `run` share, and how they override the settings file."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from forensics.capture.options import CaptureOptions
from forensics.cli.identity import IdentityFlags, credentials_given, role_given
from forensics.model.times import parse_duration
from forensics.notify import split_command
from forensics.settings import DEFAULT_ARCHIVE, ENDS, Settings, Target, load
from forensics.telemetry import FORMATS, LEVELS

Command = TypeVar("Command", bound=Callable[..., Any])


class Flags(IdentityFlags, frozen=True, kw_only=True):
    """What the command line said; None and () where it said nothing."""

    stack: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    settings: Path | None = None
    archive: Path | None = None
    until: str | None = None
    max_duration: timedelta | None = None
    no_wait: bool = False
    region: str | None = None
    endpoint_url: str | None = None
    on_event: str | None = None
    log_format: str | None = None
    log_level: str | None = None

    def selects(self) -> bool:
        """Return whether the flags themselves say what to watch."""
        return bool(self.stack or self.cluster or self.service)


_SHARED = (
    click.option("--stack", multiple=True, metavar="NAME|ARN|GLOB", help="A stack to watch. Repeatable."),
    click.option(
        "--cluster", multiple=True, metavar="NAME|ARN|GLOB",
        help="An ECS cluster to watch, with its services and stopped tasks. Repeatable.",
    ),
    click.option(
        "--service", multiple=True, metavar="CLUSTER/NAME|ARN|GLOB",
        help="An ECS service to watch. Repeatable.",
    ),
    click.option(
        "--settings", type=click.Path(path_type=Path), metavar="FILE",
        help="Settings in TOML; config/forensics.toml shows every key. Flags override it.",
    ),
    click.option(
        "--archive", type=click.Path(path_type=Path), metavar="DIR",
        help=f"Where to record; an archive that is there is continued. [default: {DEFAULT_ARCHIVE}]",
    ),
    click.option(
        "--until", type=click.Choice(ENDS),
        help="done: end when an operation was seen and everything is at rest. [default: signal]",
    ),
    click.option(
        "--max-duration", type=parse_duration, metavar="DURATION",
        help="Stop recording after so long, such as 2h or 1h30m, whatever happens.",
    ),
    click.option(
        "--no-wait", is_flag=True, help="Refuse to start where something named does not exist yet."
    ),
    click.option(
        "--profile", allow_from_autoenv=False, help="AWS profile, as for the AWS CLI (AWS_PROFILE)."
    ),
    click.option(
        "--region", allow_from_autoenv=False,
        help="AWS region, as for the AWS CLI (AWS_REGION, AWS_DEFAULT_REGION).",
    ),
    click.option(
        "--endpoint-url", allow_from_autoenv=False,
        help="Where to send calls instead of AWS (AWS_ENDPOINT_URL).",
    ),
    click.option("--role-arn", metavar="ARN", help="A role to take with whatever credentials there are."),
    click.option("--external-id", metavar="ID", help="The external id that the role's owner asks for."),
    click.option(
        "--session-name", metavar="NAME",
        help="What CloudTrail calls the role's session. [default: forensics]",
    ),
    click.option(
        "--duration", type=parse_duration, metavar="DURATION",
        help="How long one session of the role lasts, 15m to 12h; it is renewed. [default: 1h]",
    ),
    click.option(
        "--github-oidc-role", metavar="ARN",
        help="A role to take with the id token of this GitHub Actions job, minted anew for each session.",
    ),
    click.option(
        "--on-event", metavar="COMMAND",
        help="Run a command, with JSON on its stdin, when a rollback starts, a deployment fails, "
        "a stack ends, or recording is in trouble.",
    ),
    click.option("--log-format", type=click.Choice(FORMATS), help="How we log, to stderr. [default: text]"),
    click.option("--log-level", type=click.Choice(LEVELS),
        help="The least level that is logged. [default: info; warning for run and the live view]",
    ),
)  # fmt: skip


_PLACE = ("profile", "region", "endpoint_url")
_VIEWS = ("auto", "live", "plain")


def view_option(command: Command) -> Command:
    """Give a command the flag ``--view``."""
    return click.option(
        "--view", type=click.Choice(_VIEWS), default="auto", show_default=True,
        help="live: a screen that is kept up to date; plain: lines; auto: live on a terminal.",
    )(command)  # fmt: skip


def is_live_view(view: str) -> bool:
    """Return whether stdout is to show the live view."""
    return view == "live" or (view == "auto" and sys.stdout.isatty())


def recording_options(command: Command) -> Command:
    """Give a command the flags of `Flags`, in their order."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def settled(flags: Flags) -> Settings:
    """Return the settings file's content with the flags laid over it.

    Raises:
        SettingsError: The file is wrong.
    """
    settings = load(flags.settings) if flags.settings else Settings()
    archive, log, on_event = settings.archive, settings.log, settings.on_event
    role = role_given(flags, settings)
    if flags.on_event is not None:
        split_command(flags.on_event)
    return replace(
        settings,
        archive=replace(archive, directory=str(flags.archive)) if flags.archive else archive,
        aws=replace(settings.aws, **_given(flags, *_PLACE), **role),
        credentials=credentials_given(flags, settings.credentials),
        targets=_targets(settings, flags, role),
        capture=_capture(settings.capture, flags),
        on_event=on_event if flags.on_event is None else replace(on_event, command=flags.on_event),
        log=replace(log, format=flags.log_format or log.format, level=flags.log_level or log.level),
    )


def _targets(settings: Settings, flags: Flags, role: dict[str, Any]) -> tuple[Target, ...]:
    """Return the targets; those of the flags take the place of those of the file."""
    if flags.selects():
        return (Target(stacks=flags.stack, clusters=flags.cluster, services=flags.service),)
    given = _given(flags, *_PLACE)
    return tuple(
        replace(target, credentials=credentials_given(flags, target.credentials), **given, **role)
        for target in settings.targets
    )


def _capture(options: CaptureOptions, flags: Flags) -> CaptureOptions:
    changes: dict[str, Any] = _given(flags, "until")
    if flags.max_duration is not None:
        changes["max_duration_s"] = flags.max_duration.total_seconds()
    if flags.no_wait:
        changes["wait_for_missing"] = False
    return replace(options, **changes)


def _given(flags: Flags, *names: str) -> dict[str, str]:
    return {name: getattr(flags, name) for name in names if getattr(flags, name) is not None}
