"""When to ask again, and how much of what was seen is remembered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def crosses(polled_at: datetime | None, now: datetime, every_s: int) -> bool:
    """Return whether a multiple of every_s seconds lies between two polls.

    What was refused is so asked again at a steady, slow rate, without anybody having to remember it.
    """
    return polled_at is None or int(polled_at.timestamp()) // every_s != int(now.timestamp()) // every_s


def newest(mapping: Mapping[str, Any], keep: int) -> dict[str, Any]:
    """Return the entries of a mapping that were added last, in their order."""
    items: Iterable[tuple[str, Any]] = list(mapping.items())[-keep:]
    return dict(items)
