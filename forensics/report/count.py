"""Numbers with their nouns."""

from collections.abc import Sequence

from forensics.model.ranges import numbers_within

_SHOWN = 20


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 record`` or ``1,234 records``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def lost_records(lost: Sequence[tuple[int, int]]) -> str:
    """Return how many records are gone, and which, such as ``8 records: seq 5-8, 13-16``.

    Args:
        lost: First and last seq of each range.
    """
    count = numbers_within(lost)
    shown = ", ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more ranges" if len(lost) > _SHOWN else ""
    return counted(count, "record") + (f": seq {shown}{more}" if lost else "")
