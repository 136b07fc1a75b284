"""What became known at which moment, so that it can be told as it stood at any of them."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

import orjson

from forensics.model.record import JsonObject
from forensics.model.wire import write_element

T = TypeVar("T")


class Told:
    """A payload as AWS sent it, with its bytes on the wire made once.

    Args:
        payload: Plain values; never changed.
    """

    def __init__(self, payload: JsonObject) -> None:
        self.payload = payload

    @cached_property
    def xml(self) -> bytes:
        """The payload as a ``<member>`` of the query protocol."""
        return write_element("member", self.payload)

    @cached_property
    def json(self) -> bytes:
        """The payload in the JSON protocol."""
        return orjson.dumps(self.payload)

    def text(self, name: str) -> str:
        """Return a field's text, or "" where it has none."""
        value: Any = self.payload.get(name)
        return value if isinstance(value, str) else ""


class Moments(Generic[T]):
    """Things in the order in which they became so; those of one moment stay in the order they came."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self._things: list[T] = []

    def add(self, at: float, thing: T) -> None:
        """Add a thing that is so from a moment on.

        Args:
            at: The moment, in seconds since 1970.
            thing: What is so.
        """
        place = bisect_right(self._at, at)
        self._at.insert(place, at)
        self._things.insert(place, thing)

    def count(self, now: float) -> int:
        """Return how many of the things are so at the moment `now`."""
        return bisect_right(self._at, now)

    def newest(self, now: float) -> T | None:
        """Return the latest thing that is so, None before the first."""
        count = self.count(now)
        return self._things[count - 1] if count else None

    def first_at(self) -> float:
        """Return when the first thing became so; infinity where there is none."""
        return self._at[0] if self._at else float("inf")

    def at(self, place: int) -> float:
        """Return when the thing at a place (from 0, oldest first) became so."""
        return self._at[place]

    def between(self, start: int, end: int) -> Sequence[T]:
        """Return the things from place `start` up to before place `end`, oldest first."""
        return self._things[start:end]


def seconds(moment: datetime) -> float:
    """Return a moment as the endpoint counts time: seconds since 1970."""
    return moment.timestamp()
