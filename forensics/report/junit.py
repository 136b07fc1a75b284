"""A diagnosis as JUnit XML: a suite a stack or service, a case a resource or deployment.

There is no standard of it; what Jenkins, GitLab, CodeBuild and Azure Pipelines read is what the Ant task
wrote: https://github.com/junit-team/junit5 links the schema that most readers go by.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec

from forensics.analysis.course import Course
from forensics.analysis.reasons import normalised
from forensics.analysis.resources import CANCELLED, FAILED, OPEN, UNSAID, Interval, ResourceRow, StackRow
from forensics.analysis.service_rows import DeploymentRow, ServiceRow, TaskRow
from forensics.model.finding import Coverage, Diagnosis
from forensics.model.inert import inert, inert_lines
from forensics.model.record import Gap
from forensics.report.moments import length_of, moment_of
from forensics.report.phrases import gap_in_words, missing_gaps


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went well, failed, or could not be judged."""

    name: str
    group: str
    length: timedelta = timedelta(0)
    failure: tuple[str, str, str] | None = None
    """Type, message, text."""
    skipped: str = ""
    """Why nothing can be said of it; "" where something can."""


class _Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A stack, a service, or the recording itself."""

    name: str
    began_at: str
    cases: tuple[_Case, ...]


def document(diagnosis: Diagnosis, course: Course) -> str:
    """Return the XML document.

    A resource or deployment that failed is a failure, with AWS's words. What CloudFormation cancelled, what
    only followed from another failure, what is not over, and what nobody watched is skipped: it proves
    nothing either way.
    """
    suites = [
        *(_of_stack(row) for row in course.stacks),
        *(_of_service(row) for row in course.services),
        _of_recording(diagnosis.coverage),
    ]
    cases = [case for suite in suites for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_attributes(name='forensics', **_totals(cases))}>")
    for suite in suites:
        lines += _suite(suite)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _of_stack(row: StackRow) -> _Suite:
    cases = [_of_resource(item, row.name) for item in row.resources]
    return _Suite(
        name=f"stack {row.name}",
        began_at=row.own[0].started_at if row.own else "",
        cases=(*cases, *_of_gaps(row.gaps, row.name)),
    )


def _of_resource(row: ResourceRow, stack: str) -> _Case:
    # What it failed at counts, else what was asked for: undoing it went as the rollback did.
    own = [item for item in row.intervals if not item.is_undoing]
    failed = next((item for item in row.intervals if item.result == FAILED and not item.follows), None)
    deciding = failed or (own or list(row.intervals))[-1]
    name = f"{row.logical_id} ({row.resource_type})" if row.resource_type else row.logical_id
    case = _Case(name=name, group=stack, length=_length(own or row.intervals))
    if failed is not None:
        failure = (failed.status, failed.reason or failed.status, _said(failed))
        return msgspec.structs.replace(case, failure=failure)
    return msgspec.structs.replace(case, skipped=_unjudged(deciding))


def _said(item: Interval) -> str:
    ended = f", {item.status} {item.ended_at}" if item.ended_at else ""
    return f"{item.action} began {item.started_at}{ended} (record {item.seq})\n{item.reason}"


def _unjudged(item: Interval) -> str:
    why = {
        CANCELLED: "cancelled because something else failed",
        FAILED: "failed only because something else did",
        OPEN: "not over yet",
        UNSAID: "AWS did not say how it ended",
    }.get(item.result)
    return f"{why}: {item.reason}" if why and item.reason else why or ""


def _of_service(row: ServiceRow) -> _Suite:
    rows = {item.id: item for item in row.deployments}
    tasks: dict[str, list[TaskRow]] = {name: [] for name in rows}
    for task in row.tasks:
        tasks.setdefault(task.deployment, []).append(task)
    name = f"{row.cluster}/{row.name}" if row.cluster else row.name
    cases = [
        _of_deployment(started_by, rows.get(started_by), found, name) for started_by, found in tasks.items()
    ]
    began = [item.started_at for item in row.deployments] + [item.created_at for item in row.tasks]
    return _Suite(
        name=f"service {name}",
        began_at=min(filter(None, began), default=""),
        cases=(*cases, *_of_gaps(row.gaps, name)),
    )


def _of_deployment(name: str, row: DeploymentRow | None, tasks: Sequence[TaskRow], group: str) -> _Case:
    failed = [task for task in tasks if task.has_failed]
    length = length_of(row.started_at, row.ended_at) if row else None
    case = _Case(
        name=f"deployment {name}" if row else f"tasks started by {name or 'nobody known'}",
        group=group,
        length=length or timedelta(0),
    )
    if failed or (row is not None and row.state == "FAILED"):
        state = row.state if row is not None and row.state == "FAILED" else "TASKS_FAILED"
        reasons = list(_reasons(failed))
        message = reasons[0] if reasons else (row.reason if row else "")
        said = [row.reason] if row and row.reason else []
        return msgspec.structs.replace(case, failure=(state, message, "\n".join([*said, *reasons])))
    if row is not None and row.state == "IN_PROGRESS":
        return msgspec.structs.replace(case, skipped="not over yet")
    return case


def _reasons(failed: Sequence[TaskRow]) -> Iterator[str]:
    """Yield each reason once, with its count and times: the most frequent first."""
    groups: dict[str, list[TaskRow]] = {}
    for task in failed:
        groups.setdefault(normalised(task.reason), []).append(task)
    for found in sorted(groups.values(), key=len, reverse=True):
        noun = "task" if len(found) == 1 else "tasks"
        stops = sorted(task.stopped_at for task in found)
        why = found[0].reason or found[0].stop_code
        yield f"{len(found)} {noun} stopped, {stops[0]} to {stops[-1]}: {why}"


def _of_gaps(gaps: Sequence[Gap], group: str) -> Iterator[_Case]:
    missing = missing_gaps(Coverage(complete=False, gaps=tuple(gaps)))
    for gap in missing:
        yield _Case(name=f"watched from {gap.since}", group=group, skipped=gap_in_words(gap))


def _of_recording(coverage: Coverage) -> _Suite:
    notes = [_Case(name=note, group="recording", skipped=note) for note in coverage.notes]
    gaps = list(_of_gaps(coverage.gaps, "recording"))
    whole = [_Case(name="everything was seen", group="recording")] if coverage.complete else []
    return _Suite(name="recording", began_at="", cases=(*whole, *notes, *gaps))


def _length(intervals: Sequence[Interval]) -> timedelta:
    known = [length_of(item.started_at, item.ended_at) for item in intervals if item.has_beginning]
    return sum(filter(None, known), timedelta(0))


def _suite(suite: _Suite) -> Iterator[str]:
    began = moment_of(suite.began_at)
    stamp = {"timestamp": began.strftime("%Y-%m-%dT%H:%M:%S")} if began else {}
    yield f"  <testsuite{_attributes(name=suite.name, **_totals(suite.cases), **stamp)}>"
    for case in suite.cases:
        yield from _case(case)
    yield "  </testsuite>"


def _case(case: _Case) -> Iterator[str]:
    head = f"    <testcase{_attributes(name=case.name, classname=case.group, time=_seconds(case.length))}"
    if case.failure is not None:
        kind, message, text = case.failure
        yield f"{head}>"
        lines = "\n".join(_escaped(line) for line in inert_lines(text))
        yield f"      <failure{_attributes(type=kind, message=message)}>{lines}</failure>"
        yield "    </testcase>"
    elif case.skipped:
        yield f"{head}>"
        yield f"      <skipped{_attributes(message=case.skipped)}/>"
        yield "    </testcase>"
    else:
        yield f"{head}/>"


def _totals(cases: Sequence[_Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(1 for case in cases if case.failure is not None)),
        "errors": "0",
        "skipped": str(sum(1 for case in cases if case.skipped)),
        "time": _seconds(sum((case.length for case in cases), timedelta(0))),
    }


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.3f}"


def _attributes(**values: str) -> str:
    # A parser makes spaces of line breaks in attributes; the element's text keeps them.
    return "".join(f' {name}="{_escaped(inert(" ".join(value.split())))}"' for name, value in values.items())


def _escaped(text: str) -> str:
    """Return an inert text for XML; what XML cannot hold at all has become visible escapes by then."""
    for raw, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(raw, entity)
    return text
