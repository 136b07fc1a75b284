"""The command `report`: an archive or saved AWS output made into a document for people."""

import sys
from pathlib import Path

import click

from forensics.analysis.commands import commands_of
from forensics.analysis.course import course_behind
from forensics.analysis.diagnose import judge
from forensics.analysis.timeline import Timeline
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.cli.damage import warn_of_damage, with_damage
from forensics.cli.opening import Opened, inputs, opened, redaction, told
from forensics.cli.output import destination
from forensics.errors import UsageError
from forensics.report.html.page import Origin, page
from forensics.report.html.subject import attempt_of, course_of_attempt
from forensics.report.incident import document


@click.command()
@inputs
@click.option(
    "--attempt",
    type=click.IntRange(min=1),
    metavar="N",
    help="Report on the attempt of this number, as explain lists them; the newest that failed by default.",
)
@click.option("-o", "--output", type=click.Choice(["html", "incident"]), default="html", show_default=True)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@redaction
def report(
    *,
    paths: tuple[Path, ...],
    attempt: int | None,
    output: str,
    output_file: Path | None,
    redact: str | None,
    also: Path | None,
    case: str | None,
) -> None:
    """Write what an archive or saved AWS output holds as a document for people.

    html is one file that opens by double click and asks for nothing over the network: the cause, a timeline
    of resources and services, all events, and what was not seen. incident is the report that people write
    by hand, in Markdown: what happened when, what was created, why it failed, what could not be determined,
    what to do next. Needs no AWS account.
    """
    if output == "html" and output_file is None and sys.stdout.isatty():
        raise UsageError("a page is no reading for a terminal", hint="name a file: -O report.html")
    source = opened(paths)
    with told(source, redact, case=case, also=also) as found:
        text = _incident(found, attempt) if output == "incident" else _html(found, attempt, _origin(source))
        with destination(output_file) as out:
            out.write(text)
    warn_of_damage(found, sys.stderr)


def _html(found: Opened, number: int | None, origin: Origin | None) -> str:
    timeline = Timeline.of(found.records())
    diagnosis = with_damage(judge(timeline, attempt=number), found)
    attempt = attempt_of(diagnosis, number)
    course = course_of_attempt(timeline, attempt)
    return page(found.records, diagnosis, course, attempt=attempt, origin=origin)


def _incident(found: Opened, number: int | None) -> str:
    timeline = Timeline.of(found.records())
    diagnosis = with_damage(judge(timeline, attempt=number), found)
    return document(diagnosis, course_behind(timeline, diagnosis), commands_of(timeline.commands))


def _origin(found: Opened) -> Origin | None:
    """Return what vouches for an archive; nothing does for saved output."""
    if not isinstance(found, Archive):
        return None
    verdict = verify(found.path)
    return Origin(
        archive_id=found.archive_id, created=found.created, head=verdict.head, verdict=verdict.verdict
    )
