"""The course of an attempt as a chart for a terminal: a row a resource, time from left to right."""

from collections.abc import Iterator, Sequence

import msgspec

from forensics.analysis.course import Course
from forensics.analysis.resources import CANCELLED, DONE, FAILED, Interval, StackRow
from forensics.analysis.service_rows import ServiceRow
from forensics.analysis.timeline import Window
from forensics.analysis.watching import may_miss
from forensics.model.record import Gap
from forensics.report.ink import Ink
from forensics.report.moments import clock_time, duration_in_words, lasted, moment_of
from forensics.report.strip import BLOCKS, LETTERS, Axis, Glyphs, Strip
from forensics.report.telling import first_action, telling
from forensics.report.wrap import pad, width_of, wrap

_LONGEST_LABEL = 44
_SHORTEST_LABEL = 14
_DURATION = 10
_STEP = "  "
_DIGITS = 9


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the chart before it is drawn."""

    label: str
    depth: int
    length: str
    intervals: tuple[Interval, ...] = ()
    bands: tuple[Window, ...] = ()
    gaps: tuple[Gap, ...] = ()
    stops: tuple[str, ...] = ()
    """Moments at which tasks failed, which are counted in each column."""
    is_heading: bool = False


def waterfall(course: Course, ink: Ink) -> Iterator[str]:
    """Yield the chart's lines; nothing where there is no row, or no moment of one can be read."""
    since, until = moment_of(course.since), moment_of(course.until)
    if since is None or until is None:
        return
    rows, unseen = _rows(course)
    if not rows:
        return
    label = _label_width(rows, ink.width)
    axis = Axis(since=since, until=until, columns=max(8, ink.width - label - _DURATION - 3))
    glyphs = BLOCKS if ink.has_blocks else LETTERS
    drawn = [(row, _strip(row, axis, glyphs)) for row in rows]
    span = f"{clock_time(course.since)} to {clock_time(course.until)} UTC"
    column = duration_in_words((until - since) / axis.columns)
    title = f"RESOURCES  {span}, a column is {column}"
    for line in wrap(title, ink.width, indent=_STEP, first=""):
        yield ink.paint(line, "bold")
    for row, strip in drawn:
        yield from _lines(row, strip, label, ink)
    yield from wrap(unseen, ink.width, indent=_STEP) if unseen else []
    legend = _legend(glyphs, {glyph for _, strip in drawn for glyph in strip.glyphs()})
    for line in wrap(legend, ink.width, indent=_STEP):
        yield ink.paint(line, "dim")


def _rows(course: Course) -> tuple[list[_Row], str]:
    """Return the rows to draw, and a sentence about those that are not; "" where all are."""
    shown = telling(course)
    rows: list[_Row] = []
    for stack in course.stacks:
        mine = [item for item in stack.resources if (item.stack, item.logical_id) in shown.names]
        if mine or not stack.depth:
            rows.append(_stack(stack))
        rows += [
            _Row(
                label=item.logical_id,
                depth=stack.depth + 1,
                length=_length(item.intervals),
                intervals=item.intervals,
                bands=stack.rollbacks,
                gaps=stack.gaps,
            )
            for item in mine
        ]
    rows += [row for service in course.services if (row := _tasks(service)).stops]
    return rows, f"{shown.left_out}; `forensics report` draws them all" if shown.left_out else ""


def _stack(stack: StackRow) -> _Row:
    return _Row(
        label=stack.name, depth=stack.depth, length=_length(stack.own), intervals=stack.own,
        bands=stack.rollbacks, gaps=stack.gaps, is_heading=True,
    )  # fmt: skip


def _tasks(service: ServiceRow) -> _Row:
    failed = [task.stopped_at for task in service.tasks if task.has_failed]
    return _Row(
        label=f"tasks of {service.name}",
        depth=0,
        length=f"{len(failed)} failed",
        gaps=service.gaps,
        stops=tuple(failed),
    )


def _length(intervals: Sequence[Interval]) -> str:
    first = first_action(intervals)
    if first is None or not first.has_beginning:
        return ""
    return lasted(first.started_at, first.ended_at) if first.ended_at else "goes on"


def _label_width(rows: Sequence[_Row], width: int) -> int:
    widest = max((len(_STEP) * row.depth + width_of(row.label) for row in rows), default=0)
    return max(_SHORTEST_LABEL, min(widest, _LONGEST_LABEL, (width - _DURATION) // 2))


def _strip(row: _Row, axis: Axis, glyphs: Glyphs) -> Strip:
    strip = Strip(axis.columns)
    for band in row.bands:
        strip.fill(axis.columns_of(band.since, band.until), glyphs.band, "dim")
    marks: list[tuple[int | None, str]] = []
    for item in row.intervals:
        if item.has_beginning:
            strip.fill(axis.columns_of(item.started_at, item.ended_at), *_bar(item, glyphs))
        if item.result in {FAILED, CANCELLED}:
            glyph = glyphs.cancelled if item.result == CANCELLED else glyphs.failed
            marks.append((axis.column(item.ended_at or item.started_at), glyph))
    _fill_gaps(strip, row, axis, glyphs)
    for place, glyph in marks:
        if place is not None:
            strip.fill([place], glyph, "bold", "yellow" if glyph == glyphs.cancelled else "red")
    _count_stops(strip, row, axis)
    return strip


def _bar(item: Interval, glyphs: Glyphs) -> tuple[str, ...]:
    if item.is_undoing:
        return glyphs.undo, "dim"
    return glyphs.action, {FAILED: "red", DONE: "green"}.get(item.result, "yellow")


def _fill_gaps(strip: Strip, row: _Row, axis: Axis, glyphs: Glyphs) -> None:
    for gap in row.gaps:
        if may_miss(gap):
            columns = axis.columns_of(gap.since, gap.until)
            for glyph in (glyphs.action, glyphs.undo):
                strip.fill(columns, glyphs.unwatched, "yellow", over=glyph)
            for glyph in (glyphs.band, " "):
                strip.fill(columns, glyphs.gap, "yellow", over=glyph)


def _count_stops(strip: Strip, row: _Row, axis: Axis) -> None:
    columns = [place for at in row.stops if (place := axis.column(at)) is not None]
    for place in sorted(set(columns)):
        number = columns.count(place)
        strip.fill([place], str(number) if number <= _DIGITS else "+", "red")


def _lines(row: _Row, strip: Strip, width: int, ink: Ink) -> Iterator[str]:
    """Yield one row; a label that is too long goes on below, nothing of it is cut."""
    indent = _STEP * row.depth
    first, *rest = wrap(row.label, width, indent=indent)
    has_failed = any(item.result == FAILED and not item.follows for item in row.intervals) or row.stops
    styles = ("bold",) if row.is_heading else ("red",) if has_failed else ()
    yield (
        f"{_STEP}{ink.paint(pad(first, width), *styles)} {row.length:>{_DURATION - 1}} {strip.line(ink)}"
    ).rstrip()
    for line in rest:
        yield _STEP + ink.paint(line, *styles)


def _legend(glyphs: Glyphs, seen: set[str]) -> str:
    said = (
        (glyphs.action, "under way"),
        (glyphs.undo, "being undone"),
        (glyphs.failed, "failed"),
        (glyphs.cancelled, "cancelled"),
        (glyphs.band, "rollback"),
        (glyphs.gap, "not watched"),
        (glyphs.unwatched, "under way, not watched"),
    )
    parts = [f"{glyph} {words}" for glyph, words in said if glyph in seen]
    if seen & set("123456789+"):
        parts.append("digits: tasks that failed")
    return ", ".join(parts)
