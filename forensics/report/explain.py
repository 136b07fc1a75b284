"""A diagnosis as a page for a person: the cause first, nothing cut."""

import re
from collections.abc import Iterator, Sequence

from forensics.model.finding import Attempt, Coverage, Diagnosis, Evidence, Finding
from forensics.model.identity import parse_stack_arn
from forensics.model.inert import inert
from forensics.model.record import Gap
from forensics.report.ink import Ink
from forensics.report.wrap import width_of, wrap

# As `shlex.quote` writes words: bare characters and quoted runs.
_SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_ATTEMPTS_SHOWN = 5
_GAPS_SHOWN = 10
_MARGIN = "  "
_OUTCOMES = {
    "failed": ("FAILED", "red"),
    "succeeded": ("SUCCEEDED", "green"),
    "in_progress": ("IN PROGRESS", "yellow"),
    "nothing_found": ("NOTHING FOUND", "yellow"),
    "could_not_look": ("COULD NOT LOOK", "red"),
}
_LABELS = {"rollback": "ROLLBACK", "context": "CONTEXT"}
_MEANINGS = {
    "nothing_found": "The archive was read whole and holds no operation, deployment or stopped task "
    "to explain.",
    "could_not_look": "Nothing was found, but not everything could be read: this is no proof that "
    "all is well.",
    "succeeded": "The newest attempt went well.",
    "in_progress": "The newest attempt has not ended.",
}


def page(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    """Yield the page's lines, without line feeds."""
    yield from _heading(diagnosis, ink)
    for place, finding in enumerate(diagnosis.findings):
        yield ""
        yield from _finding(finding, place, ink)
    yield ""
    yield from _attempts(diagnosis.attempts, ink)
    yield from _consequences(diagnosis, ink)
    yield from _coverage(diagnosis.coverage, ink)


def _heading(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    title, colour = _OUTCOMES.get(diagnosis.outcome, (diagnosis.outcome.upper(), "yellow"))
    newest = diagnosis.attempts[0] if diagnosis.attempts else None
    about = f"  {_attempt_name(newest)}" if newest else ""
    first, *rest = wrap(f"{title}{about}", ink.width)
    yield ink.paint(first[: len(title)], "bold", colour) + ink.paint(first[len(title) :], "bold")
    yield from rest
    meaning = _MEANINGS.get(diagnosis.outcome)
    if meaning:
        yield from wrap(meaning, ink.width)
    if diagnosis.outcome == "succeeded" and diagnosis.findings:
        yield from wrap("Below: why an earlier one failed.", ink.width)


def _finding(finding: Finding, place: int, ink: Ink) -> Iterator[str]:
    label = _LABELS.get(finding.role) or ("CAUSE" if place == 0 else f"ALSO ({place + 1})")
    sure = f"{finding.confidence:.0%} sure"
    for line in wrap(f"{label}  {finding.title}", ink.width, indent=_MARGIN, first=""):
        yield ink.paint(line, "bold", "red" if place == 0 else "yellow")
    for line in wrap(f"{finding.category}, rule {finding.rule}, {sure}", ink.width, indent=_MARGIN):
        yield ink.paint(line, "dim")
    yield from _paragraph(finding.cause, ink)
    yield from _labelled("Where", _subject(finding), ink)
    yield from _labelled("How often", _times(finding), ink)
    yield from _labelled("Why this", finding.why, ink)
    yield from _evidence(finding.evidence, ink)
    yield from _labelled("What to do", finding.remedy, ink)
    yield from _commands(finding.checks, ink)
    yield from _list("It could also be", finding.alternatives, ink)
    yield from _list("Not seen", finding.gaps, ink)
    yield from _address(finding.docs, ink)


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


def _evidence(items: Sequence[Evidence], ink: Ink) -> Iterator[str]:
    yield ink.paint(f"{_MARGIN}Evidence:", "cyan")
    before = None
    for item in items:
        yield ink.paint(f"{_MARGIN * 2}#{item.seq}  {inert(item.at)}", "dim")
        text = "(the same words)" if item.text == before else item.text
        yield from wrap(text, ink.width, indent=_MARGIN * 3)
        before = item.text


def _times(finding: Finding) -> str:
    if finding.count <= 1:
        return ""
    # Of a service's evidence only the tasks are what was counted.
    counted = [item.at for item in finding.evidence if ":task/" in item.key] or [
        item.at for item in finding.evidence
    ]
    first, last = counted[0], counted[-1]
    what = "tasks stopped with the same reason" if finding.subject.task else "times"
    span = f" between {first} and {last}" if first != last else ""
    return f"{finding.count} {what}{span}"


def _subject(finding: Finding) -> str:
    subject = finding.subject
    parts = [
        f"{subject.logical_id} ({subject.resource_type})" if subject.resource_type else subject.logical_id,
        f"service {subject.service}" if subject.service else None,
        f"task {subject.task}" if subject.task else None,
        f"stack {_stack_name(subject.stack)}" if subject.stack else None,
    ]
    return ", ".join(part for part in parts if part)


def _stack_name(arn: str) -> str:
    identity = parse_stack_arn(arn)
    return identity.name if identity else arn


def _attempts(attempts: Sequence[Attempt], ink: Ink) -> Iterator[str]:
    if not attempts:
        return
    yield ink.paint("ATTEMPTS", "bold")
    for attempt in attempts[:_ATTEMPTS_SHOWN]:
        ended = attempt.ended_at or "now"
        span = f"{attempt.started_at} to {ended}"
        text = f"{attempt.number}. {_attempt_name(attempt)}: {attempt.outcome.replace('_', ' ')}, {span}"
        yield from wrap(text, ink.width, indent=_MARGIN * 2, first=_MARGIN)
    if len(attempts) > _ATTEMPTS_SHOWN:
        yield f"{_MARGIN}{_ATTEMPTS_SHOWN} of {len(attempts)} shown; -o json has all"


def _attempt_name(attempt: Attempt) -> str:
    return f"{attempt.operation} {_stack_name(attempt.stack)}"


def _consequences(diagnosis: Diagnosis, ink: Ink) -> Iterator[str]:
    count = diagnosis.consequences.count
    if count:
        noun = "failure" if count == 1 else "failures"
        text = f"{count} further {noun} only followed from the above."
        yield from wrap(text, ink.width)


def _coverage(coverage: Coverage, ink: Ink) -> Iterator[str]:
    missing = [gap for gap in coverage.gaps if gap.kind != "recovered"]
    if coverage.complete:
        recovered = len(coverage.gaps)
        yield ink.paint("COVERAGE  complete", "bold", "green")
        if recovered:
            yield from wrap(f"{recovered} interruptions, each made up for:", ink.width, indent=_MARGIN)
    else:
        word = f"has gaps: {len(missing)}" if missing else "incomplete"
        yield ink.paint(f"COVERAGE  {word}", "bold", "yellow")
        for note in coverage.notes:
            yield from wrap(note, ink.width, indent=_MARGIN * 2, first=_MARGIN)
    for gap in (missing or list(coverage.gaps))[:_GAPS_SHOWN]:
        yield from wrap(_gap(gap), ink.width, indent=_MARGIN * 2, first=_MARGIN)
    if len(missing) > _GAPS_SHOWN:
        yield f"{_MARGIN}{_GAPS_SHOWN} of {len(missing)} shown; -o json has all"


def _gap(gap: Gap) -> str:
    span = f"since {gap.since}" if gap.until is None else f"{gap.since} to {gap.until}"
    detail = f": {gap.detail}" if gap.detail else ""
    return f"{gap.stream}: {span}, {gap.reason}, {gap.kind}{detail}"
