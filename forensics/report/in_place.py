"""Lines on a terminal that are drawn again in the same place, whatever size it has by then."""

import os
import threading
from collections.abc import Sequence
from typing import TextIO

from rich.cells import get_character_cell_size
from rich.console import Console, ConsoleRenderable
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

_MOST_GONE = 500
"""Lines above the top of the screen that are remembered: more than a terminal has rows."""


class InPlace(Live):
    """Draws lines over those that it drew last; what is printed meanwhile goes above them.

    A terminal that gets narrower breaks the lines that stand on it into more rows, and one that gets lower
    moves rows out at its top, to bring them back when it grows. So the rows to draw over are not the lines
    that were drawn: they are counted anew for the size of the moment.

    Args:
        console: Writes to the terminal.
        stream: The terminal itself, which is asked for its size.
    """

    def __init__(self, console: Console, stream: TextIO) -> None:
        super().__init__(console=console, auto_refresh=False, transient=True)
        self._stream = stream
        self._lines: Sequence[Text] = ()
        self._guard = threading.RLock()
        self._drawn: list[str] = []
        self._gone: list[str] = []
        self._height = 0

    def show(self, lines: Sequence[Text]) -> None:
        """Draw lines in place of the former ones; what does not fit is cut."""
        self._lines = lines
        self.refresh()

    def measure(self) -> tuple[int, int]:
        """Return the terminal's columns and rows as they are now."""
        try:
            # rich would ask whichever of the standard streams is a terminal, and believe COLUMNS first.
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        if columns and rows:
            self.console.size = (columns, rows)
        return self.console.size

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Put what is printed between the erasing of the old lines and the drawing of the new ones."""
        if not self.console.is_interactive:
            return renderables
        with self._guard:
            width, height = self.measure()
            erasing = self._erasing(width, height)
            if not all(isinstance(part, Control) for part in renderables):
                # What is printed stands between the lines and what has left the screen before.
                self._gone.clear()
            lines = [_fitted(line, width) for line in self._lines[:height]] if self.is_started else []
            self._drawn = [line.plain for line in lines]
        drawn = Text("\n", end="", no_wrap=True).join(lines)
        return [erasing, *renderables, drawn]

    def _erasing(self, width: int, height: int) -> Control:
        """Return what takes the cursor to the first of the old rows and leaves them empty."""
        rows = [rows_of(text, width) for text in self._drawn]
        above = max(0, sum(rows) - 1) + self._brought_back(width, height - self._height)
        self._note_gone(rows, width, sum(rows) - height)
        self._height = height
        # A terminal does not go above its first row.
        up = [(ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)] * min(above, height)
        return Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), *up)

    def _note_gone(self, rows: Sequence[int], width: int, excess: int) -> None:
        """Remember the old lines that have left at the top of the screen."""
        for text, needed in zip(self._drawn, rows, strict=True):
            if excess <= 0:
                break
            self._gone.append(text if needed <= excess else text[: excess * width])
            excess -= needed
        del self._gone[:-_MOST_GONE]

    def _brought_back(self, width: int, grown: int) -> int:
        """Return how many rows of old lines a terminal that has grown shows again above the last ones."""
        rows = 0
        while self._gone and rows < grown:
            rows += rows_of(self._gone.pop(), width)
        return max(0, min(rows, grown))


def rows_of(text: str, width: int) -> int:
    """Return how many rows of a terminal a line takes; 1 at least.

    Args:
        text: A line without control characters.
        width: Columns of the terminal.
    """
    if text.isascii():
        return max(1, -(-len(text) // width))
    rows, used = 1, 0
    for character in text:
        cells = get_character_cell_size(character)
        if used + cells > width:
            rows, used = rows + 1, 0
        used += cells
    return rows


def _fitted(line: Text, width: int) -> Text:
    # Terminals differ in whether they keep spaces at the end of a line that they break.
    fitted = line.copy()
    fitted.truncate(width, overflow="ellipsis")
    fitted.rstrip()
    return fitted
