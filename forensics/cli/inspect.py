"""The command `events`: what an archive holds.

It starts fast: nothing here leads to the rules, the AWS SDK, structlog, rich or a web server.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from forensics.analysis.notable import is_routine
from forensics.analysis.selection import Selection
from forensics.archive.reader import Archive
from forensics.cli.damage import warn_of_damage
from forensics.cli.opening import Opened, inputs, opened
from forensics.cli.output import destination
from forensics.errors import UsageError
from forensics.model.clock import Clock, SystemClock
from forensics.model.record import Record
from forensics.model.times import parse_moment
from forensics.report.count import counted
from forensics.report.events import Lines, Table, archive_line, json_array
from forensics.report.ink import ink_for


class _Counter:
    """Passes on what was asked for and counts what is hidden because it is routine."""

    def __init__(self, selection: Selection, *, shows_all: bool) -> None:
        self.hidden = 0
        self.shown = 0
        self._selection = selection
        self._shows_all = shows_all

    def sift(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if not self._selection.takes(record):
                continue
            if not self._shows_all and is_routine(record):
                self.hidden += 1
                continue
            self.shown += 1
            yield record


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of `events`."""
    flags = [
        inputs,
        click.option("-f", "--follow", is_flag=True, help="Go on with new records until Ctrl-C."),
        click.option("--since", metavar="TIME", help="Not before: 15m, 2h ago, now, or RFC 3339."),
        click.option("--until", metavar="TIME", help="Not after; the same grammar."),
        click.option("--stack", multiple=True, metavar="NAME", help="Name or ARN of a stack; repeatable."),
        click.option(
            "--service", multiple=True, metavar="NAME", help="NAME, CLUSTER/NAME or ARN; repeatable."
        ),
        click.option("--resource", multiple=True, metavar="ID", help="Logical id, task id …; repeatable."),
        click.option(
            "--type",
            "types",
            multiple=True,
            metavar="TYPE",
            help="aws.ecs.task, task, forensics. …; repeatable.",
        ),
        click.option("--failed", is_flag=True, help="Only failures."),
        click.option("--all", "shows_all", is_flag=True, help="Routine records too."),
        click.option(
            "-o",
            "--output",
            type=click.Choice(["table", "json", "jsonl"]),
            default="table",
            show_default=True,
        ),
        click.option(
            "-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file."
        ),
    ]
    for flag in reversed(flags):
        function = flag(function)
    return function


@click.command()
@_options
def events(
    *,
    paths: tuple[Path, ...],
    follow: bool,
    since: str | None,
    until: str | None,
    stack: tuple[str, ...],
    service: tuple[str, ...],
    resource: tuple[str, ...],
    types: tuple[str, ...],
    failed: bool,
    shows_all: bool,
    output: str,
    output_file: Path | None,
) -> None:
    """List what an archive holds, in the order in which it was recorded, or what saved AWS output holds.

    Routine records (progress, snapshots, steady states, the recorder's own polls) are hidden and counted.
    No reason is ever cut. -o jsonl gives the archive's own lines, byte for byte;
    of saved output it gives lines of the same form.
    """
    if follow and output == "json":
        raise UsageError("-o json has an end, --follow has none", hint="use -o jsonl to follow")
    clock = SystemClock()
    now = clock.now()
    selection = Selection(
        since=_moment(since, now),
        until=_moment(until, now),
        stacks=stack,
        services=service,
        resources=resource,
        types=types,
        failed=failed,
    )
    found = opened(paths)
    counter = _Counter(selection, shows_all=shows_all)
    records = _following(found, clock) if follow else found.records()
    try:
        with destination(output_file) as out:
            _write(counter.sift(records), output, out, at_once=follow)
    finally:
        _say_hidden(counter.hidden, sys.stderr)
        if not (counter.shown or counter.hidden or follow):
            sys.stderr.write("no record matches\n")
    warn_of_damage(found, sys.stderr)


def _following(found: Opened, clock: Clock) -> Iterator[Record]:
    if not isinstance(found, Archive):
        raise UsageError(
            f"{found.path}: saved output does not grow, --follow has nothing to wait for",
            hint="leave --follow out, or name an archive",
        )
    return found.follow(threading.Event(), clock)


def _moment(text: str | None, now: datetime) -> datetime | None:
    return parse_moment(text, now=now) if text is not None else None


def _write(records: Iterator[Record], output: str, out: TextIO, *, at_once: bool) -> None:
    if output == "json":
        out.writelines(json_array(records))
    elif output == "jsonl":
        out.flush()
        for record in records:
            out.buffer.write(archive_line(record))
            if at_once:
                out.buffer.flush()
    else:
        # Whoever reads through a pipe wants a record a line, so that grep and wc count records.
        table = Table(ink_for(out)) if out.isatty() else Lines()
        out.write(table.heading() + "\n")
        for record in records:
            out.write("\n".join(table.row(record)) + "\n")
            if at_once:
                out.flush()


def _say_hidden(count: int, stream: TextIO) -> None:
    if count:
        stream.write(f"{counted(count, 'routine record')} hidden; --all shows them\n")
