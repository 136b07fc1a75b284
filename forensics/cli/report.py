"""The command `report`: an archive made into a document for people."""

import sys
from pathlib import Path

import click

from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.cli.explain import with_damage
from forensics.cli.output import destination, warn_of_damage
from forensics.errors import UsageError
from forensics.report.html.page import page


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["html"]), default="html", show_default=True)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def report(archive: Path, output: str, output_file: Path | None) -> None:
    """Write what an archive holds as a document for people.

    html is one file that opens by double click, offline: the cause, a timeline, all events. Needs no AWS
    account.
    """
    if output == "html" and output_file is None and sys.stdout.isatty():
        raise UsageError("a page is no reading for a terminal", hint="name a file: -O report.html")
    opened = Archive.open(archive)
    diagnosis = with_damage(diagnose(opened.records()), opened)
    with destination(output_file) as out:
        out.write(page(opened.records, diagnosis))
    warn_of_damage(opened, sys.stderr)
