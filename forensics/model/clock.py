"""Time, taken from an object so that tests and the demo own it."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's clock that goes on while the machine is asleep; None where there is none."""


class Clock(Protocol):
    """Wall time to stamp with, monotonic time to schedule on, and waiting."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards; only differences mean something."""
        ...

    def boottime(self) -> float:
        """Return the same seconds with the time that the machine was asleep counted in."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Return True as soon as the event is set, False after timeout_s seconds of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    def boottime(self) -> float:
        """Return the machine's seconds with the time asleep counted in, as far as the system tells it."""
        return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for the event, at most timeout_s seconds."""
        return event.wait(timeout_s)


class ScaledClock:
    """A clock that starts at a given moment and runs faster than the machine's.

    Args:
        starts_at: Wall time at construction, aware.
        speed: Seconds of this clock for each second of the machine's, > 0.
    """

    def __init__(self, starts_at: datetime, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._starts_at = starts_at
        self._speed = speed
        self._origin_s = time.monotonic()

    def now(self) -> datetime:
        """Return the scaled wall time, aware, UTC."""
        return self._starts_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return scaled seconds since construction."""
        return (time.monotonic() - self._origin_s) * self._speed

    def boottime(self) -> float:
        """Return the same: a clock of this process alone knows of no sleep."""
        return self.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for the event, at most timeout_s scaled seconds."""
        return event.wait(timeout_s / self._speed)


def to_rfc3339(moment: datetime) -> str:
    """Return the moment as RFC 3339 in UTC with ``Z`` and milliseconds, such as 2026-01-15T02:16:07.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Return the aware UTC moment that an RFC 3339 text names.

    Raises:
        ValueError: The text is no date and time, or names no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; end it with Z")
    return moment.astimezone(UTC)
