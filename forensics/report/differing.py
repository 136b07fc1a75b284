"""Two attempts side by side, as lines for a terminal or as Markdown."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from forensics.analysis.difference import Difference, ResourceChange, ResourceEnd, ServiceChange, ServiceEnd
from forensics.model.finding import Attempt
from forensics.report.ink import Ink
from forensics.report.marked import code, prose, table
from forensics.report.moments import duration_in_words
from forensics.report.phrases import attempt_name, span_of
from forensics.report.wrap import wrap

_SHOWN = 20
_MARGIN = "  "
_NOTHING = "Nothing sets them apart that was recorded."


def lines(difference: Difference, ink: Ink) -> Iterator[str]:
    """Yield the lines of a page for a terminal."""
    for label, attempt, colour in (
        ("FAILED", difference.failed, "red"),
        ("  GOOD", difference.good, "green"),
    ):
        first, *rest = wrap(f"{label}  {_attempt(attempt)}", ink.width, indent=_MARGIN * 4, first="")
        yield ink.paint(first[: len(label)], "bold", colour) + first[len(label) :]
        yield from rest
    parts = [part for part in _parts(difference) if part[1]]
    for title, items in parts:
        yield ""
        yield ink.paint(title.upper(), "bold")
        for head, text in _cut(items):
            yield from wrap(head, ink.width, indent=_MARGIN * 2, first=_MARGIN)
            yield from wrap(text, ink.width, indent=_MARGIN * 2) if text else []
    if not parts:
        yield from ["", _NOTHING]


def document(difference: Difference) -> str:
    """Return the comparison as Markdown."""
    rows = [
        ["Failed", prose(_attempt(difference.failed))],
        ["Good", prose(_attempt(difference.good))],
    ]
    parts = [f"## What sets them apart\n\n{table(['', 'Attempt'], rows)}"]
    for title, items in _parts(difference):
        if items:
            listed = "\n".join(_item(head, text) for head, text in _cut(items))
            parts.append(f"### {title}\n\n{listed}")
    if len(parts) == 1:
        parts.append(_NOTHING)
    return "\n\n".join(parts) + "\n"


def _item(head: str, text: str) -> str:
    said = f": {code(text)}" if text else ""
    return f"- {prose(head)}{said}"


def _cut(items: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    left = len(items) - _SHOWN
    return [*items[:_SHOWN], *([(f"and {left} more; -o json has all", "")] if left > 0 else [])]


def _parts(difference: Difference) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each part's title with its lines, each a head and AWS's words below it."""
    return [
        ("What failed", [_failure(item) for item in difference.failures]),
        ("What took longer", [(_slower(item), "") for item in difference.slower]),
        ("Touched by the failed one alone", [(_alone(item, item.failed), "") for item in difference.new]),
        ("Touched by the good one alone", [(_alone(item, item.good), "") for item in difference.missing]),
        ("Services", [line for item in difference.services for line in _service(item)]),
    ]


def _attempt(attempt: Attempt | None) -> str:
    if attempt is None:
        return "services without a stack"
    return (
        f"{attempt.number}. {attempt_name(attempt)}: {attempt.outcome.replace('_', ' ')}, {span_of(attempt)}"
    )


def _name(item: ResourceChange) -> str:
    return f"{item.path} ({item.resource_type})" if item.resource_type else item.path


def _failure(item: ResourceChange) -> tuple[str, str]:
    now = item.failed
    if now is None:
        return _name(item), ""
    then = f"; {_ended(item.good)} in the good one" if item.good else "; untouched by the good one"
    return f"{_name(item)}: {_ended(now)}{then}", now.reason


def _slower(item: ResourceChange) -> str:
    now, then = item.failed, item.good
    ended = f" ({now.status})" if now and then and now.status != then.status else ""
    return f"{_name(item)}: {_length(now)}{ended} instead of {_length(then)}"


def _alone(item: ResourceChange, end: ResourceEnd | None) -> str:
    return f"{_name(item)}: {_ended(end)}"


def _ended(end: ResourceEnd | None) -> str:
    if end is None:
        return ""
    return f"{end.status} after {_length(end)}" if end.seconds is not None else end.status


def _length(end: ResourceEnd | None) -> str:
    if end is None or end.seconds is None:
        return "an unknown time"
    return duration_in_words(timedelta(seconds=max(0.0, end.seconds)))


_FACTS: Sequence[tuple[str, Callable[[ServiceEnd], str]]] = (
    ("images", lambda end: ", ".join(end.images)),
    ("task definitions", lambda end: ", ".join(end.task_definitions)),
    ("desired tasks", lambda end: "" if end.desired is None else str(end.desired)),
    ("most running tasks", lambda end: "" if end.most_running is None else str(end.most_running)),
    ("failed tasks", lambda end: str(end.failed_tasks)),
    ("exit codes", lambda end: ", ".join(map(str, end.exit_codes))),
)


def _service(item: ServiceChange) -> Iterator[tuple[str, str]]:
    if item.failed is None or item.good is None:
        yield f"{item.name}: only in the {'good' if item.failed is None else 'failed'} one", ""
        return
    for name, fact in _FACTS:
        now, then = fact(item.failed), fact(item.good)
        if now != then:
            yield f"{item.name}, {name}: {now or 'none known'} instead of {then or 'none known'}", ""
