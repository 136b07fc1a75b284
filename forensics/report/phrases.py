"""What every format says of a diagnosis, in the same words.

The texts are raw: whoever prints them makes them inert.
"""

from forensics.analysis.blindness import sentence_of
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import short_name
from forensics.model.finding import CAUSE, ROLLBACK, Attempt, Coverage, Diagnosis, Evidence, Finding
from forensics.model.record import Gap
from forensics.report.count import counted
from forensics.report.moments import calendar_time, clock_time, lasted

_OUTCOMES = {
    "failed": "FAILED",
    "succeeded": "SUCCEEDED",
    "in_progress": "IN PROGRESS",
    "nothing_found": "NOTHING FOUND",
    "could_not_look": "COULD NOT LOOK",
}
_MEANINGS = {
    "nothing_found": "The archive was read whole and holds no operation, deployment or stopped task "
    "to explain.",
    "could_not_look": "Nothing was found, but not everything could be read: this is no proof that "
    "all is well.",
    "succeeded": "The newest attempt went well.",
    "in_progress": "The newest attempt has not ended.",
}


def outcome_of(diagnosis: Diagnosis) -> str:
    """Return the outcome in capitals."""
    return _OUTCOMES.get(diagnosis.outcome, diagnosis.outcome.upper())


def meaning_of(diagnosis: Diagnosis) -> str:
    """Return what the outcome means, one or two sentences; "" where it speaks for itself."""
    said = _MEANINGS.get(diagnosis.outcome, "")
    if diagnosis.outcome == "succeeded" and diagnosis.findings:
        return f"{said} Below: why an earlier one failed."
    return said


def attempt_in_focus(diagnosis: Diagnosis) -> Attempt | None:
    """Return the attempt that the first finding explains, else the first listed; None where none is known."""
    number = diagnosis.findings[0].attempt if diagnosis.findings else None
    known = [item for item in diagnosis.attempts if item.number == number] or list(diagnosis.attempts)
    # A finding about a service that no stack failed over is about no attempt.
    return None if diagnosis.findings and number is None else next(iter(known), None)


def attempt_name(attempt: Attempt) -> str:
    """Return what was asked of which stack."""
    return f"{attempt.operation} {short_name(attempt.stack)}"


def heading_of(diagnosis: Diagnosis) -> str:
    """Return what the whole diagnosis is about; "" where nothing was found."""
    attempt = attempt_in_focus(diagnosis)
    if attempt is not None:
        return attempt_name(attempt)
    if not diagnosis.findings:
        return ""
    first = diagnosis.findings[0]
    # One task of many is no name for what happened to a service.
    return f"service {first.subject.service}" if first.subject.service else subject_of(first)


def span_of(attempt: Attempt) -> str:
    """Return how long an attempt took and when: ``27m12s, 2026-01-15 02:16:07 to 02:43:19 UTC``."""
    began = calendar_time(attempt.started_at)
    if attempt.ended_at is None:
        return f"since {began} UTC, not ended"
    ended = calendar_time(attempt.ended_at)
    same_day = began[:10] == ended[:10]
    length = lasted(attempt.started_at, attempt.ended_at)
    until = clock_time(attempt.ended_at) if same_day else ended
    return f"{length}, {began} to {until} UTC" if length else f"{began} to {until} UTC"


def label_of(finding: Finding, place: int) -> str:
    """Return what a finding is: the cause, one more, or something beside it.

    Args:
        finding: The finding.
        place: Its place in the diagnosis, from 0 on.
    """
    if finding.role == CAUSE:
        return "Cause" if place == 0 else f"Also ({place + 1})"
    return "Rollback" if finding.role == ROLLBACK else "Context"


def subject_of(finding: Finding) -> str:
    """Return what a finding is about, from the smallest to the largest."""
    subject = finding.subject
    parts = [
        f"{subject.logical_id} ({subject.resource_type})" if subject.resource_type else subject.logical_id,
        f"service {subject.service}" if subject.service else None,
        f"task {subject.task}" if subject.task else None,
        f"stack {short_name(subject.stack)}" if subject.stack else None,
    ]
    return ", ".join(part for part in parts if part)


def how_often(finding: Finding) -> str:
    """Return how many times a thing was seen and when; "" for once."""
    if finding.count <= 1:
        return ""
    # Of a service's evidence only the tasks are what was counted.
    counted_at = [item.at for item in finding.evidence if ":task/" in item.key] or [
        item.at for item in finding.evidence
    ]
    first, last = finding.first_at or counted_at[0], finding.last_at or counted_at[-1]
    what = "tasks stopped with the same reason" if finding.subject.task else "times"
    span = f" between {first} and {last}" if first != last else ""
    return f"{finding.count} {what}{span}"


def consequences_in_words(diagnosis: Diagnosis) -> str:
    """Return how many failures only followed; "" where none did."""
    count = diagnosis.consequences.count
    return f"{counted(count, 'further failure')} only followed from the above." if count else ""


def missing_gaps(coverage: Coverage) -> list[Gap]:
    """Return the gaps because of which something is or may be missing."""
    return [gap for gap in coverage.gaps if may_miss(gap)]


def coverage_in_words(coverage: Coverage) -> str:
    """Return whether everything was seen, in a few words."""
    if coverage.complete:
        return "complete"
    missing = len(missing_gaps(coverage))
    return f"has gaps: {missing}" if missing else "incomplete"


def gap_in_words(gap: Gap) -> str:
    """Return one gap: where, from when to when, why, what became of it, and what AWS said."""
    return f"{sentence_of(gap)}. {gap.detail}".rstrip()


def distinct(evidence: tuple[Evidence, ...]) -> list[tuple[Evidence, str]]:
    """Return evidence with its words; words that were said before are named by where they stand."""
    first: dict[str, int] = {}
    said = []
    for item in evidence:
        place = first.setdefault(item.text, item.seq)
        said.append((item, item.text if place == item.seq else f"(the same words as #{place})"))
    return said
