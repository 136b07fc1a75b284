"""A diagnosis as Markdown that fits a ticket: sections that are whole or left out."""

from collections.abc import Iterator, Sequence

from forensics.analysis.course import Course
from forensics.analysis.resources import Interval, ResourceRow
from forensics.analysis.service_rows import ServiceRow
from forensics.analysis.wording import short_name
from forensics.model.finding import CONTEXT, Attempt, Coverage, Diagnosis, Finding
from forensics.model.inert import inert
from forensics.report.count import counted
from forensics.report.marked import code, fenced, prose, quoted, table
from forensics.report.moments import calendar_time, clock_time, lasted
from forensics.report.phrases import (
    attempt_in_focus,
    attempt_name,
    consequences_in_words,
    coverage_in_words,
    distinct,
    gap_in_words,
    heading_of,
    how_often,
    label_of,
    meaning_of,
    missing_gaps,
    outcome_of,
    span_of,
    subject_of,
)
from forensics.report.sections import Section, fitted
from forensics.report.telling import first_action, telling

_ATTEMPTS_SHOWN = 20
_GAPS_SHOWN = 20


def document(diagnosis: Diagnosis, course: Course, *, limit: int | None = None) -> str:
    """Return the diagnosis as Markdown.

    Args:
        diagnosis: What to say.
        course: What went on meanwhile.
        limit: Bytes that it may take; None for no limit. What does not fit is left out section by section,
            the cause last, and named.

    Raises:
        UsageError: Not even the heading fits.
    """
    return fitted(list(_sections(diagnosis, course)), limit)


def _sections(diagnosis: Diagnosis, course: Course) -> Iterator[Section]:
    yield Section(name="Heading", text=_heading(diagnosis), rank=0)
    findings = list(enumerate(diagnosis.findings))
    for place, finding in findings:
        if finding.role != CONTEXT:
            yield from _finding(finding, place, rank=1 if place == 0 else 9 + place)
    resources = _resources(course)
    if resources:
        yield Section(name="Resources", text=f"### Resources\n\n{resources}", rank=6)
    tasks = _services([row for row in course.services if row.tasks])
    if tasks:
        yield Section(name="Services", text=f"### Services\n\n{tasks}", rank=7)
    for place, finding in findings:
        if finding.role == CONTEXT:
            yield from _finding(finding, place, rank=1 if place == 0 else 9 + place)
    yield Section(name="Coverage", text=f"### Coverage\n\n{coverage(diagnosis.coverage)}", rank=5)
    if len(diagnosis.attempts) > 1:
        yield Section(name="Attempts", text=f"### Attempts\n\n{_attempts(diagnosis.attempts)}", rank=8)


def _heading(diagnosis: Diagnosis) -> str:
    about = heading_of(diagnosis)
    title = outcome_of(diagnosis) + (f": {code(about)}" if about else "")
    attempt = attempt_in_focus(diagnosis)
    facts = [f"{prose(span_of(attempt))}."] if attempt else []
    facts.append(f"Coverage {coverage_in_words(diagnosis.coverage)}.")
    said = [meaning_of(diagnosis), consequences_in_words(diagnosis)]
    return "\n\n".join([f"## {title}", " ".join(facts), *(prose(text) for text in said if text)])


def _finding(finding: Finding, place: int, *, rank: int) -> Iterator[Section]:
    """Yield one finding: what it is, what to do, what it rests on; only the cause ranks them apart."""
    label = label_of(finding, place)
    step = 1 if place == 0 else 0
    name = f"{label}: {prose(finding.title)}"
    yield Section(name=name, text=f"### {name}\n\n{claim(finding)}", rank=rank)
    what = "\n\n".join(what_to_do(finding))
    if what:
        yield Section(name=f"{label}, what to do", text=what, rank=rank + step)
    yield Section(name=f"{label}, evidence", text=evidence(finding), rank=rank + 2 * step)


def claim(finding: Finding) -> str:
    """Return what a finding says: the cause, and what it is about."""
    facts = [
        ("Where", subject_of(finding)),
        ("How often", how_often(finding)),
        ("Why this", finding.why),
        ("It could also be", "; ".join(finding.alternatives)),
        ("Not seen", "; ".join(finding.gaps)),
        ("Sure", f"{finding.confidence:.0%}, {finding.category}, rule {finding.rule}"),
    ]
    lines = [f"- **{label}:** {prose(text)}" for label, text in facts if text]
    return "\n".join([prose(finding.cause), "", *lines])


def what_to_do(finding: Finding) -> Iterator[str]:
    """Yield what to do about a finding, how to check it, and what to read."""
    if finding.remedy:
        yield f"**What to do:** {prose(finding.remedy)}"
    if finding.checks:
        yield f"**Check:**\n\n{fenced(chr(10).join(map(inert, finding.checks)), 'sh')}"
    if finding.docs:
        yield f"**Read:** {link(finding.docs)}"


def link(url: str) -> str:
    """Return an address that can be clicked where it is one of the web, else as code."""
    is_plain = url.startswith("https://") and url.isascii() and not set(url) & set(" <>\"'`()[]\\|")
    return f"<{url}>" if is_plain and url.isprintable() else code(url)


def evidence(finding: Finding) -> str:
    """Return a finding's evidence, AWS's words whole."""
    parts = ["**Evidence:**"]
    for item, text in distinct(finding.evidence):
        parts.append(f"Record {item.seq}, {prose(calendar_time(item.at))} UTC:")
        parts.append(quoted(text))
    return "\n\n".join(parts)


def _resources(course: Course) -> str:
    shown = telling(course)
    if not shown.resources:
        return ""
    rows = [_resource(row, first) for row in shown.resources if (first := first_action(row.intervals))]
    head = ["Resource", "Began", "Took", "How it went", "Type", "Stack"]
    return table(head, rows) + (f"\n\n{prose(shown.left_out)}." if shown.left_out else "")


def _resource(row: ResourceRow, first: Interval) -> list[str]:
    return [
        code(row.logical_id),
        prose(clock_time(first.started_at)),
        lasted(first.started_at, first.ended_at) if first.has_beginning else "",
        how_it_went(first),
        code(row.resource_type),
        code(short_name(row.stack)),
    ]


def how_it_went(item: Interval) -> str:
    """Return how an action on a resource ended, as Markdown."""
    words = {
        "done": "",
        "failed": " only because something else failed" if item.follows else "",
        "cancelled": " (cancelled)",
        "open": " (goes on)",
        "unsaid": " (its end was not said)",
    }
    return code(item.status) + words[item.result]


def _services(rows: Sequence[ServiceRow]) -> str:
    head = ["Service", "Cluster", "Tasks stopped", "Failed", "Deployments"]
    return table(head, [_service(row) for row in rows])


def _service(row: ServiceRow) -> list[str]:
    failed = sum(1 for task in row.tasks if task.has_failed)
    states = ", ".join(f"{item.id} {item.state}".strip() for item in row.deployments)
    return [code(row.name), code(row.cluster), str(len(row.tasks)), str(failed), code(states)]


def coverage(seen: Coverage) -> str:
    """Return what was not seen, as Markdown."""
    missing = missing_gaps(seen)
    lines = [f"- {prose(note)}" for note in seen.notes]
    if seen.complete:
        recovered = len(seen.gaps)
        verb = "was" if recovered == 1 else "were"
        made_up = f" {counted(recovered, 'interruption')} {verb} made up for." if recovered else ""
        said = f"Everything that was watched was seen.{made_up}"
        return "\n".join([said, "", *lines]) if lines else said
    lines += [f"- {prose(gap_in_words(gap))}" for gap in missing[:_GAPS_SHOWN]]
    if len(missing) > _GAPS_SHOWN:
        lines.append(f"- {len(missing) - _GAPS_SHOWN} more gaps")
    return "\n".join(lines)


def _attempts(attempts: Sequence[Attempt]) -> str:
    rows = [
        [
            str(item.number),
            code(attempt_name(item)),
            prose(item.outcome.replace("_", " ")),
            prose(span_of(item)),
        ]
        for item in attempts[:_ATTEMPTS_SHOWN]
    ]
    more = len(attempts) - _ATTEMPTS_SHOWN
    return table(["Number", "Attempt", "Outcome", "When"], rows) + (f"\n\n{more} more." if more > 0 else "")
