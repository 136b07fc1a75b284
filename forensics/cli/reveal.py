"""The command `reveal`: the names in an answer turned back into what they stand for."""

import os
from typing import TextIO

import click

from forensics.model.inert import inert
from forensics.redact.cases import folder_of, names_of
from forensics.redact.reveal import revealed
from forensics.report.count import counted


@click.command()
@click.argument(
    "answer", metavar="[FILE|-]", type=click.File("r", encoding="utf-8", errors="replace"), default="-"
)
@click.option("--case", metavar="NAME", required=True, help="The case that the bundle was made for.")
def reveal(answer: TextIO, case: str) -> None:
    """Turn the names in an answer from support back into what they stand for.

    The answer is read from a file or standard input. The case's file never leaves this machine.
    """
    known = names_of(case, folder_of(os.environ)).known()
    total = 0
    for line in answer:
        shown, count = revealed(line.rstrip("\r\n"), known)
        total += count
        click.echo(inert(shown))
    click.echo(f"{counted(total, 'name')} turned back", err=True)
