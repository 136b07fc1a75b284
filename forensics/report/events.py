"""Records as a table that cuts nothing, as JSON, or as the archive's own lines."""

from collections.abc import Iterator
from zlib import crc32

import msgspec

from forensics.analysis.notable import ERROR, INFO, WARNING, severity
from forensics.analysis.wording import Words, words
from forensics.model.record import Record
from forensics.report.ink import Ink
from forensics.report.wrap import pad, wrap

_TIME_WIDTH = 20
_STATE_WIDTH = 25
"""Room for ``STOPPED TaskFailedToStart`` and most of CloudFormation's statuses."""
_SEPARATOR = "  "
_STYLES = {ERROR: ("red",), WARNING: ("yellow",), INFO: ()}


class Table:
    """Rows under a heading: when, which state, what of which; AWS's own words below, wrapped.

    Args:
        ink: How wide and with which colour.
    """

    def __init__(self, ink: Ink) -> None:
        self._ink = ink
        room = ink.width - _TIME_WIDTH - 2 * len(_SEPARATOR)
        state = max(8, min(_STATE_WIDTH, room * 40 // 100))
        self._widths = (_TIME_WIDTH, state, max(8, room - state))

    def heading(self) -> str:
        """Return the heading's line."""
        cells = zip(("TIME", "STATE", "WHAT"), self._widths, strict=True)
        line = _SEPARATOR.join(pad(name, width) for name, width in cells).rstrip()
        return self._ink.paint(line, "bold")

    def row(self, record: Record) -> list[str]:
        """Return a record's lines."""
        said = words(record)
        styles = _STYLES.get(severity(record) or "", ("dim",)) if self._ink.has_colour else ()
        cells = [
            wrap(text, width)
            for text, width in zip(
                (_seconds(record.happened_at()), said.state, f"{said.where}  {said.what}"),
                self._widths,
                strict=True,
            )
        ]
        height = max(len(cell) for cell in cells)
        lines = []
        for place in range(height):
            parts = [
                pad(cell[place] if place < len(cell) else "", width)
                for cell, width in zip(cells, self._widths, strict=True)
            ]
            lines.append(_SEPARATOR.join(parts).rstrip())
        lines += self._reason(said)
        return [self._ink.paint(line, *styles) for line in lines]

    def _reason(self, said: Words) -> list[str]:
        if not said.reason:
            return []
        return wrap(said.reason, self._ink.width, indent=" " * 4)


def json_array(records: Iterator[Record]) -> Iterator[str]:
    """Yield the parts of one JSON array of records, a record at a time."""
    opened = False
    for record in records:
        yield ",\n" if opened else "[\n"
        opened = True
        yield msgspec.json.encode(_without_absent(record)).decode()
    yield "\n]\n" if opened else "[]\n"


def archive_line(record: Record) -> bytes:
    """Return the record as the line that stands in the archive, byte for byte, its line feed included."""
    body = msgspec.json.encode(_without_absent(record))[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, crc32(body))


_ORDER = (
    "specversion",
    "type",
    "source",
    "subject",
    "id",
    "time",
    "recordedtime",
    "seq",
    "prev",
    "run",
    "poll",
    "data",
)
"""The attributes in the order of docs/reference/archive-format.md."""


def _without_absent(record: Record) -> dict[str, object]:
    values = ((name, getattr(record, name)) for name in _ORDER)
    return {name: value for name, value in values if value is not None}


def _seconds(at: str) -> str:
    """Return a moment without its fraction where it is RFC 3339 in UTC, else as it is."""
    whole, point, fraction = at.partition(".")
    return f"{whole}Z" if point and fraction.endswith("Z") else at
