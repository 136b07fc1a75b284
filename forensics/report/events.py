"""Records as a table that cuts nothing, as lines, as JSON, or as the archive's own lines."""

from collections.abc import Iterator
from zlib import crc32

import msgspec

from forensics.analysis.notable import ERROR, INFO, WARNING, severity
from forensics.analysis.wording import words
from forensics.model.inert import inert
from forensics.model.record import Record
from forensics.report.ink import Ink
from forensics.report.wrap import pad, width_of, wrap

_TIME_WIDTH = 20
_STATE_WIDTH = 25
"""Room for ``STOPPED TaskFailedToStart`` and most of CloudFormation's statuses."""
_NARROW_STATE_WIDTH = 18
"""Room for ``CREATE_IN_PROGRESS``: leaves a task's id its place in 80 columns."""
_ROOMY = 100
"""Columns from which on the state gets its full width."""
_SEPARATOR = "  "
_INDENT = " " * 4
_STYLES = {ERROR: ("red",), WARNING: ("yellow",), INFO: ()}


class Table:
    """Rows for a person: when, which state, what; where and of which type; AWS's own words below, wrapped.

    What does not fit beside the rest gets a line of its own; a name is broken only where it is longer than
    a line.

    Args:
        ink: How wide and with which colour.
    """

    def __init__(self, ink: Ink) -> None:
        self._ink = ink
        self._state_width = _STATE_WIDTH if ink.width >= _ROOMY else _NARROW_STATE_WIDTH

    def heading(self) -> str:
        """Return the heading's line."""
        return self._ink.paint(_joined("TIME", pad("STATE", self._state_width), "WHAT"), "bold")

    def row(self, record: Record) -> list[str]:
        """Return a record's lines."""
        said = words(record)
        styles = _STYLES.get(severity(record) or "", ("dim",)) if self._ink.has_colour else ()
        state, rest = self._state(said.state)
        lines = _Flow(self._ink)
        lines.begin(_joined(_seconds(record.happened_at()), pad(state, self._state_width)), styles)
        lines.add(inert(said.what or said.where), styles)
        details = (rest, said.kind, said.where if said.what else "")
        lines.add(_SEPARATOR.join(inert(part) for part in details if part), ("dim",))
        if said.reason:
            lines.below(said.reason, styles)
        return lines.done()

    def _state(self, state: str) -> tuple[str, str]:
        """Return what stands in the column, inert, and the rest of a state of two words that is too long."""
        if width_of(inert(state)) <= self._state_width:
            return inert(state), ""
        first, _, rest = state.partition(" ")
        return inert(first), rest


class Lines:
    """Rows for a program: a record a line, nothing broken, so that grep finds the whole of it."""

    def heading(self) -> str:
        """Return the heading's line."""
        return _joined("TIME", pad("STATE", _STATE_WIDTH), "WHAT")

    def row(self, record: Record) -> list[str]:
        """Return a record's line; runs of white space in it become one space."""
        said = words(record)
        rest = said._replace(state="").line()
        state = pad(inert(said.state), _STATE_WIDTH)
        return [_joined(_seconds(record.happened_at()), state, inert(rest))]


class _Flow:
    """Puts texts one beside the other as long as they fit, else on lines of their own."""

    def __init__(self, ink: Ink) -> None:
        self._ink = ink
        self._done: list[str] = []
        self._line = ""
        self._painted = ""

    def begin(self, text: str, styles: tuple[str, ...]) -> None:
        """Begin with columns, whose padding counts; wider ones than the page are broken."""
        *whole, last = wrap(text, self._ink.width) if width_of(text) > self._ink.width else [text]
        self._done += [self._ink.paint(line, *styles) for line in whole]
        self._line, self._painted = last, self._ink.paint(last, *styles)

    def add(self, text: str, styles: tuple[str, ...]) -> None:
        """Add a text that is inert already."""
        if not text:
            return
        if width_of(self._line) + len(_SEPARATOR) + width_of(text) <= self._ink.width:
            self._line += _SEPARATOR + text
            self._painted += _SEPARATOR + self._ink.paint(text, *styles)
        else:
            self.below(text, styles)

    def below(self, text: str, styles: tuple[str, ...]) -> None:
        """Add a text on lines of its own."""
        self._end()
        *whole, last = wrap(text, self._ink.width, indent=_INDENT)
        self._done += [self._ink.paint(line, *styles) for line in whole]
        self._line, self._painted = last, self._ink.paint(last, *styles)

    def done(self) -> list[str]:
        """Return the lines."""
        self._end()
        return self._done

    def _end(self) -> None:
        self._done.append(self._painted if self._ink.has_colour else self._line.rstrip())


def _joined(time: str, *cells: str) -> str:
    return _SEPARATOR.join([pad(inert(time), _TIME_WIDTH), *cells])


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
