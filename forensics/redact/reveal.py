"""What names of ours stand for, in a text that came back."""

import re
from collections.abc import Mapping

_RUN = re.compile(r"[A-Za-z0-9]+(?:[.:@_-]+[A-Za-z0-9]+)*")
_PARTS = re.compile(r"([.:@_-]+)")
_LONGEST = 40
"""Parts of a run that are looked at together; no name has more."""


def revealed(text: str, known: Mapping[str, str]) -> tuple[str, int]:
    """Return a text with the value in place of each name, and how many there were.

    Args:
        text: Any text, such as an answer.
        known: The value behind each name.
    """
    count = 0

    def become(found: re.Match[str]) -> str:
        nonlocal count
        parts = _PARTS.split(found[0])
        shown: list[str] = []
        place = 0
        while place < len(parts):
            end = _end_of_name(parts, place, known)
            if end:
                count += 1
                shown.append(known["".join(parts[place:end])])
            else:
                end = place + 1
                shown.append(parts[place])
            place = end
        return "".join(shown)

    return _RUN.sub(become, text), count


def _end_of_name(parts: list[str], place: int, known: Mapping[str, str]) -> int:
    """Return where the longest name that begins at a place ends; 0 where none does."""
    if place % 2:
        return 0
    for end in range(min(len(parts), place + _LONGEST), place, -1):
        if "".join(parts[place:end]) in known:
            return end
    return 0
