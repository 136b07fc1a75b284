"""Text broken into lines of a width: nothing is cut, everything is inert."""

import re
import unicodedata
from collections.abc import Iterator

from forensics.model.inert import inert

_WORD = re.compile(r"\S+|\s+")


def width_of(text: str) -> int:
    """Return how many cells of a terminal an inert text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def wrap(text: str, width: int, *, indent: str = "", first: str | None = None) -> list[str]:
    """Return a text as lines, each made inert and at most `width` cells wide.

    Args:
        text: Raw text. A line feed in it ends a line; every other control character is shown.
        width: Cells of a line, the indent included; at least one cell is left for the text.
        indent: What every line begins with; inert already.
        first: What the first line begins with instead; None for the same.

    Returns:
        At least one line. Words longer than a line are broken, never dropped.
    """
    lines: list[str] = []
    for part in text.split("\n"):
        head = indent if lines or first is None else first
        lines += _paragraph(inert(part), width, head, indent)
    return lines


def wrap_short(text: str, width: int, *, most: int, indent: str = "", first: str | None = None) -> list[str]:
    """Return the first lines of a text, wrapped; the last one ends in … where there are more.

    Args:
        text: Raw text.
        width: Cells of a line, the indent included.
        most: Lines, at least 1.
        indent: What every line begins with; inert already.
        first: What the first line begins with instead; None for the same.
    """
    # Of a megabyte only what can be shown is wrapped.
    shown = text[: width * most]
    lines = wrap(shown, width, indent=indent, first=first)
    if len(lines) <= most and len(shown) == len(text):
        return lines
    *whole, last = lines[:most]
    return [*whole, f"{next(_chunks(last, width - 1, width - 1))}…"]


def pad(text: str, width: int) -> str:
    """Return an inert text filled with spaces to a width; longer ones stay as they are."""
    return text + " " * max(0, width - width_of(text))


def _paragraph(text: str, width: int, head: str, indent: str) -> list[str]:
    if text.isascii() and head.isascii() and indent.isascii():
        return list(_narrow(text, width, head, indent))
    return _wide(text, width, head, indent)


def _narrow(text: str, width: int, head: str, indent: str) -> Iterator[str]:
    """Yield lines of a text whose characters take one cell each: broken at spaces, by position alone."""
    start, end = 0, len(text.rstrip())
    while end - start > (room := max(1, width - len(head))):
        cut = text.rfind(" ", start + 1, start + room + 1)
        # Spaces at the beginning are no place to break: nothing would be written.
        if cut < 0 or not text[start:cut].strip():
            cut = start + room
        yield head + text[start:cut].rstrip()
        head, start = indent, cut
        while start < end and text[start] == " ":
            start += 1
    yield head + text[start:end]


def _wide(text: str, width: int, head: str, indent: str) -> list[str]:
    lines: list[str] = []
    line, room = "", max(1, width - width_of(head))
    space = ""
    for piece in _WORD.findall(text):
        if piece.isspace():
            space = piece
            continue
        needed = width_of(piece)
        if line and width_of(space) + needed <= room:
            line += space + piece
            room -= width_of(space) + needed
            continue
        if line:
            lines.append(head + line)
            head, line = indent, ""
        room = max(1, width - width_of(head))
        *whole, rest = _broken(piece, room, max(1, width - width_of(indent)))
        for chunk in whole:
            lines.append(head + chunk)
            head = indent
            room = max(1, width - width_of(head))
        line = rest
        room -= width_of(rest)
    return [*lines, head + line]


def _broken(word: str, room: int, next_room: int) -> list[str]:
    """Return a word in chunks: the first at most `room` cells wide, the others `next_room`."""
    if width_of(word) <= room:
        return [word]
    return list(_chunks(word, room, next_room))


def _chunks(word: str, room: int, next_room: int) -> Iterator[str]:
    start, used = 0, 0
    limit = room
    for place, character in enumerate(word):
        cells = _cells(character)
        if used and used + cells > limit:
            yield word[start:place]
            start, used, limit = place, 0, next_room
        used += cells
    yield word[start:]


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
