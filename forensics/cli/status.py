"""The command `status`: whether a recorder is alive, and how well it sees."""

import sys
from pathlib import Path

import click
import msgspec

from forensics.archive.reader import Archive
from forensics.model.clock import SystemClock
from forensics.model.times import parse_duration
from forensics.report.ink import ink_for
from forensics.report.status import lines, report


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit code says it.")
@click.option(
    "--max-lag",
    metavar="DURATION",
    default="5m",
    show_default=True,
    help="How long ago the last poll of an open stream may be.",
)
def status(archive: Path, output: str, quiet: bool, max_lag: str) -> int:
    """Say whether the recorder is alive and how well it sees.

    Exit code 0: a recorder is at work, every open stream was polled within --max-lag, no gap is open.
    Exit code 1: one of these does not hold.
    """
    longest = parse_duration(max_lag)
    now = SystemClock().now()
    found = report(Archive.open(archive), now=now, max_lag=longest)
    if not quiet and output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    elif not quiet:
        for line in lines(found, ink_for(sys.stdout), now=now):
            click.echo(line)
    return 0 if found.is_healthy else 1
