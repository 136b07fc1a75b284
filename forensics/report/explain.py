"""A diagnosis as a page for a person: the cause first, nothing cut."""

import re
from collections.abc import Iterator, Sequence

from forensics.analysis.course import Course
from forensics.model.finding import CONTEXT, Attempt, Coverage, Diagnosis, Evidence, Finding
from forensics.model.inert import inert
from forensics.report.count import counted
from forensics.report.ink import Ink
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
from forensics.report.waterfall import waterfall
from forensics.report.wrap import width_of, wrap

# As `shlex.quote` writes words: bare characters and quoted runs.
_SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_ATTEMPTS_SHOWN = 5
_GAPS_SHOWN = 10
_IMAGES_SHOWN = 3
_MARGIN = "  "
_COLOURS = {"failed": "red", "succeeded": "green", "could_not_look": "red"}


def page(diagnosis: Diagnosis, ink: Ink, course: Course | None = None) -> Iterator[str]:
    """Yield the page's lines, without line feeds.

    Args:
        diagnosis: What to say.
        ink: How to write it.
        course: What to draw of it; None for no drawing.
    """
    yield from _heading(diagnosis, ink)
    findings = list(enumerate(diagnosis.findings))
    yield from _findings([item for item in findings if item[1].role != CONTEXT], ink)
    drawing = list(waterfall(course, ink)) if course else []
    yield from ["", *drawing] if drawing else []
    yield from _findings([item for item in findings if item[1].role == CONTEXT], ink)
    yield ""
    yield from _attempts(diagnosis.attempts, ink)
    consequences = consequences_in_words(diagnosis)
    yield from wrap(consequences, ink.width) if consequences else []
    yield from _coverage(diagnosis.coverage, ink)
    if diagnosis.not_recorded:
        yield ink.paint("NOT RECORDED", "bold")
        for sentence in diagnosis.not_recorded:
            yield from wrap(sentence, ink.width, indent=_MARGIN * 2, first=_MARGIN)


def _heading(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    title = outcome_of(diagnosis)
    about = heading_of(diagnosis)
    first, *rest = wrap(f"{title}  {about}" if about else title, ink.width)
    colour = _COLOURS.get(diagnosis.outcome, "yellow")
    yield ink.paint(first[: len(title)], "bold", colour) + ink.paint(first[len(title) :], "bold")
    yield from rest
    attempt = attempt_in_focus(diagnosis)
    for text in (span_of(attempt) if attempt else "", meaning_of(diagnosis)):
        yield from wrap(text, ink.width) if text else []


def _findings(findings: Sequence[tuple[int, Finding]], ink: Ink) -> Iterator[str]:
    for place, finding in findings:
        yield ""
        yield from _finding(finding, place, ink)


def _finding(finding: Finding, place: int, ink: Ink) -> Iterator[str]:
    label = label_of(finding, place).upper()
    sure = f"{finding.confidence:.0%} sure"
    for line in wrap(f"{label}  {finding.title}", ink.width, indent=_MARGIN, first=""):
        yield ink.paint(line, "bold", "red" if place == 0 else "yellow")
    for line in wrap(f"{finding.category}, rule {finding.rule}, {sure}", ink.width, indent=_MARGIN):
        yield ink.paint(line, "dim")
    yield from _paragraph(finding.cause, ink)
    yield from _labelled("Where", subject_of(finding), ink)
    yield from _labelled("How often", how_often(finding), ink)
    yield from _labelled("Exit codes", ", ".join(map(str, finding.exit_codes)), ink)
    yield from _labelled("Images", _some(finding.images), ink)
    yield from _labelled("Why this", finding.why, ink)
    yield from _evidence(finding.evidence, ink)
    yield from _labelled("What to do", finding.remedy, ink)
    yield from _commands(finding.checks, ink)
    yield from _list("It could also be", finding.alternatives, ink)
    yield from _list("Not seen", finding.gaps, ink)
    yield from _address(finding.docs, ink)


def _some(images: Sequence[str]) -> str:
    """Return the first images; a deployment may have run many."""
    more = f" and {len(images) - _IMAGES_SHOWN} more" if len(images) > _IMAGES_SHOWN else ""
    return ", ".join(images[:_IMAGES_SHOWN]) + more


def _paragraph(text: str, ink: Ink) -> Iterator[str]:
    yield from wrap(text, ink.width, indent=_MARGIN)


def _labelled(label: str, text: str, ink: Ink) -> Iterator[str]:
    if not text:
        return
    head = f"{_MARGIN}{label}: "
    first, *rest = wrap(text, ink.width, indent=_MARGIN * 2, first=head)
    yield ink.paint(head, "cyan") + first[len(head) :]
    yield from rest


def _list(label: str, items: Sequence[str], ink: Ink) -> Iterator[str]:
    if not items:
        return
    yield ink.paint(f"{_MARGIN}{label}:", "cyan")
    for item in items:
        yield from wrap(item, ink.width, indent=_MARGIN * 3, first=f"{_MARGIN * 2}- ")


def _commands(commands: Sequence[str], ink: Ink) -> Iterator[str]:
    """Yield commands so that they can be pasted: a broken line ends as the shell wants it."""
    if not commands:
        return
    yield ink.paint(f"{_MARGIN}Check:", "cyan")
    for command in commands:
        *broken, last = _shell_lines(inert(command), ink.width - len(_MARGIN) * 3 - 2)
        for place, line in enumerate(broken):
            yield f"{_MARGIN * (3 if place else 2)}{line} \\"
        yield f"{_MARGIN * (3 if broken else 2)}{last}"


def _shell_lines(command: str, width: int) -> list[str]:
    """Return a command's words in lines; a word is never broken, whatever is quoted in it."""
    lines = [""]
    for word in _SHELL_WORD.findall(command):
        if lines[-1] and width_of(lines[-1]) + 1 + width_of(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _address(url: str, ink: Ink) -> Iterator[str]:
    """Yield an address whole: a broken one cannot be followed."""
    if url:
        yield ink.paint(f"{_MARGIN}Read:", "cyan")
        yield f"{_MARGIN * 2}{inert(url)}"


def _evidence(items: tuple[Evidence, ...], ink: Ink) -> Iterator[str]:
    yield ink.paint(f"{_MARGIN}Evidence:", "cyan")
    for item, text in distinct(items):
        yield ink.paint(f"{_MARGIN * 2}#{item.seq}  {inert(item.at)}", "dim")
        yield from wrap(text, ink.width, indent=_MARGIN * 3)


def _attempts(attempts: Sequence[Attempt], ink: Ink) -> Iterator[str]:
    if not attempts:
        return
    yield ink.paint("ATTEMPTS", "bold")
    for attempt in attempts[:_ATTEMPTS_SHOWN]:
        ended = attempt.ended_at or "now"
        span = f"{attempt.started_at} to {ended}"
        text = f"{attempt.number}. {attempt_name(attempt)}: {attempt.outcome.replace('_', ' ')}, {span}"
        yield from wrap(text, ink.width, indent=_MARGIN * 2, first=_MARGIN)
    if len(attempts) > _ATTEMPTS_SHOWN:
        yield f"{_MARGIN}{_ATTEMPTS_SHOWN} of {len(attempts)} shown; -o json has all"


def _coverage(coverage: Coverage, ink: Ink) -> Iterator[str]:
    missing = missing_gaps(coverage)
    shown = missing or coverage.gaps
    if coverage.complete:
        yield ink.paint("COVERAGE  complete", "bold", "green")
    else:
        yield ink.paint(f"COVERAGE  {coverage_in_words(coverage)}", "bold", "yellow")
    for note in coverage.notes:
        yield from wrap(note, ink.width, indent=_MARGIN * 2, first=_MARGIN)
    if shown and not missing:
        made_up_for = f"{counted(len(shown), 'interruption')}, each made up for:"
        yield from wrap(made_up_for, ink.width, indent=_MARGIN)
    for gap in shown[:_GAPS_SHOWN]:
        yield from wrap(gap_in_words(gap), ink.width, indent=_MARGIN * 2, first=_MARGIN)
    if len(shown) > _GAPS_SHOWN:
        yield f"{_MARGIN}{_GAPS_SHOWN} of {len(shown)} shown; -o json has all"
