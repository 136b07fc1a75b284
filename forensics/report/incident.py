"""The incident report that people write by hand, written from the archive."""

from collections.abc import Sequence

from forensics import __version__
from forensics.analysis.commands import CommandRun
from forensics.analysis.course import Course
from forensics.analysis.resources import (
    DONE,
    FAILED,
    Interval,
    ResourceRow,
    StackRow,
    under_way,
)
from forensics.analysis.wording import short_name
from forensics.model.finding import Diagnosis, Finding
from forensics.report.chronicle import chronicle
from forensics.report.count import counted
from forensics.report.markdown import claim, coverage, evidence, how_it_went, what_to_do
from forensics.report.marked import code, prose, table
from forensics.report.moments import calendar_time, clock_time, lasted
from forensics.report.phrases import (
    attempt_in_focus,
    attempt_name,
    coverage_in_words,
    heading_of,
    label_of,
    meaning_of,
    outcome_of,
    span_of,
)
from forensics.report.telling import first_action


def document(diagnosis: Diagnosis, course: Course, commands: Sequence[CommandRun] = ()) -> str:
    """Return the report as Markdown: the same text for the same archive.

    Args:
        diagnosis: What failed and why.
        course: What went on.
        commands: What `forensics run` ran meanwhile.
    """
    sections = [
        ("Summary", _summary(diagnosis, course)),
        ("Timeline (UTC)", _timeline(diagnosis, course, commands)),
        ("Command results", _commands(commands)),
        ("What was created", _created(course)),
        ("What was still being created when the rollback began", _unfinished(course)),
        ("What failed", _failed(course)),
        ("The rollback", _rollback(course)),
        ("Root cause", _cause(diagnosis)),
        ("What could not be determined, and why", _undetermined(diagnosis)),
        ("Next steps", _next_steps(diagnosis.findings)),
    ]
    title = f"# Incident: {code(heading_of(diagnosis)) or 'nothing found'}"
    parts = [title, *(f"## {name}\n\n{text}" for name, text in sections if text)]
    return "\n\n".join([*parts, f"Written by forensics {__version__} from what was recorded."]) + "\n"


def _summary(diagnosis: Diagnosis, course: Course) -> str:
    attempt = attempt_in_focus(diagnosis)
    rows = [["Outcome", outcome_of(diagnosis)]]
    if attempt is not None:
        rows += [["Operation", code(attempt_name(attempt))], ["Stack", code(attempt.stack)]]
        rows.append(["When", prose(span_of(attempt))])
    rows += [["Coverage", coverage_in_words(diagnosis.coverage)]]
    said = [meaning_of(diagnosis)]
    if diagnosis.findings:
        said.append(diagnosis.findings[0].cause)
    created = [row for stack in course.stacks for row in stack.resources if _was_created(row)]
    if created:
        said.append(f"{counted(len(created), 'resource')} had been created or updated.")
    said.append(_consequences(diagnosis))
    return "\n\n".join([table(["", ""], rows), *(prose(text) for text in said if text)])


def _consequences(diagnosis: Diagnosis) -> str:
    count = diagnosis.consequences.count
    return f"{counted(count, 'further failure')} only followed from the cause." if count else ""


def _timeline(diagnosis: Diagnosis, course: Course, commands: Sequence[CommandRun]) -> str:
    moments = chronicle(course, commands, diagnosis.coverage)
    if not moments:
        return "Nothing happened that was recorded."
    days = {calendar_time(item.at)[:10] for item in moments}
    # A day that is the same in each row says nothing there.
    head, when = (f"Time on {prose(days.pop())}", clock_time) if len(days) == 1 else ("Time", calendar_time)
    rows = [[prose(when(item.at)), prose(item.what), code(item.state)] for item in moments]
    return table([head, "Event", "Status"], rows)


def _commands(commands: Sequence[CommandRun]) -> str:
    if not commands:
        return "No command ran under `forensics run`, so the archive knows of none."
    rows = [
        [
            code(item.name),
            prose(calendar_time(item.started_at)) if item.started_at else "not recorded",
            lasted(item.started_at, item.ended_at),
            _exit(item),
        ]
        for item in commands
    ]
    return table(["Command", "Began", "Took", "Exit code"], rows)


def _exit(item: CommandRun) -> str:
    if item.ended_at is None:
        return "not ended while recording"
    return "not recorded" if item.exit_code is None else str(item.exit_code)


def _was_created(row: ResourceRow) -> bool:
    first = first_action(row.intervals)
    return first is not None and first.result == DONE and first.action in {"CREATE", "UPDATE", "IMPORT"}


def _created(course: Course) -> str:
    """Return the resources that came up, by stack and type."""
    parts = []
    for stack in course.stacks:
        kinds: dict[str, list[str]] = {}
        for row in stack.resources:
            if _was_created(row):
                kinds.setdefault(row.resource_type, []).append(row.logical_id)
        if kinds:
            lines = [
                f"- {code(kind)}: {', '.join(map(code, names))}" for kind, names in sorted(kinds.items())
            ]
            parts.append("\n".join([f"Stack {code(stack.name)}:", "", *lines]))
    return "\n\n".join(parts) or ("Nothing that was recorded." if course.stacks else "")


def _unfinished(course: Course) -> str:
    if not any(stack.rollbacks for stack in course.stacks):
        return ""
    rows = [
        _unfinished_row(stack, row, item)
        for stack in course.stacks
        if stack.rollbacks
        for row, item in under_way(stack, stack.rollbacks[0].since)
        if not item.follows or item.result != FAILED
    ]
    if not rows:
        return "Nothing: every resource had come to an end by then."
    return table(["Resource", "Type", "Stack", "Since", "For", "How it ended"], rows)


def _unfinished_row(stack: StackRow, row: ResourceRow, item: Interval) -> list[str]:
    rollback = stack.rollbacks[0].since
    until = min(rollback, item.ended_at) if item.ended_at else rollback
    since = prose(calendar_time(item.started_at))
    names = [code(row.logical_id), code(row.resource_type), code(stack.name)]
    return [*names, since, lasted(item.started_at, until), how_it_went(item)]


def _failed(course: Course) -> str:
    failed = [
        (item.ended_at or item.started_at, row, item)
        for stack in course.stacks
        for row in stack.resources
        for item in row.intervals
        if item.result == FAILED
    ]
    rows = [
        [prose(calendar_time(at)), code(row.logical_id), code(row.resource_type), code(short_name(row.stack)),
         how_it_went(item), code(item.reason)]
        for at, row, item in sorted(failed, key=lambda found: found[0])
    ]  # fmt: skip
    return table(["Time", "Resource", "Type", "Stack", "Status", "AWS's words"], rows) if rows else ""


def _rollback(course: Course) -> str:
    """Return how the undoing went, and what it left behind."""
    lines = []
    for stack in course.stacks:
        for span in stack.rollbacks if stack.parent is None else ():
            ended = f"to {calendar_time(span.until)}" if span.until else "and has not ended"
            lines.append(
                f"- Stack {code(stack.name)}: from {prose(calendar_time(span.since))} {prose(ended)}"
            )
    if not lines:
        return ""
    stuck = [
        row.logical_id
        for stack in course.stacks
        for row in stack.resources
        if row.intervals[-1].result == FAILED and row.intervals[-1].is_undoing
    ]
    if stuck:
        lines.append(f"- Could not be undone, and may still exist: {', '.join(map(code, stuck))}")
    else:
        lines.append("- No resource was left in a failed state.")
    return "\n".join(lines)


def _cause(diagnosis: Diagnosis) -> str:
    if not diagnosis.findings:
        return prose(meaning_of(diagnosis)) or "Nothing failed that was recorded."
    parts = []
    for place, finding in enumerate(diagnosis.findings):
        parts.append(f"### {label_of(finding, place)}: {prose(finding.title)}")
        parts += [claim(finding), evidence(finding)]
    return "\n\n".join(parts)


def _undetermined(diagnosis: Diagnosis) -> str:
    gaps = [gap for finding in diagnosis.findings for gap in finding.gaps]
    lines = [f"- {prose(text)}" for text in dict.fromkeys(gaps)]
    if any(finding.category == "unknown" for finding in diagnosis.findings):
        lines.append("- What AWS's words mean: no rule knows them; they stand under the root cause, whole.")
    seen = coverage(diagnosis.coverage)
    if not diagnosis.coverage.complete:
        whole = seen.splitlines()
        # The coverage says the same of a gap, and more of what AWS said.
        lines = [line for line in lines if not any(more.startswith(line) for more in whole)] + whole
        seen = ""
    elsewhere = "\n".join(f"- {prose(text)}" for text in diagnosis.not_recorded)
    beside = f"Beside that, what no recording holds:\n\n{elsewhere}" if elsewhere else ""
    return "\n\n".join(filter(None, ["\n".join(lines), seen, beside]))


def _next_steps(findings: Sequence[Finding]) -> str:
    parts = []
    for place, finding in enumerate(findings):
        steps = list(what_to_do(finding))
        if steps:
            parts.append("\n\n".join([f"### {label_of(finding, place)}: {prose(finding.title)}", *steps]))
    return "\n\n".join(parts)
