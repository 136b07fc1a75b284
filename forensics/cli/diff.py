"""The command `diff`: two attempts side by side."""

import sys
from pathlib import Path

import click

from forensics.analysis.attempts import FAILED, SUCCESS, Operation, cut, numbered, roots
from forensics.analysis.course import course_of
from forensics.analysis.difference import Side, compare
from forensics.analysis.timeline import Timeline
from forensics.cli.damage import warn_of_damage
from forensics.cli.opening import opened
from forensics.cli.output import destination
from forensics.errors import UsageError
from forensics.model.identity import parse_stack_arn
from forensics.report.differing import document, lines
from forensics.report.ink import ink_for
from forensics.report.plain_json import as_json


@click.command()
@click.argument("failed", type=click.Path(path_type=Path))
@click.argument("good", type=click.Path(path_type=Path), required=False)
@click.option(
    "--attempt",
    type=click.IntRange(min=1),
    metavar="N",
    help="The attempt of FAILED, by the number that explain shows. [default: the newest that failed]",
)
@click.option(
    "--with",
    "other",
    type=click.IntRange(min=1),
    metavar="N",
    help="The attempt of GOOD that it is held against. [default: the newest that went well]",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option("-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
def diff(
    *,
    failed: Path,
    good: Path | None,
    attempt: int | None,
    other: int | None,
    output: str,
    output_file: Path | None,
) -> None:
    """Hold a failed attempt against one that went well.

    FAILED and GOOD are archives or saved AWS output; without GOOD both attempts are in FAILED. Said are what
    failed, what took longer, what is new or missing, and how services differ: images, task definitions,
    counts of tasks. Needs no AWS account.
    """
    first = opened([failed])
    timeline = Timeline.of(first.records())
    second = opened([good]) if good else first
    beside = Timeline.of(second.records()) if good else timeline
    chosen = _chosen(timeline, attempt, FAILED, like=None, where=failed)
    held = _chosen(beside, other, SUCCESS, like=chosen, where=good or failed)
    difference = compare(_side(timeline, chosen), _side(beside, held))
    with destination(output_file) as out:
        if output == "json":
            out.write(as_json(difference))
        elif output == "markdown":
            out.write(document(difference))
        else:
            out.writelines(f"{line}\n" for line in lines(difference, ink_for(out)))
    warn_of_damage(first, sys.stderr)
    if good:
        warn_of_damage(second, sys.stderr)


def _chosen(
    timeline: Timeline, number: int | None, outcome: str, *, like: Operation | None, where: Path
) -> Operation | None:
    """Return one attempt; None where the input knows services alone.

    Args:
        timeline: What it is chosen from.
        number: What the person named; None for the newest of an outcome.
        outcome: Which outcome that has.
        like: Prefer an attempt on a stack of this one's name, that did the same, and another than this.
        where: The input, for messages.

    Raises:
        UsageError: There is no such attempt.
    """
    stacks = numbered({arn: cut(timeline.stacks[arn]) for arn in roots(timeline.stacks)})
    operations = [operation for found in stacks.values() for operation in found]
    if not operations:
        return None
    hint = "`forensics explain` lists the attempts with their numbers"
    if number is not None:
        found = next((item for item in operations if item.number == number), None)
        if found is None:
            raise UsageError(f"{where}: there is no attempt {number}, only 1 to {len(operations)}", hint=hint)
        return found
    fitting = [item for item in operations if item.outcome == outcome and item is not like]
    if not fitting:
        word = "failed" if outcome == FAILED else "went well"
        flag = "--attempt" if outcome == FAILED else "--with"
        raise UsageError(f"{where}: no attempt {word}", hint=f"name one with {flag} N; {hint}")
    return max(fitting, key=lambda item: (_likeness(item, like), item.started_at))


def _likeness(item: Operation, other: Operation | None) -> tuple[bool, bool]:
    if other is None:
        return False, False
    return _name(item) == _name(other), item.kind == other.kind


def _name(item: Operation) -> str:
    identity = parse_stack_arn(item.stack)
    return identity.name if identity else item.stack


def _side(timeline: Timeline, operation: Operation | None) -> Side:
    course = course_of(timeline, [operation] if operation else None)
    return Side(course=course, definitions=timeline.task_definitions)
