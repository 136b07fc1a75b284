"""What a read command reads: an archive, a bundle, or AWS output that somebody saved."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from forensics.archive.reader import Archive, Damage
from forensics.errors import UsageError
from forensics.model.record import Record

Command = TypeVar("Command", bound=Callable[..., Any])


class Opened(Protocol):
    """Records to read, wherever they come from.

    Attributes:
        path: What was opened; the first of several files.
        damages: What the last pass of `records` could not read.
        lost: First and last seq of each range of records that it did not find.
    """

    path: Path
    damages: list[Damage]
    lost: list[tuple[int, int]]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is missing or was not understood.

        The records say the same: saved output ends with a ``forensics.import`` record.
        """
        ...

    def records(self, since_seq: int = 0) -> Iterator[Record]:
        """Yield the records after a seq, in the order of their seq."""
        ...


def inputs(command: Command) -> Command:
    """Give a command the argument for what it reads, as ``paths``."""
    return click.argument(
        "paths", nargs=-1, required=True, metavar="ARCHIVE|BUNDLE|FILE...", type=click.Path(path_type=Path)
    )(command)


def redaction(command: Command) -> Command:
    """Give a command the flags for saying what a bundle would say, as ``redact``, ``also``, ``case``."""
    for option in reversed(_REDACTION):
        command = option(command)
    return command


_REDACTION = (
    click.option(
        "--redact",
        type=click.Choice(["standard", "strict"]),
        help="Hide what a bundle of this policy hides, and say what this command says of that bundle.",
    ),
    click.option(
        "--also",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="With --redact: texts to hide wherever they occur, one a line.",
    ),
    click.option(
        "--case", metavar="NAME", help="With --redact: the same names as in the bundles of this case."
    ),
)


def told(
    found: Opened, redact: str | None, *, case: str | None, also: Path | None
) -> AbstractContextManager[Opened]:
    """Return what was opened, redacted where that was asked for.

    Raises:
        UsageError: A flag needs another.
    """
    if redact is not None:
        redacted: Callable[..., AbstractContextManager[Opened]]
        redacted = importlib.import_module("forensics.cli.redacting").redacted
        return redacted(found, redact, case=case, also=also)
    for flag, value in (("--case", case), ("--also", also)):
        if value is not None:
            raise UsageError(f"{flag} goes with --redact", hint="add --redact standard or --redact strict")
    return nullcontext(found)


def opened(paths: Sequence[Path]) -> Opened:
    """Return what paths lead to: one archive, one bundle, or saved files of which ``-`` is standard input.

    Args:
        paths: At least one.

    Raises:
        UsageError: An archive or a bundle among several paths.
        ArchiveError: Nothing is there, it cannot be read, or it is neither.
    """
    if len(paths) == 1 and _may_be_archive(paths[0]):
        return Archive.open(paths[0])
    # Most reading is of archives: what the others need is loaded only where they are met.
    if len(paths) == 1 and is_zip(paths[0]):
        bundle: Opened = importlib.import_module("forensics.bundle.reader").Bundle.open(paths[0])
        for note in bundle.notes:
            click.echo(f"{paths[0]}: {note}", err=True)
        return bundle
    for path in paths:
        if path.is_dir():
            raise UsageError(
                f"{path}: is a directory among several inputs",
                hint="name one archive alone, or the files inside: DIRECTORY/*.json",
            )
        if is_zip(path):
            raise UsageError(f"{path}: is a bundle among several inputs", hint="name it alone")
    saved: Opened = importlib.import_module("forensics.saved.reading").Saved.open(paths)
    return saved


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip does, which nothing that AWS prints does."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def _may_be_archive(path: Path) -> bool:
    return path.is_dir() or (str(path) != "-" and not path.exists())
