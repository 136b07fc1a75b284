"""The command `coverage`: when each stream was seen, and when it was not."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import click
import msgspec

from forensics.analysis.coverage import Coverage
from forensics.analysis.coverage_selection import StreamSelection
from forensics.analysis.coverage_statement import Statement, statement
from forensics.archive.reader import Archive
from forensics.cli.damage import warn_of_damage
from forensics.cli.opening import Opened, inputs, opened
from forensics.cli.output import destination
from forensics.model.ranges import numbers_within
from forensics.report.count import counted
from forensics.report.coverage import lines, page
from forensics.report.coverage_markdown import markdown
from forensics.report.ink import ink_for

_FAILS = {
    "lost": ("lost",),
    "missing": ("lost", "unknown", "open"),
    "gap": ("lost", "unknown", "open", "recovered"),
}


@click.command()
@inputs
@click.option("--stack", multiple=True, metavar="NAME", help="Name or ARN of a stack; repeatable.")
@click.option("--cluster", multiple=True, metavar="NAME", help="Name or ARN of a cluster; repeatable.")
@click.option("--service", multiple=True, metavar="NAME", help="NAME, CLUSTER/NAME or ARN; repeatable.")
@click.option("--stream", multiple=True, metavar="NAME", help="'SOURCE TARGET' or a source; repeatable.")
@click.option("--all", "shows_all", is_flag=True, help="Every stream and every gap, however many.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILS)),
    help="Exit with 1 where something is lost for ever; is or may be missing; or there is any gap.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def coverage(
    *,
    paths: tuple[Path, ...],
    stack: tuple[str, ...],
    cluster: tuple[str, ...],
    service: tuple[str, ...],
    stream: tuple[str, ...],
    shows_all: bool,
    fail_on: str | None,
    output: str,
    output_file: Path | None,
) -> int:
    """Say when each stream was seen and how, and what is missing for which reason.

    A stack, cluster or service is shown with everything that it led to. Times without a recorder count, also
    where it was killed. In a pipe, text has one line for each stream and each gap.

    Exit code 1: the condition of --fail-on holds. Where no stream matches, something is missing.
    """
    source = opened(paths)
    is_live = isinstance(source, Archive) and source.holder() is not None
    found = Coverage(source.records(), is_live=is_live)
    selection = StreamSelection(stacks=stack, clusters=cluster, services=service, streams=stream)
    notes = (*_damage(source), *found.import_notes)
    said = statement(
        found, archive=" ".join(map(str, paths)), notes=notes, takes=selection.over(found.traces)
    )
    with destination(output_file) as out:
        _WRITERS[output](said, out, shows_all)
    if not said.streams and not found.import_notes:
        sys.stderr.write("no stream matches\n" if found.traces else "the archive has no stream\n")
    warn_of_damage(source, sys.stderr)
    gaps = said.coverage.gaps
    # Of what was saved nobody can say that it is all, and of what was not watched nobody can say anything.
    may_miss = bool(found.import_notes or not said.streams) and fail_on in {"missing", "gap"}
    return 1 if may_miss or any(gaps[kind] for kind in _FAILS.get(fail_on or "", ())) else 0


def _damage(archive: Opened) -> Iterator[str]:
    lost = numbers_within(archive.lost)
    if lost:
        yield f"{counted(lost, 'record')} of the archive lost to damage: what they said is not counted here"


def _write_text(said: Statement, out: TextIO, shows_all: bool) -> None:
    if out.isatty():
        is_unicode = (out.encoding or "").lower().replace("-", "") == "utf8"
        printed = page(said, ink_for(out), shows_all=shows_all, is_unicode=is_unicode)
    else:
        printed = lines(said)
    out.writelines(f"{line}\n" for line in printed)


def _write_json(said: Statement, out: TextIO, _shows_all: bool) -> None:
    out.write(msgspec.json.format(msgspec.json.encode(said), indent=2).decode() + "\n")


def _write_markdown(said: Statement, out: TextIO, _shows_all: bool) -> None:
    out.writelines(f"{line}\n" for line in markdown(said))


_WRITERS: dict[str, Callable[[Statement, TextIO, bool], None]] = {
    "text": _write_text,
    "json": _write_json,
    "markdown": _write_markdown,
}
