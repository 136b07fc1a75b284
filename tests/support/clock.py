"""A clock that the test owns: waiting moves it on."""

import threading
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


class ManualClock:
    """Stands still until told; `wait` advances it at once by the time waited for."""

    def __init__(self, starts_at: datetime = NOON) -> None:
        self._now = starts_at
        self._monotonic_s = 1000.0
        self._asleep_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic_s

    def boottime(self) -> float:
        return self._monotonic_s + self._asleep_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        if event.is_set():
            return True
        self.advance(timeout_s)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._monotonic_s += seconds

    def sleep(self, seconds: float) -> None:
        """Let the machine be suspended: wall time and boot time go on, monotonic time does not."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._asleep_s += seconds

    def jump_wall(self, seconds: float) -> None:
        """Change the wall time alone, as somebody setting the clock does."""
        self._now += timedelta(seconds=seconds)
