"""A terminal of the tests' own that breaks lines anew when its size changes, as most terminals do."""

import codecs
import fcntl
import re
import struct
import termios
from unicodedata import east_asian_width

_PIECE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
_UNFINISHED = re.compile(r"\x1b(\[[?0-9;]*)?\Z")
_IGNORED = frozenset("mhl")
"""Colours, and showing or hiding the cursor."""


class Terminal:
    """What a person sees after the bytes that a process wrote.

    Args:
        width: Columns.
        height: Rows.
        gives_back: Whether a terminal that gets higher shows rows again that it had moved out.
    """

    def __init__(self, width: int, height: int, *, gives_back: bool = True) -> None:
        self._width, self._height, self._gives_back = width, height, gives_back
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._rest = ""
        """The beginning of a command of which the end has not come yet."""
        self._rows: list[list[str]] = [[]]
        self._goes_on: list[bool] = [False]
        """For each row whether the next one is the rest of it."""
        self._top = 0
        self._row = self._column = 0

    @property
    def screen(self) -> list[str]:
        """The rows that can be seen, without spaces at their ends, up to the last that holds something."""
        return _shown(self._rows[self._top :])

    @property
    def everything(self) -> list[str]:
        """The rows that can be seen or scrolled back to."""
        return _shown(self._rows)

    def feed(self, written: bytes) -> None:
        """Show what a process wrote; what this terminal does not know is an error."""
        text, at = self._rest + self._decode(written), 0
        unfinished = _UNFINISHED.search(text)
        self._rest = unfinished.group() if unfinished else ""
        text = text[: len(text) - len(self._rest)]
        while at < len(text):
            piece = _PIECE.match(text, at)
            assert piece is not None, f"not known: {text[at : at + 20]!r}"
            at = piece.end()
            parameters, command, moved, plain = piece.groups()
            if command is not None:
                self._obey(command, parameters)
            elif moved == "\r":
                self._column = 0
            elif moved == "\n":
                self._line_feed(goes_on=False)
            else:
                for character in plain:
                    self._put(character)

    def resize(self, width: int, height: int) -> None:
        """Change the size: lines are broken for the new width, and rows move out or come back at the top."""
        cursor, top = self._place_of(self._row, self._column), self._place_of(self._top, 0)
        lines, grown = self._lines(), height - self._height
        self._width, self._height = width, height
        self._rows, self._goes_on, starts = [], [], []
        for line in lines:
            starts.append(len(self._rows))
            self._rows += _broken(line, width)
            self._goes_on += [True] * (len(self._rows) - starts[-1] - 1) + [False]
        self._row, self._column = self._found(cursor, starts)
        self._top = max(self._row + 1 - height, self._found(top, starts)[0])
        if self._gives_back:
            self._top = max(0, self._top - max(0, grown), self._row + 1 - height)
        del self._rows[self._top + height :], self._goes_on[self._top + height :]

    def _place_of(self, row: int, column: int) -> tuple[int, int]:
        """Return the line that a row belongs to, and how many cells of it come before a column."""
        first = row
        while first and self._goes_on[first - 1]:
            first -= 1
        line = sum(not goes_on for goes_on in self._goes_on[:first])
        return line, sum(map(len, self._rows[first:row])) + column

    def _found(self, place: tuple[int, int], starts: list[int]) -> tuple[int, int]:
        """Return the row and column of a place in the lines as they are broken now."""
        line, cells = place
        row = starts[line]
        while self._goes_on[row] and cells >= len(self._rows[row]):
            cells -= len(self._rows[row])
            row += 1
        return row, min(cells, self._width)

    def _lines(self) -> list[list[str]]:
        """Return the lines as they were before they were broken."""
        lines: list[list[str]] = [[]]
        for row, goes_on in zip(self._rows, self._goes_on, strict=True):
            lines[-1] += row
            if not goes_on:
                lines.append([])
        return lines[:-1]

    def _obey(self, command: str, parameters: str) -> None:
        if command == "A":
            self._row = max(self._top, self._row - int(parameters or 1))
        elif command == "K" and parameters == "2":
            self._rows[self._row] = []
            # As in tmux, a row that was emptied is the rest of nothing.
            self._goes_on[max(0, self._row - 1)] = False
        else:
            assert command in _IGNORED, f"not known: {parameters}{command}"

    def _put(self, character: str) -> None:
        cells = 2 if east_asian_width(character) in "WF" else 1
        if self._column + cells > self._width:
            self._line_feed(goes_on=True)
            self._column = 0
        row = self._rows[self._row]
        row += [" "] * (self._column - len(row))
        row[self._column : self._column + cells] = [character] + [""] * (cells - 1)
        self._column += cells

    def _line_feed(self, *, goes_on: bool) -> None:
        self._goes_on[self._row] = goes_on
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append([])
            self._goes_on.append(False)
        self._top = max(self._top, self._row + 1 - self._height)


def set_size(fd: int, width: int, height: int) -> None:
    """Give a pseudo-terminal a size; whoever runs on it gets SIGWINCH."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def _broken(line: list[str], width: int) -> list[list[str]]:
    rows: list[list[str]] = [[]]
    for place, cell in enumerate(line):
        needed = 2 if line[place + 1 : place + 2] == [""] else 1
        if cell and len(rows[-1]) + needed > width:
            rows.append([])
        rows[-1].append(cell)
    return rows


def _shown(rows: list[list[str]]) -> list[str]:
    texts = ["".join(row).rstrip() for row in rows]
    while texts and not texts[-1]:
        texts.pop()
    return texts
