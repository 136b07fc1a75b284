"""What the calls of a door have cost so far."""

import threading
from collections import defaultdict

import msgspec


class Counts(msgspec.Struct, kw_only=True):
    """What one operation has cost since the door was made."""

    calls: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    throttles: int = 0
    failures: int = 0
    """Calls that ended in an error after their retries."""


class Tally:
    """The counts of all operations; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, Counts] = defaultdict(Counts)

    def add(self, operation: str, **more: int) -> None:
        """Count more of one operation, by the names of `Counts`."""
        with self._lock:
            counts = self._counts[operation]
            for name, count in more.items():
                setattr(counts, name, getattr(counts, name) + count)

    def counts(self) -> dict[str, Counts]:
        """Return a copy of the counts by operation."""
        with self._lock:
            return {operation: msgspec.structs.replace(counts) for operation, counts in self._counts.items()}
