"""What happened, moment by moment: the rows of an incident report's timeline."""

from collections.abc import Iterable, Iterator

import msgspec

from forensics.analysis.commands import CommandRun
from forensics.analysis.course import Course
from forensics.analysis.resources import CANCELLED, DONE, FAILED, Interval, StackRow
from forensics.analysis.service_rows import ServiceRow
from forensics.analysis.wording import short_name
from forensics.model.finding import Coverage
from forensics.report.phrases import missing_gaps
from forensics.report.telling import telling


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline; the texts are raw."""

    at: str
    """RFC 3339."""
    what: str
    state: str
    """AWS's status, or a word for it."""


def chronicle(course: Course, commands: Iterable[CommandRun], coverage: Coverage) -> list[Moment]:
    """Return the moments that tell the story, the earliest first.

    Of the resources only those are told that failed, were cut short or took long; a thousand others would
    bury them, and the waterfall has them.

    Args:
        course: The attempt's resources and services.
        commands: What was run meanwhile.
        coverage: What could not be watched.
    """
    found: list[Moment] = []
    for stack in course.stacks:
        found += _of_stack(stack)
    found += _of_resources(course)
    for service in course.services:
        found += _of_service(service)
    for command in commands:
        found += _of_command(command)
    for gap in missing_gaps(coverage):
        if gap.since <= course.until and (gap.until is None or gap.until >= course.since):
            found.append(
                Moment(at=gap.since, what=f"{gap.stream} could no longer be watched", state=gap.reason)
            )
            if gap.until is not None:
                found.append(
                    Moment(at=gap.until, what=f"{gap.stream} could be watched again", state=gap.kind)
                )
    return sorted(found, key=lambda moment: moment.at)


def _of_stack(stack: StackRow) -> Iterator[Moment]:
    for item in stack.own:
        if item.has_beginning:
            status = f"{item.action}_IN_PROGRESS"
            yield Moment(at=item.started_at, what=f"Stack {stack.name}: {_verb(item)} began", state=status)
        # A stack that rolls back says so by beginning to: the moment is there already.
        if item.ended_at is not None and not item.status.endswith("_IN_PROGRESS"):
            yield Moment(at=item.ended_at, what=f"Stack {stack.name}: {_verb(item)} ended", state=item.status)


def _of_resources(course: Course) -> Iterator[Moment]:
    for row in telling(course).resources:
        name = f"{row.logical_id} ({row.resource_type}) of {short_name(row.stack)}"
        for item in row.intervals:
            if item.ended_at is None or (item.is_undoing and item.result == DONE):
                continue
            yield Moment(at=item.ended_at, what=f"{name}: {_ending(item)}", state=item.status)


def _ending(item: Interval) -> str:
    if item.result == FAILED:
        return f"{_verb(item)} failed" + (" because something else had" if item.follows else "")
    return f"{_verb(item)} cancelled" if item.result == CANCELLED else f"{_verb(item)} done"


def _verb(item: Interval) -> str:
    return item.action.lower().replace("_", " ")


def _of_service(service: ServiceRow) -> Iterator[Moment]:
    for deployment in service.deployments:
        name = f"Service {service.name}: deployment {deployment.id}"
        yield Moment(at=deployment.started_at, what=f"{name} began", state="IN_PROGRESS")
        if deployment.ended_at is not None:
            yield Moment(at=deployment.ended_at, what=f"{name} ended", state=deployment.state)
    stops = (
        sorted((task.stopped_at, task) for task in service.tasks if task.has_failed) if service.tasks else []
    )
    for place, number in ((0, "first"), (-1, "last")):
        if stops and (place == 0 or len(stops) > 1):
            at, task = stops[place]
            which = f"{number} of {len(stops)} tasks that failed" if len(stops) > 1 else "a task failed"
            yield Moment(at=at, what=f"Service {service.name}: {which}: {task.reason}", state=task.stop_code)


def _of_command(command: CommandRun) -> Iterator[Moment]:
    if command.started_at:
        yield Moment(at=command.started_at, what=f"Command {command.name} began", state="running")
    if command.ended_at is not None:
        yield Moment(
            at=command.ended_at, what=f"Command {command.name} ended", state=f"exit code {command.exit_code}"
        )
