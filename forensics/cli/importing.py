"""The command `import`: an archive made of AWS output that somebody saved."""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from forensics import __version__
from forensics.archive.pending import Pending
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.capture.past import Past
from forensics.errors import ArchiveMissing, UsageError
from forensics.model.clock import SystemClock
from forensics.model.inert import inert
from forensics.model.record import Fact
from forensics.report.count import counted
from forensics.saved.reading import Saved
from forensics.sources.catalog import CATALOG

_AT_ONCE = 1000


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--archive", type=click.Path(path_type=Path), metavar="DIR", required=True,
    help="Where the facts go; an archive that is there is continued.",
)  # fmt: skip
def import_(files: tuple[Path, ...], archive: Path) -> None:
    """Make an archive of AWS output that somebody saved, or add it to one.

    Takes what the AWS CLI or boto3 printed as JSON, JSON lines or YAML, EventBridge events, and - for
    standard input. Facts that the archive has already are not written again. Nothing is written unless all
    files can be read.
    """
    for path in files:
        if path.is_dir():
            raise UsageError(
                f"{path}: is a directory, import takes files", hint=f"name the files inside: {path}/*.json"
            )
    saved = Saved.open(files)
    *facts, origin = saved.facts
    known = _keys(archive)
    fresh = [fact for fact in facts if (fact.source, fact.id) not in known]
    if fresh:
        head = _write(archive, [*fresh, origin])
        _say(f"imported  {counted(len(fresh), 'fact')} into {archive}")
    else:
        _say(f"imported  nothing: {archive} has all {counted(len(facts), 'fact')} already")
    if fresh and len(fresh) < len(facts):
        _say(f"known     {counted(len(facts) - len(fresh), 'fact')} that the archive had already")
    for note in saved.notes:
        _say(f"note      {note}")
    if fresh:
        _say(f"head      {head}")


def _keys(archive: Path) -> set[tuple[str, str]]:
    """Return the keys of all facts of an archive; none where there is no archive yet."""
    try:
        return {(record.source, record.id) for record in Archive.open(archive).records()}
    except ArchiveMissing:
        return set()


def _write(archive: Path, facts: Sequence[Fact]) -> str:
    """Append facts and return the archive's head."""
    tool = f"forensics {__version__}"
    writer = Writer.open(archive, clock=SystemClock(), run=secrets.token_hex(16), tool=tool)
    try:
        # The seal keeps where a recorder's streams stand; what is imported must not move them.
        Past(writer, CATALOG)
        pending = Pending()
        for start in range(0, len(facts), _AT_ONCE):
            pending = writer.begin(facts[start : start + _AT_ONCE])
        pending.wait()
    finally:
        head = writer.close()
    return head


def _say(line: str) -> None:
    sys.stdout.write(inert(line) + "\n")
