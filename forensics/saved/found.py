"""What is found in saved files, before it is put in order."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from forensics.model.record import JsonObject
from forensics.saved.cut import MARK
from forensics.saved.times import lacks_zone, stamp
from forensics.saved.wire import times_in


class Item(msgspec.Struct, kw_only=True):
    """One fact to be, as a recording would have it."""

    type: str
    source: str
    data: Any
    id: str = ""
    """The key; "" where it is made from ``state``."""
    state: str = ""
    """What the thing is named by whose state this is: its key is made once it is known which states came
    before."""
    time: str | None = None
    subject: str | None = None
    twin: tuple[str, ...] = ()
    """What another account of the same event has in common with this one."""
    is_second_hand: bool = False
    """It gives way to a twin that is not."""


class Found:
    """Collects items and what has to be said about them.

    Attributes:
        items: In the order of the input; within a list oldest first.
        unknown: How many objects nothing is known about.
        bookkeeping: How many records of a recorder's own were left out.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.unknown = 0
        self.bookkeeping = 0
        self._said: dict[str, None] = {}
        self._zoneless = 0
        self._pages: dict[str, bool] = {}

    def say(self, sentence: str) -> None:
        """Keep a sentence about what is missing or not understood, once."""
        self._said.setdefault(sentence)

    def page(self, what: str, token: Any) -> None:
        """Note a page of a list, and whether it says that another follows."""
        self._pages[what] = bool(token)

    def at(self, value: Any) -> str | None:
        """Return a time as RFC 3339, or None where it is none."""
        self._zoneless += lacks_zone(value)
        return stamp(value)

    def newest_at(self, payload: Any) -> str | None:
        """Return the newest time that a payload names: it was so then or later."""
        return max((at for value in times_in(payload) if (at := stamp(value))), default=None)

    def listed(self, items: Iterable[Item]) -> None:
        """Add the items of a list that AWS gives newest first."""
        found = list(items)
        times = [item.time for item in found if item.time]
        if not times or times[0] >= times[-1]:
            found.reverse()
        self.items += found

    def notes(self) -> Iterator[str]:
        """Yield the sentences."""
        for what, is_open in self._pages.items():
            if is_open:
                yield f"{what} goes on on a page that was not saved"
        yield from self._said
        timeless = sum(not item.time and not item.state for item in self.items)
        if timeless:
            yield f"{_counted(timeless, 'event gives', 'events give')} no time: the input's order is kept"
        if self._zoneless:
            yield f"{_counted(self._zoneless, 'time names', 'times name')} no zone and counted as UTC"
        if self.bookkeeping:
            noun = _counted(self.bookkeeping, "record", "records")
            yield f"{noun} of a recorder's own bookkeeping left out: what it watched is not judged here"
        if self.unknown:
            yield f"{_counted(self.unknown, 'object', 'objects')} of an unknown shape left out"


def rows(values: JsonObject, field: str) -> list[JsonObject]:
    """Return the objects of a field's list that are whole."""
    return [row for row in objects(values, field) if MARK not in row]


def objects(values: JsonObject, field: str) -> list[JsonObject]:
    """Return the objects of a field's list, those that were cut short too."""
    listed = values.get(field)
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def text(values: JsonObject, field: str) -> str:
    """Return a field's text; "" where it is absent or something else."""
    value = values.get(field)
    return value if isinstance(value, str) else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
