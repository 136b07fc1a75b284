"""The coverage of an archive for a person: a bar over time for each stream, then every gap."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from forensics.analysis.coverage_statement import (
    GapStatement,
    IntervalStatement,
    Share,
    Statement,
    StreamStatement,
)
from forensics.model.clock import from_rfc3339
from forensics.model.inert import inert
from forensics.model.times import format_duration
from forensics.report.count import counted
from forensics.report.coverage_gaps import SECTIONS, grouped, line_of, summary_of
from forensics.report.ink import WIDEST, Ink
from forensics.report.strip import Axis, Strip
from forensics.report.wrap import pad, wrap

BARS_SHOWN = 40
"""More streams than this are shown only where something of them is missing, unless all are asked for."""
GAPS_SHOWN = 20
"""More gaps of a kind than this are only counted, unless all are asked for."""
_SHARE_WIDTH = 7
_MARGIN = "  "
_WIDEST_BAR = 48
_PLAIN = Ink(width=WIDEST, has_colour=False)
# The gravest first: what lasted a second must show in a bar of a month.
_CELLS = {
    "lost": ("X", "X", "red", "lost for ever"),
    "unknown": ("?", "?", "yellow", "may be missing"),
    "open": ("!", "!", "yellow", "not seen yet"),
    "recovered": ("▒", "~", "cyan", "read afterwards"),
    "polled": ("█", "#", "green", "polled"),
    "vouched": ("▓", "=", "green", "vouched for by the survey"),
}


def page(
    statement: Statement, ink: Ink, *, shows_all: bool = False, is_unicode: bool = True
) -> Iterator[str]:
    """Yield the page's lines for a terminal, without line feeds.

    Args:
        statement: What to show.
        ink: How wide and with which colour.
        shows_all: A bar for each stream and a sentence for each gap, however many there are.
        is_unicode: The terminal can show block characters.
    """
    yield from _heading(statement, ink)
    yield ""
    yield from _bars(statement, ink, shows_all=shows_all, is_unicode=is_unicode)
    every = [gap for stream in statement.streams for gap in stream.gaps]
    for kind in SECTIONS:
        gaps = [gap for gap in every if gap.kind == kind]
        if gaps:
            yield ""
            yield from _section(kind, gaps, ink, shows_all=shows_all)


def lines(statement: Statement) -> Iterator[str]:
    """Yield the statement for a program: a stream a line, a gap a line, nothing broken or left out."""
    yield verdict(statement)
    for note in notes(statement):
        yield _one_line(note)
    for stream in statement.streams:
        when = f"{stream.since} to {stream.until}" if stream.until else f"since {stream.since}"
        said = (f"{percent(stream.coverage):>6}", when, stream.name + _remark(stream))
        yield _MARGIN.join(("stream", *map(_one_line, said)))
    for stream in statement.streams:
        for gap in stream.gaps:
            said = (f"{gap.kind:<9}", f"{gap.sentence}.", gap.detail)
            yield _MARGIN.join(("gap   ", *(_one_line(text) for text in said if text)))


def percent(share: Share) -> str:
    """Return a share as text; 100% only where nothing at all is missing."""
    if share.share is None:
        return "-"
    if not share.missing_s:
        return "100%"
    return f"{min(99.9, int(share.share * 1000) / 10):.1f}%"


def verdict(statement: Statement) -> str:
    """Return one sentence about everything."""
    share, gaps = statement.coverage, statement.coverage.gaps
    if not statement.streams:
        return "no stream was watched"
    if share.share is None:
        return "nothing was ever read"
    said = f"{percent(share)} of the watched time was seen"
    if gaps["lost"]:
        return f"{said}, and something is lost for ever"
    if gaps["unknown"] or gaps["open"]:
        return f"{said}, and something may be missing"
    return f"{said}; every interruption was made up for" if gaps["recovered"] else f"{said}, without a gap"


def _heading(statement: Statement, ink: Ink) -> Iterator[str]:
    gaps = statement.coverage.gaps
    colour = "red" if gaps["lost"] else "yellow" if gaps["unknown"] or gaps["open"] else "green"
    first, *rest = wrap(f"COVERAGE  {verdict(statement)}", ink.width)
    yield ink.paint(first, "bold", colour)
    yield from rest
    for note in notes(statement):
        yield from wrap(note, ink.width, indent=_MARGIN)


def notes(statement: Statement) -> Iterator[str]:
    """Yield what qualifies the verdict: how long, how many runs, which were killed, a clock that was set."""
    if statement.since and statement.until:
        length = from_rfc3339(statement.until) - from_rfc3339(statement.since)
        lasted = format_duration(max(length, timedelta(0)))
        streams, runs = counted(len(statement.streams), "stream"), counted(len(statement.runs), "run")
        yield f"{streams} from {statement.since} to {statement.until} ({lasted}), {runs}"
    silent = [run for run in statement.runs[:-1] if run.ended_at is None]
    if silent:
        yield (
            f"{counted(len(silent), 'run')} ended without saying so, the last of them after "
            f"{silent[-1].last_at}"
        )
    for step in statement.clock_steps:
        yield f"the clock was set from {step.before} to {step.after}: times before and after do not compare"
    yield from statement.notes


def _section(kind: str, gaps: Sequence[GapStatement], ink: Ink, *, shows_all: bool) -> Iterator[str]:
    """Yield the gaps of one kind under their heading."""
    title, colour = SECTIONS[kind]
    first, *rest = wrap(f"{title}  {summary_of(gaps)}", ink.width)
    yield ink.paint(first, "bold", colour)
    yield from rest
    groups = grouped(gaps)
    shown = groups if shows_all else groups[:GAPS_SHOWN]
    for group in shown:
        yield from wrap(line_of(group), ink.width, indent=_MARGIN * 2, first=_MARGIN)
    left = sum(len(group.gaps) for group in groups[len(shown) :])
    if left:
        yield f"{_MARGIN}{left:,} more; --all shows them"


def _bars(statement: Statement, ink: Ink, *, shows_all: bool, is_unicode: bool) -> Iterator[str]:
    shown = _worth_a_bar(statement.streams, shows_all=shows_all)
    width = max(10, min(_WIDEST_BAR, (ink.width - _SHARE_WIDTH - 2 * len(_MARGIN)) // 2))
    axis = axis_of(shown, width)
    if axis is None:
        return
    head = " " * _SHARE_WIDTH + _MARGIN
    yield ink.paint(f"{head}{_ends(axis, width)}", "dim")
    indent = " " * (_SHARE_WIDTH + width + 2 * len(_MARGIN))
    for stream in shown:
        first, *rest = wrap(stream.name + _remark(stream), ink.width, indent=indent)
        styles = ("bold",) if stream.coverage.missing_s else ()
        share = ink.paint(f"{percent(stream.coverage):>{_SHARE_WIDTH}}", *styles)
        drawn = bar(stream.intervals, axis, is_unicode=is_unicode)
        blank = " " * (width - len(drawn.line(_PLAIN)))
        yield f"{share}{_MARGIN}{drawn.line(ink)}{blank}{_MARGIN}{first[len(indent) :]}"
        yield from rest
    yield from _legend(shown, ink, is_unicode=is_unicode)
    left = len(statement.streams) - len(shown)
    if left:
        yield f"{head}{counted(left, 'stream')} of which nothing is missing; --all shows them"


def _ends(axis: Axis, width: int) -> str:
    """Return both ends of an axis, as exactly as there is room for, with the day where there are several."""
    is_long = axis.until - axis.since >= timedelta(days=1)
    since, until = "", ""
    for form in ("%m-%d %H:%M", "%m-%d") if is_long else ("%H:%M:%S", "%H:%M"):
        since, until = (moment.strftime(form) for moment in (axis.since, axis.until))
        if len(since) + len(until) < width:
            break
    return f"{pad(since, width - len(until))}{until}"


def _worth_a_bar(streams: tuple[StreamStatement, ...], *, shows_all: bool) -> list[StreamStatement]:
    if shows_all or len(streams) <= BARS_SHOWN:
        return list(streams)
    return [stream for stream in streams if stream.coverage.missing_s or stream.refusal]


def axis_of(streams: Iterable[StreamStatement], columns: int) -> Axis | None:
    """Return the axis from the first to the last interval of all streams; None where there is none."""
    intervals = [interval for stream in streams for interval in stream.intervals]
    if not intervals:
        return None
    since = min(from_rfc3339(interval.since) for interval in intervals)
    until = max(from_rfc3339(interval.until) for interval in intervals)
    return Axis(since=since, until=until, columns=columns)


def bar(intervals: Iterable[IntervalStatement], axis: Axis, *, is_unicode: bool = True) -> Strip:
    """Return a stream's strip; where several things are said of a cell, the gravest shows."""
    strip = Strip(axis.columns)
    spans = [(interval.how, axis.columns_of(interval.since, interval.until)) for interval in intervals]
    for how, cell in reversed(_CELLS.items()):
        for columns in (columns for of, columns in spans if of == how):
            strip.fill(columns, _sign(how, is_unicode), cell[2])
    return strip


def _legend(shown: Iterable[StreamStatement], ink: Ink, *, is_unicode: bool) -> Iterator[str]:
    used = {interval.how for stream in shown for interval in stream.intervals}
    said = [f"{_sign(how, is_unicode)} {cell[3]}" for how, cell in _CELLS.items() if how in used]
    head = " " * _SHARE_WIDTH + _MARGIN
    for line in wrap("   ".join(reversed(said)), ink.width, indent=head):
        yield ink.paint(line, "dim")


def _sign(how: str, is_unicode: bool) -> str:
    return _CELLS[how][0 if is_unicode else 1]


def _remark(stream: StreamStatement) -> str:
    if stream.refusal:
        return f" ({stream.refusal} is refused)"
    return "" if stream.until else " (never read)"


def _one_line(text: str) -> str:
    return inert(" ".join(text.split("\n")))
