"""A diagnosis in a few lines, for the end of a recording: what failed first, AWS's words, what to do."""

from collections.abc import Iterator

from forensics.model.finding import Diagnosis
from forensics.report.ink import Ink
from forensics.report.phrases import (
    attempt_in_focus,
    coverage_in_words,
    heading_of,
    how_often,
    label_of,
    outcome_of,
    span_of,
    subject_of,
)
from forensics.report.wrap import wrap

_MARGIN = "  "
_MOST_CHARACTERS = 2_000


def brief(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    """Yield the lines; none where the recording saw nothing to explain."""
    if diagnosis.outcome == "nothing_found":
        return
    colour = {"failed": "red", "succeeded": "green"}.get(diagnosis.outcome, "yellow")
    attempt = attempt_in_focus(diagnosis)
    title = outcome_of(diagnosis)
    about = ", ".join(filter(None, [heading_of(diagnosis), span_of(attempt) if attempt else ""]))
    first, *rest = wrap(f"{title}  {about}".rstrip(), ink.width, indent=_MARGIN, first="")
    yield ink.paint(first[: len(title)], "bold", colour) + first[len(title) :]
    yield from rest
    if diagnosis.findings and diagnosis.outcome != "succeeded":
        yield from _cause(diagnosis, ink)
    yield from wrap(f"COVERAGE  {coverage_in_words(diagnosis.coverage)}", ink.width)


def _cause(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    finding = diagnosis.findings[0]
    label = label_of(finding, 0).upper()
    for line in wrap(f"{label}  {finding.title}", ink.width, indent=_MARGIN, first=""):
        yield ink.paint(line, "bold", "red")
    words = finding.evidence[0].text
    if len(words) > _MOST_CHARACTERS:
        words = f"{words[:_MOST_CHARACTERS]} … ({len(words) - _MOST_CHARACTERS} more characters)"
    for text in (finding.cause, subject_of(finding), how_often(finding), f"AWS: {words}"):
        yield from wrap(text, ink.width, indent=_MARGIN) if text else []
    if finding.remedy:
        yield from wrap(f"What to do: {finding.remedy}", ink.width, indent=_MARGIN)
    others = len(diagnosis.findings) - 1
    if others:
        noun = "finding" if others == 1 else "findings"
        yield from wrap(f"{others} more {noun}; `forensics explain` has all", ink.width, indent=_MARGIN)
