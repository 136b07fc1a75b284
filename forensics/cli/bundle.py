"""The command `bundle`: a redacted, verifiable extract to attach to a ticket."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from forensics import __version__
from forensics.analysis.diagnose import diagnose
from forensics.bundle.reader import Bundle
from forensics.cli.bundling import deliver, literals_in, source_of
from forensics.cli.damage import warn_of_damage
from forensics.cli.opening import Opened, inputs, opened
from forensics.cli.redacting import case_of
from forensics.errors import UsageError
from forensics.model.clock import SystemClock, to_rfc3339
from forensics.model.inert import inert
from forensics.model.record import JsonObject, Record
from forensics.model.sizes import parse_size
from forensics.model.times import parse_moment
from forensics.redact.cases import folder_of, open_case
from forensics.redact.redactor import Redactor
from forensics.redact.scan import Scanner
from forensics.sharing.compose import Asked
from forensics.sharing.extract import Wanted, extract
from forensics.sharing.preview import preview

POLICIES = ("standard", "strict", "off")


@click.command()
@inputs
@click.option(
    "-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="The zip to write."
)
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="Only the attempt of this number.")
@click.option("--since", metavar="TIME", help="Not before: 15m, 2h ago, now, or RFC 3339.")
@click.option("--until", metavar="TIME", help="Not after; the same grammar.")
@click.option("--stack", multiple=True, metavar="NAME", help="A stack and all that it led to; repeatable.")
@click.option("--service", multiple=True, metavar="NAME", help="NAME, CLUSTER/NAME or ARN; repeatable.")
@click.option(
    "--redact",
    "policy",
    type=click.Choice(POLICIES),
    default="standard",
    show_default=True,
    help="standard hides values, accounts and people; strict also names of stacks and resources.",
)
@click.option(
    "--also",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Texts to hide wherever they occur, one a line.",
)
@click.option(
    "--max-size", type=parse_size, metavar="SIZE", help="Leave out what is farthest from the cause."
)
@click.option("--case", metavar="NAME", help="The same names as in other bundles of this case.")
@click.option("--encrypt", metavar="RECIPIENT", help="Encrypt for an age recipient (extra: encrypt).")
@click.option("--dry-run", is_flag=True, help="Say what would leave this machine, and write nothing.")
def bundle(
    *,
    paths: tuple[Path, ...],
    output_file: Path | None,
    attempt: int | None,
    since: str | None,
    until: str | None,
    stack: tuple[str, ...],
    service: tuple[str, ...],
    policy: str,
    also: Path | None,
    max_size: int | None,
    case: str | None,
    encrypt: str | None,
    dry_run: bool,
) -> None:
    """Make a redacted, verifiable extract to attach to a ticket.

    One zip: the cause for people, a page with charts, the records, what was not seen, and a manifest over all
    of it. What is hidden is hidden by field, so that what nobody thought of is hidden too; the same thing has
    the same name everywhere, and `explain` on the bundle says what it says on the archive.
    """
    if output_file is None and not dry_run:
        raise UsageError("no file to write to", hint="name a zip: -O ticket.zip, or look first: --dry-run")
    found = opened(paths)
    if isinstance(found, Bundle):
        raise UsageError(f"{paths[0]}: is a bundle already", hint="bundle the archive that it was made from")
    asked_for = Wanted(since=_moment(since), until=_moment(until), stacks=stack, services=service)
    wanted = asked_for if attempt is None else _of_attempt(found, attempt, asked_for)
    takes = extract(found.records(), wanted)
    source, origin = source_of(found)
    literals = literals_in(also) if also is not None else ()

    def records() -> Iterator[Record]:
        return filter(takes, found.records())

    with open_case(case_of(case, found), folder_of(os.environ)) as names:
        redactor = Redactor(policy, names, literals=literals)
        asked = Asked(
            tool=f"forensics {__version__}",
            source=source,
            origin=origin,
            selection=_told(wanted, attempt, redactor),
            attempt=None if attempt is None else 1,
            max_bytes=max_size,
        )
        if dry_run or output_file is None:
            for line in preview(records, redactor):
                click.echo(inert(line))
        else:
            scanner = None if policy == "off" else lambda: Scanner(literals, redactor.untold())
            for line in deliver(records, redactor, asked, output_file, recipient=encrypt, scanner=scanner):
                click.echo(inert(line))
    warn_of_damage(found, sys.stderr)


def _moment(text: str | None) -> str:
    return to_rfc3339(parse_moment(text, now=SystemClock().now())) if text else ""


def _of_attempt(found: Opened, number: int, wanted: Wanted) -> Wanted:
    """Return what was asked for, within the stack and the time of an attempt.

    Raises:
        UsageError: There is no such attempt.
    """
    attempts = diagnose(found.records(), attempt=number).attempts
    attempt = next(item for item in attempts if item.number == number)
    return msgspec.structs.replace(
        wanted,
        since=max(wanted.since, attempt.started_at),
        until=min(filter(None, (wanted.until, attempt.ended_at)), default=""),
        stacks=(*wanted.stacks, attempt.stack),
    )


def _told(wanted: Wanted, attempt: int | None, redactor: Redactor) -> JsonObject:
    """Return what was asked for, as it may be told."""
    told: JsonObject = {"attempt": attempt, "since": wanted.since, "until": wanted.until}
    told["stacks"] = [redactor.text(name) for name in wanted.stacks]
    told["services"] = [redactor.text(name) for name in wanted.services]
    return {name: value for name, value in told.items() if value}
