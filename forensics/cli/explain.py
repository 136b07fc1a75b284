"""The command `explain`: what failed first, and why."""

import sys
from pathlib import Path
from typing import Literal

import click

from forensics.analysis.course import course_behind
from forensics.analysis.diagnose import judge
from forensics.analysis.timeline import Timeline
from forensics.cli.damage import warn_of_damage, with_damage
from forensics.cli.formats import FORMATS, Told, check_limit, write
from forensics.cli.opening import inputs, opened, redaction, told
from forensics.cli.output import destination
from forensics.model.finding import Diagnosis


class AttemptNumber(click.ParamType[int | Literal["all"]]):
    """The number of an attempt, or ``all``."""

    name = "attempt"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | Literal["all"]:
        """Return the number, from 1 on, or ``all``."""
        if value == "all":
            return "all"
        if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        return self.fail(
            f"{value!r} is no attempt; give a number from the list of attempts, or all.", param, ctx
        )


@click.command()
@inputs
@click.option(
    "--attempt",
    "attempt",
    type=AttemptNumber(),
    metavar="N|all",
    help="Explain the attempt of this number, as the list of attempts shows it, or all that failed.",
)
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    metavar="N",
    help="For -o markdown and -o github: leave out whole sections, which are named, to stay within N bytes.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["failure", "gap", "never"]),
    multiple=True,
    help="Exit with 1 where an operation failed, or where something is or may be missing. Repeatable. "
    "[default: never]",
)
@redaction
def explain(
    *,
    paths: tuple[Path, ...],
    attempt: int | Literal["all"] | None,
    output: str,
    output_file: Path | None,
    max_bytes: int | None,
    fail_on: tuple[str, ...],
    redact: str | None,
    also: Path | None,
    case: str | None,
) -> int:
    """Say what failed first in an archive or in saved AWS output, and why.

    The newest failed operation is explained: its earliest failure that follows from no other, down through
    nested stacks, and where that is an ECS service the stopped tasks behind it. Needs no AWS account.

    -o github adds a summary to the step and prints annotations; gitlab is for artifacts:reports:annotations,
    junit for whatever reads test reports, slack for an incoming webhook, markdown for a ticket.
    """
    check_limit(output, max_bytes)
    with told(opened(paths), redact, case=case, also=also) as found:
        timeline = Timeline.of(found.records())
        diagnosis = with_damage(judge(timeline, attempt=attempt), found)
        said = Told(diagnosis=diagnosis, course=course_behind(timeline, diagnosis), limit=max_bytes)
        with destination(output_file) as out:
            write(output, said, out, to_file=output_file is not None)
    warn_of_damage(found, sys.stderr)
    return int(_holds(diagnosis, fail_on))


def _holds(diagnosis: Diagnosis, conditions: tuple[str, ...]) -> bool:
    has_failed = "failure" in conditions and diagnosis.outcome == "failed"
    return has_failed or ("gap" in conditions and not diagnosis.coverage.complete)
