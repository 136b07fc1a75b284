"""The command `repair`: a whole archive made from a damaged one."""

import secrets
from pathlib import Path

import click
import msgspec

from forensics import __version__
from forensics.archive.repair import Repaired
from forensics.archive.repair import repair as write_anew
from forensics.model.clock import SystemClock
from forensics.model.inert import inert
from forensics.report.count import counted, lost_records


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Where the new archive goes."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def repair(archive: Path, to: Path, output: str) -> None:
    """Write every whole record of a damaged archive into a new one.

    The damaged archive stays as it is. The new one says what was lost, and `verify` is content with it.
    """
    tool, run = f"forensics {__version__}", secrets.token_hex(16)
    repaired = write_anew(archive, to, clock=SystemClock(), run=run, tool=tool)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(repaired), indent=2))
        return
    for line in _lines(archive, to, repaired):
        click.echo(inert(line))


def _lines(archive: Path, to: Path, repaired: Repaired) -> list[str]:
    return [
        f"{archive}: {counted(repaired.problems, 'problem')} found",
        f"kept      {counted(repaired.records, 'record')}, now in {to}",
        f"lost      {lost_records(repaired.lost)}",
        f"head      {repaired.head}",
    ]
