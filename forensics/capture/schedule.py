"""What is due when, on monotonic time."""

import heapq
import itertools
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Schedule(Generic[Key]):
    """One due time for each key; the earliest comes out first, equal ones in the order they were put."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = itertools.count()

    def put(self, key: Key, due_s: float) -> None:
        """Set when a key is due, whatever was set before."""
        self._due[key] = due_s
        heapq.heappush(self._heap, (due_s, next(self._order), key))

    def pull(self, key: Key, due_s: float) -> None:
        """Make a key due at the given time unless it is due earlier anyway."""
        if due_s < self._due.get(key, float("inf")):
            self.put(key, due_s)

    def drop(self, key: Key) -> None:
        """Forget a key; unknown ones are no error."""
        self._due.pop(key, None)

    def due_s(self, key: Key) -> float | None:
        """Return when a key is due; None where it is not scheduled."""
        return self._due.get(key)

    def next_s(self) -> float | None:
        """Return when the earliest key is due; None where nothing is scheduled."""
        self._discard_stale()
        return self._heap[0][0] if self._heap else None

    def take_due(self, now_s: float) -> list[Key]:
        """Return the keys due by now, earliest first, and forget their due times."""
        taken: list[Key] = []
        while (next_s := self.next_s()) is not None and next_s <= now_s:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            taken.append(key)
        return taken

    def __len__(self) -> int:
        return len(self._due)

    def _discard_stale(self) -> None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
