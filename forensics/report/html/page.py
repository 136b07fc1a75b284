"""The report as one HTML file."""

from collections.abc import Callable, Iterable

import msgspec

from forensics import __version__
from forensics.analysis.blindness import outcome_of, reason_of
from forensics.analysis.course import Course
from forensics.analysis.timeline import Window
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import short_name, stream_name
from forensics.model.finding import CAUSE, Attempt, Diagnosis
from forensics.model.identity import parse_arn
from forensics.model.record import Record
from forensics.report.count import counted
from forensics.report.html.gantt import chart, nested_names
from forensics.report.html.lanes import lanes
from forensics.report.html.payloads import payloads
from forensics.report.html.provenance import SHOWN, provenance
from forensics.report.html.rendering import rendered
from forensics.report.html.scale import scale_of
from forensics.report.html.slowest import slowest
from forensics.report.html.streams import streams
from forensics.report.html.table import table
from forensics.report.moments import lasted

WHOLE_BYTES = 1_450_000
"""What a page is meant to stay under: a mail takes it, a telephone opens it."""
REST_BYTES = 60_000
"""About what a page takes without rows, payloads and charts."""
FINDINGS_SHOWN = 10
ATTEMPTS_SHOWN = 20
GAPS_SHOWN = 50


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The archive that a report is made from."""

    archive_id: str
    created: str
    """RFC 3339; "" where it is not known."""
    head: str
    """The head digest: it vouches for every record that was read."""
    verdict: str
    """What `verify` says of it."""


class Banner(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants to know first."""

    outcome: str
    word: str
    title: str
    meaning: str
    since: str
    until: str
    """"" while it goes on."""
    length: str
    place: str
    """Account and region."""
    coverage: str


_WORDS = {
    "failed": ("Failed", ""),
    "succeeded": ("Succeeded", "The attempt went well."),
    "in_progress": ("In progress", "The attempt has not ended."),
    "nothing_found": (
        "Nothing found",
        "Everything was read, and there is no operation, deployment or stopped task to explain.",
    ),
    "could_not_look": (
        "Could not look",
        "Nothing was found, but not everything could be read: this is no proof that all is well.",
    ),
}


def page(
    records: Callable[[], Iterable[Record]],
    diagnosis: Diagnosis,
    course: Course,
    *,
    attempt: Attempt | None,
    origin: Origin | None,
) -> str:
    """Return the page: the same text for the same records.

    Args:
        records: Gives all records in the order of their seq, each time it is called.
        diagnosis: What they come down to.
        course: What is drawn.
        attempt: The attempt that is drawn; None where no stack is known.
        origin: None where the records come from no archive.
    """
    evidence = frozenset(item.seq for finding in diagnosis.findings for item in finding.evidence)
    scale = scale_of([course.since, course.until])
    window = Window(since=course.since, until=course.until or None)
    rows = table(records(), evidence=evidence, window=window, names=nested_names(course.stacks))
    drawn = {
        "scale": scale,
        "attempt": attempt,
        "chart": chart(course.stacks, scale, _blamed(diagnosis)) if scale and course.stacks else None,
        "lanes": lanes(course.services, scale, _rollbacks(course)) if scale else (),
        "services_total": len(course.services),
        "slowest": slowest(course.stacks),
        "listed": frozenset(row.seq for row in rows.rows),
    }
    charts = rendered("charts.html.j2", **drawn)
    room_bytes = WHOLE_BYTES - len(charts.encode()) - rows.size_bytes - REST_BYTES
    return rendered(
        "report.html.j2",
        **drawn,
        charts=charts,
        version=__version__,
        banner=_banner(diagnosis, course, attempt),
        diagnosis=diagnosis,
        findings=diagnosis.findings[:FINDINGS_SHOWN],
        attempts=diagnosis.attempts[:ATTEMPTS_SHOWN],
        table=rows,
        payloads=payloads(rows.rows, room_bytes=room_bytes, evidence=evidence),
        streams=streams(records()),
        gaps=[
            (gap, stream_name(gap.stream), reason_of(gap), outcome_of(gap))
            for gap in sorted(diagnosis.coverage.gaps, key=lambda gap: not may_miss(gap))[:GAPS_SHOWN]
        ],
        origin=origin,
        provenance=provenance(records()),
        shown=SHOWN,
    )


def _rollbacks(course: Course) -> list[Window]:
    return [window for stack in course.stacks if stack.parent is None for window in stack.rollbacks]


def _blamed(diagnosis: Diagnosis) -> frozenset[int]:
    """Return the numbers of the records that causes rest on: facts beside a cause blame nothing."""
    causes = [finding for finding in diagnosis.findings if finding.role == CAUSE]
    return frozenset(item.seq for finding in causes for item in finding.evidence)


def _banner(diagnosis: Diagnosis, course: Course, drawn: Attempt | None) -> Banner:
    word, meaning = _WORDS.get(diagnosis.outcome, (diagnosis.outcome, ""))
    # An older failure is drawn where the newest attempt went well: the outcome is not that one's.
    attempt = drawn
    if drawn is None or drawn.outcome != diagnosis.outcome:
        attempt = next((item for item in diagnosis.attempts if item.outcome == diagnosis.outcome), drawn)
    since = attempt.started_at if attempt else course.since
    until = attempt.ended_at if attempt else course.until
    return Banner(
        outcome=diagnosis.outcome,
        word=word,
        title=_title(course, attempt),
        meaning=meaning,
        since=since,
        until=until or "",
        length=lasted(since, until),
        place=_place(course, attempt),
        coverage=_coverage(diagnosis),
    )


def _title(course: Course, attempt: Attempt | None) -> str:
    if attempt is not None:
        return f"{attempt.operation} {short_name(attempt.stack)}"
    names = [service.name for service in course.services]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more or "No operation"


def _place(course: Course, attempt: Attempt | None) -> str:
    arns = [attempt.stack] if attempt else [service.arn for service in course.services]
    places = {f"{arn.account} {arn.region}" for text in arns if (arn := parse_arn(text)) is not None}
    return ", ".join(sorted(places))


def _coverage(diagnosis: Diagnosis) -> str:
    coverage = diagnosis.coverage
    missing = [gap for gap in coverage.gaps if may_miss(gap)]
    recovered = len(coverage.gaps) - len(missing)
    made_up = f", {counted(recovered, 'interruption')} made up for" if recovered else ""
    if coverage.complete:
        return f"Complete{made_up}"
    return f"{counted(len(missing), 'gap')}{made_up}" if missing else f"Incomplete{made_up}"
