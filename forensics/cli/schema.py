"""The command `schema`: what the documents for machines look like."""

from importlib.resources import files
from typing import Final

import click

NAMES: Final = ("coverage", "diagnosis", "difference", "record", "status", "verdict")


@click.command()
@click.argument("name", type=click.Choice(NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of a document.

    diagnosis is what explain -o json prints, difference what diff does, record a line of an archive;
    coverage, status and verdict (of verify) are what -o json of those commands prints. Fields may be added to
    a document; none is renamed, dropped or given another type.
    """
    click.echo(files("forensics.schemas").joinpath(f"{name}.json").read_text(encoding="utf-8"), nl=False)
