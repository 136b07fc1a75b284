"""The command `forensics credentials push`: hands the credentials of this shell to a running recorder."""

import sys
from datetime import datetime
from pathlib import Path

import click
from msgspec.structs import replace

from forensics.aws.chain import Chain
from forensics.aws.pushed import Keys
from forensics.aws.sessions import ChainOptions, region_for
from forensics.cli.handover import Taken, hand_over
from forensics.errors import CredentialsInvalid, ForensicsError, UsageError
from forensics.model.clock import Clock, SystemClock, to_rfc3339
from forensics.model.inert import inert
from forensics.settings import DEFAULT_ARCHIVE

# A line break after \b keeps click from filling the lines that follow.
EXAMPLES = """\b
Examples:
  forensics credentials push
  forensics credentials push --profile production --archive /data
"""
_REGION = "us-east-1"
"""Where STS is asked for a role if nobody names a region; the recorder has its own."""


@click.group()
def credentials() -> None:
    """Bring new credentials to a recording that goes on."""


@credentials.command(epilog=EXAMPLES)
@click.option(
    "--archive", type=click.Path(path_type=Path), default=DEFAULT_ARCHIVE, show_default=True, metavar="DIR",
    envvar="FORENSICS_ARCHIVE", show_envvar=True, help="The archive that the recorder writes.",
)  # fmt: skip
@click.option("--profile", allow_from_autoenv=False, help="AWS profile, as for the AWS CLI (AWS_PROFILE).")
def push(archive: Path, profile: str | None) -> int:
    """Hand the credentials of this shell to the recorder of an archive.

    They are what the AWS CLI would use here: the environment's, or a profile's. The recorder signs with them
    at once and until they end, if they are of the account that it records; then it returns to its own
    sources. They go over a socket in the archive's directory that only its owner may use; nothing is written.
    A profile that asks for a one-time password asks for it here.
    """
    clock = SystemClock()
    keys = _keys_of_this_shell(profile, clock)
    answer = hand_over(archive, keys)
    if answer.error:
        raise ForensicsError(f"{archive}: {answer.error}")
    for one in answer.taken:
        click.echo(inert(_said(one, keys.expires_at, clock)))
    refused = [one for one in answer.taken if one.error]
    if refused and len(refused) == len(answer.taken):
        hint = refused[0].hint or None
        raise CredentialsInvalid(f"{archive}: the recorder took these credentials for no target", hint=hint)
    return 0


def _keys_of_this_shell(profile: str | None, clock: Clock) -> Keys:
    options = ChainOptions(profile=profile)
    try:
        region = region_for(options)
    except UsageError:
        region = _REGION
    opened = Chain(replace(options, region=region), clock, asks=sys.stdin.isatty()).open()
    frozen = opened.credentials.get_frozen_credentials()
    return Keys(
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        session_token=frozen.token or None,
        expires_at=opened.expires_at(),
    )


def _said(one: Taken, ends_at: datetime | None, clock: Clock) -> str:
    if one.error:
        return f"{one.target}: not taken: {one.error}"
    if ends_at is None:
        return f"{one.target}: account {one.account}, end not known"
    minutes = max(0, int((ends_at - clock.now()).total_seconds() // 60))
    return f"{one.target}: account {one.account}, until {to_rfc3339(ends_at)} ({minutes} min)"
