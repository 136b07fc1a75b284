"""Two attempts side by side: what failed, what took longer, what is new or missing."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from forensics.analysis.course import Course
from forensics.analysis.patterns.trouble import seconds_from
from forensics.analysis.resources import FAILED, Interval, ResourceRow
from forensics.analysis.service_rows import ServiceRow, TaskRow
from forensics.analysis.service_shapes import TaskDefinition
from forensics.analysis.wording import short_name
from forensics.model.finding import Attempt

SCHEMA_VERSION = 1
_LONGER_BY_S = 30.0
_LONGER_TIMES = 1.5


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of two attempts: what is compared of it."""

    course: Course
    definitions: Mapping[str, TaskDefinition]
    """Task definitions by ARN, as far as they are known."""


class ResourceEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a resource fared in one attempt."""

    status: str
    """AWS's last status of what was asked for, such as CREATE_FAILED."""
    seconds: float | None
    """How long it took, or had taken when it was stopped; null where that is not known."""
    reason: str
    """AWS's words; "" where there are none."""
    is_failure: bool
    """Whether it failed by itself."""


class ResourceChange(msgspec.Struct, frozen=True, kw_only=True):
    """One resource in both attempts."""

    path: str
    """Logical ids of the nested stacks that lead to it, and its own, with slashes."""
    resource_type: str
    failed: ResourceEnd | None
    """In the attempt that failed; null where it is missing there."""
    good: ResourceEnd | None
    """In the attempt that went well."""


class ServiceEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a service fared in one attempt."""

    task_definitions: tuple[str, ...]
    """Family and revision of each deployment's, in the order of the deployments."""
    images: tuple[str, ...]
    """Of its task definitions where they are known, and of its stopped tasks."""
    desired: int | None
    """The last that was said; null where nothing was."""
    most_running: int | None
    failed_tasks: int
    """Tasks that stopped because of themselves, or that AWS counted as failed, whichever is more."""
    exit_codes: tuple[int, ...]
    """Of the tasks that stopped because of themselves, each once, ascending."""


class ServiceChange(msgspec.Struct, frozen=True, kw_only=True):
    """One service in both attempts."""

    name: str
    failed: ServiceEnd | None
    good: ServiceEnd | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What sets two attempts apart; the JSON document of ``forensics diff -o json``."""

    schema_version: int = SCHEMA_VERSION
    failed: Attempt | None
    """The attempt that is asked about; null where only services are known."""
    good: Attempt | None
    """What it is held against."""
    failures: tuple[ResourceChange, ...]
    """What failed by itself in the first, in the order of its rows."""
    slower: tuple[ResourceChange, ...]
    """What took at least half as long again and 30 seconds more, the largest difference first."""
    new: tuple[ResourceChange, ...]
    """What only the first has."""
    missing: tuple[ResourceChange, ...]
    """What only the second has."""
    services: tuple[ServiceChange, ...]
    """Services that are not the same in both."""


def compare(failed: Side, good: Side) -> Difference:
    """Return what sets an attempt apart from one that went well.

    Resources are the same where their logical ids and those of their nested stacks are; services where the
    resource that made them is, or else their name.
    """
    one, other = _resources(failed.course), _resources(good.course)
    changes = [_change(path, one.get(path), other.get(path)) for path in dict.fromkeys([*one, *other])]
    both = [item for item in changes if item.failed and item.good]
    return Difference(
        failed=_attempt(failed.course),
        good=_attempt(good.course),
        failures=tuple(item for item in changes if item.failed and item.failed.is_failure),
        slower=tuple(sorted(filter(_is_slower, both), key=_more_s, reverse=True)),
        new=tuple(item for item in changes if item.good is None),
        missing=tuple(item for item in changes if item.failed is None),
        services=tuple(_services(failed, good)),
    )


def _attempt(course: Course) -> Attempt | None:
    return course.attempts[-1] if course.attempts else None


def _paths(course: Course) -> dict[str, str]:
    """Return what leads to each stack: the logical ids of the nested stacks, each ending with a slash."""
    names = {row.physical_id: row.logical_id for stack in course.stacks for row in stack.resources}
    paths: dict[str, str] = {}
    for stack in course.stacks:
        # Rows come parents first.
        paths[stack.arn] = (
            f"{paths.get(stack.parent, '')}{names.get(stack.arn, stack.name)}/" if stack.parent else ""
        )
    return paths


def _resources(course: Course) -> dict[str, ResourceRow]:
    paths = _paths(course)
    return {
        f"{paths[stack.arn]}{row.logical_id}": row
        for stack in course.stacks
        for row in stack.resources
        if any(not item.is_undoing for item in row.intervals)
    }


def _change(path: str, one: ResourceRow | None, other: ResourceRow | None) -> ResourceChange:
    known = one or other
    return ResourceChange(
        path=path,
        resource_type=known.resource_type if known else "",
        failed=_end(one) if one else None,
        good=_end(other) if other else None,
    )


def _end(row: ResourceRow) -> ResourceEnd:
    asked = [item for item in row.intervals if not item.is_undoing]
    failed = next((item for item in asked if item.result == FAILED and not item.follows), None)
    last = failed or asked[-1]
    return ResourceEnd(
        status=last.status, seconds=_seconds(asked), reason=last.reason, is_failure=failed is not None
    )


def _seconds(intervals: Iterable[Interval]) -> float | None:
    known = [
        seconds_from(item.started_at, item.ended_at)
        for item in intervals
        if item.has_beginning and item.ended_at is not None
    ]
    return round(sum(known), 3) if known else None


def _is_slower(item: ResourceChange) -> bool:
    if item.failed is None or item.good is None or item.failed.seconds is None or item.good.seconds is None:
        return False
    took, before = item.failed.seconds, item.good.seconds
    return took >= before + _LONGER_BY_S and took >= before * _LONGER_TIMES


def _more_s(item: ResourceChange) -> float:
    if item.failed is None or item.good is None:
        return 0.0
    return (item.failed.seconds or 0.0) - (item.good.seconds or 0.0)


def _services(failed: Side, good: Side) -> Iterator[ServiceChange]:
    one, other = _named(failed.course), _named(good.course)
    for key in [*one, *(key for key in other if key not in one)]:
        mine, theirs = one.get(key), other.get(key)
        before = _service_end(theirs, good.definitions) if theirs else None
        now = _service_end(mine, failed.definitions) if mine else None
        if now != before:
            known = mine or theirs
            yield ServiceChange(name=known.name if known else key, failed=now, good=before)


def _named(course: Course) -> dict[str, ServiceRow]:
    """Return services by the path of the resource that made them: generated names differ each time."""
    paths = _paths(course)
    made = {
        row.physical_id: f"{paths[stack.arn]}{row.logical_id}"
        for stack in course.stacks
        for row in stack.resources
    }
    return {made.get(row.arn) or row.name: row for row in course.services}


def _service_end(row: ServiceRow, definitions: Mapping[str, TaskDefinition]) -> ServiceEnd:
    failing = [task for task in row.tasks if task.has_failed]
    arns = list(dict.fromkeys(item.task_definition for item in row.deployments if item.task_definition))
    images = [image for arn in arns if arn in definitions for _, image in definitions[arn].images]
    images += [image for task in row.tasks for image in task.images]
    counted = max((item.failed_tasks for item in row.deployments), default=0)
    return ServiceEnd(
        task_definitions=tuple(short_name(arn) for arn in arns),
        images=tuple(dict.fromkeys(images)),
        desired=row.counts[-1].desired if row.counts else None,
        most_running=max(item.running for item in row.counts) if row.counts else None,
        failed_tasks=max(len(failing), counted),
        exit_codes=_codes(failing),
    )


def _codes(tasks: Iterable[TaskRow]) -> tuple[int, ...]:
    return tuple(sorted({code for task in tasks for code in task.exit_codes}))
