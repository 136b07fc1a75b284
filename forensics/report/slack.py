"""A diagnosis as one Slack message in Block Kit, for an incoming webhook.

Limits: https://docs.slack.dev/reference/block-kit/blocks. Texts stand in ``plain_text``, where Slack looks
for no mention, no link and no emphasis.
"""

from collections.abc import Iterator

from forensics.analysis.course import Course
from forensics.model.finding import Diagnosis, Finding
from forensics.model.inert import inert, inert_lines
from forensics.report.console import stack_address
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
from forensics.report.plain_json import as_json

BLOCKS = 50
HEADER_CHARACTERS = 150
TEXT_CHARACTERS = 3000
ADDRESS_CHARACTERS = 3000
_EVIDENCE_BLOCKS = 4
_OTHERS = 5
Block = dict[str, object]


def document(diagnosis: Diagnosis, course: Course, *, link: str | None = None) -> str:
    """Return the message as JSON: what happened, the cause, AWS's words, what to do.

    Args:
        diagnosis: What to say.
        course: Whose stacks can be linked to.
        link: An address of the job that asks, https; None for no button.
    """
    title = f"{outcome_of(diagnosis)} {heading_of(diagnosis)}".strip()
    blocks: list[Block] = [{"type": "header", "text": _plain(_cut(_line(title), HEADER_CHARACTERS))}]
    blocks += _facts(diagnosis)
    if diagnosis.findings:
        blocks += _cause(diagnosis.findings[0])
        blocks += _others(diagnosis.findings)
    blocks += _buttons(course, link)
    message = {"text": _fallback(diagnosis, title), "blocks": blocks[:BLOCKS]}
    return as_json(message)


def _facts(diagnosis: Diagnosis) -> Iterator[Block]:
    attempt = attempt_in_focus(diagnosis)
    parts = [span_of(attempt)] if attempt else []
    parts.append(f"coverage {coverage_in_words(diagnosis.coverage)}")
    yield {"type": "context", "elements": [_plain(_cut(_line("; ".join(parts)), TEXT_CHARACTERS))]}


def _cause(finding: Finding) -> Iterator[Block]:
    facts = [subject_of(finding), how_often(finding)]
    yield _section(
        "\n".join([f"{label_of(finding, 0)}: {finding.title}", finding.cause, *filter(None, facts)])
    )
    yield {"type": "divider"}
    yield from _evidence(finding.evidence[0].text)
    yield {"type": "divider"}
    if finding.remedy:
        yield _section(f"What to do: {finding.remedy}")


def _evidence(text: str) -> Iterator[Block]:
    """Yield AWS's words whole where they fit into a few blocks, else as much as fits, which is said."""
    whole = "\n".join(inert_lines(text))
    room = TEXT_CHARACTERS - 100
    chunks = [whole[start : start + room] for start in range(0, len(whole), room)]
    for chunk in chunks[:_EVIDENCE_BLOCKS]:
        yield {"type": "section", "text": _plain(chunk)}
    left = len(whole) - room * _EVIDENCE_BLOCKS
    if left > 0:
        yield _section(f"({left} more characters of these words stand in the archive)")


def _others(findings: tuple[Finding, ...]) -> Iterator[Block]:
    others = [f"{label_of(item, place)}: {item.title}" for place, item in enumerate(findings)][1:]
    if len(others) > _OTHERS:
        others = [*others[:_OTHERS], f"and {len(others) - _OTHERS} more"]
    if others:
        yield _section("\n".join(others))


def _buttons(course: Course, link: str | None) -> Iterator[Block]:
    stack = next((row.arn for row in course.stacks), "")
    buttons = [("Job", link), ("Stack in the AWS console", stack_address(stack))]
    elements = [
        {"type": "button", "text": _plain(text), "url": url}
        for text, url in buttons
        if url and len(url) <= ADDRESS_CHARACTERS
    ]
    if elements:
        yield {"type": "actions", "elements": elements}


def _section(text: str) -> Block:
    lines = "\n".join(inert_lines(text))
    return {"type": "section", "text": _plain(_cut(lines, TEXT_CHARACTERS))}


def _plain(text: str) -> dict[str, object]:
    # Slack refuses an empty text.
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _line(text: str) -> str:
    return inert(" ".join(text.split()))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _fallback(diagnosis: Diagnosis, title: str) -> str:
    """Return what notifications show; this text is read as Slack's own markup, so its signs are escaped."""
    cause = f": {diagnosis.findings[0].title}" if diagnosis.findings else ""
    text = _cut(_line(f"{title}{cause}"), TEXT_CHARACTERS)
    for raw, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, entity)
    return text
