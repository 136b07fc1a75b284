"""Colour where a person watches, plain text everywhere else."""

import os
from collections.abc import Mapping
from typing import TextIO

import msgspec

PLAIN_WIDTH = 100
"""Columns where nobody watches."""
NARROWEST = 40
WIDEST = 160
"""A line longer than this is hard to read, however wide the terminal."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Ink(msgspec.Struct, frozen=True, kw_only=True):
    """How to write: how wide, and whether with colour."""

    width: int
    has_colour: bool
    has_blocks: bool = True
    """Whether what reads it can show more than ASCII."""

    def paint(self, text: str, *styles: str) -> str:
        """Return an inert text in styles: bold, dim, red, green, yellow, cyan; plain without colour."""
        if not self.has_colour or not text or not styles:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def ink_for(stream: TextIO, environment: Mapping[str, str] | None = None) -> Ink:
    """Return how to write to a stream: its terminal's width, colour only there and without NO_COLOR.

    Args:
        stream: Where the text goes.
        environment: None means that of this process; COLUMNS and NO_COLOR are read.
    """
    known = os.environ if environment is None else environment
    watched = stream.isatty()
    columns = _asked_for(known) or (_terminal(stream) if watched else PLAIN_WIDTH)
    return Ink(
        width=max(NARROWEST, min(columns, WIDEST)),
        has_colour=watched and not known.get("NO_COLOR") and known.get("TERM") != "dumb",
        has_blocks=(stream.encoding or "utf-8").lower().startswith("utf"),
    )


def _asked_for(environment: Mapping[str, str]) -> int:
    given = environment.get("COLUMNS", "")
    return int(given) if given.isascii() and given.isdigit() else 0


def _terminal(stream: TextIO) -> int:
    # shutil.get_terminal_size would do, and load two compression libraries on the way.
    try:
        return os.get_terminal_size(stream.fileno()).columns or PLAIN_WIDTH
    except OSError:
        return PLAIN_WIDTH
