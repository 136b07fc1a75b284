"""The command `report`: an archive or saved AWS output made into a document for people."""

import sys
from pathlib import Path

import click

from forensics.analysis.diagnose import diagnose
from forensics.cli.explain import with_damage
from forensics.cli.opening import inputs, opened
from forensics.cli.output import destination, warn_of_damage
from forensics.errors import UsageError
from forensics.report.html.page import page


@click.command()
@inputs
@click.option("-o", "--output", type=click.Choice(["html"]), default="html", show_default=True)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def report(paths: tuple[Path, ...], output: str, output_file: Path | None) -> None:
    """Write what an archive or saved AWS output holds as a document for people.

    html is one file that opens by double click, offline: the cause, a timeline, all events. Needs no AWS
    account.
    """
    if output == "html" and output_file is None and sys.stdout.isatty():
        raise UsageError("a page is no reading for a terminal", hint="name a file: -O report.html")
    found = opened(paths)
    diagnosis = with_damage(diagnose(found.records()), found)
    with destination(output_file) as out:
        out.write(page(found.records, diagnosis))
    warn_of_damage(found, sys.stderr)
