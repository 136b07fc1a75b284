"""One row of a terminal's time chart: a strip of cells, each a stretch of time."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from forensics.report.ink import Ink
from forensics.report.moments import moment_of


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """The characters of a strip, each one cell wide."""

    action: str
    undo: str
    unwatched: str
    """Over an action that nobody watched."""
    band: str
    """While the stack was being undone."""
    gap: str
    failed: str
    cancelled: str


BLOCKS = Glyphs(action="█", undo="▒", unwatched="▚", band="·", gap="╱", failed="×", cancelled="~")
LETTERS = Glyphs(action="#", undo="=", unwatched="%", band=".", gap="/", failed="x", cancelled="~")
"""For a terminal that cannot show the others."""


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, laid out over columns."""

    since: datetime
    until: datetime
    """Not before `since`."""
    columns: int
    """At least 1."""

    def column(self, at: str) -> int | None:
        """Return the column of a moment, the nearest where it lies outside; None where it is unreadable."""
        moment = moment_of(at)
        return None if moment is None else self._column(moment)

    def _column(self, moment: datetime) -> int:
        length_s = (self.until - self.since).total_seconds()
        share = (moment - self.since).total_seconds() / length_s if length_s else 0.0
        return max(0, min(self.columns - 1, int(share * self.columns)))

    def columns_of(self, since: str, until: str | None) -> range:
        """Return the columns of a span, at least one; none where it lies outside or cannot be placed.

        Args:
            since: RFC 3339; "" for the axis's beginning.
            until: None for the axis's end.
        """
        begin = moment_of(since) if since else self.since
        end = moment_of(until) if until is not None else self.until
        if begin is None or end is None or end < self.since or begin > self.until:
            return range(0)
        return range(self._column(begin), self._column(end) + 1)


class Strip:
    """The cells of one row; what is painted later covers what was there."""

    def __init__(self, columns: int) -> None:
        self._cells: list[tuple[str, tuple[str, ...]]] = [(" ", ())] * columns

    def fill(self, columns: Sequence[int], glyph: str, *styles: str, over: str | None = None) -> None:
        """Paint cells with a glyph.

        Args:
            columns: Which cells.
            glyph: One cell wide.
            styles: Of `Ink.paint`.
            over: Only where this glyph is; None for everywhere.
        """
        for place in columns:
            if over is None or self._cells[place][0] == over:
                self._cells[place] = (glyph, styles)

    def glyphs(self) -> set[str]:
        """Return the glyphs that can be seen, for a legend."""
        return {glyph for glyph, _ in self._cells}

    def line(self, ink: Ink) -> str:
        """Return the row as text, without what is empty at its end."""
        cells = self._cells[: len("".join(glyph for glyph, _ in self._cells).rstrip())]
        return "".join(
            ink.paint("".join(glyph for glyph, _ in run), *styles)
            for styles, run in groupby(cells, key=lambda cell: cell[1])
        )
