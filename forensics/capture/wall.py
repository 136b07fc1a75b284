"""Whether somebody has set the wall clock while a recording goes on."""

from datetime import datetime, timedelta

import msgspec

from forensics.model.clock import Clock

TOLERANCE_S = 5.0
"""Less is what a clock that is kept in step by the network may be moved by."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Both clocks at one moment."""

    at: datetime
    """Wall time."""
    at_s: float
    """Seconds that go on while the machine is asleep: waking up does not set the clock."""

    @classmethod
    def of(cls, clock: Clock) -> "Reading":
        """Read both clocks.

        A thread that is held up between the two would see a jump that is none, on a clock that runs a
        hundred times as fast above all: the closest of three readings counts.
        """
        return min((cls._once(clock) for _ in range(3)), key=lambda read: read[0])[1]

    @classmethod
    def _once(cls, clock: Clock) -> tuple[float, "Reading"]:
        before_s = clock.boottime()
        reading = cls(at=clock.now(), at_s=before_s)
        return clock.boottime() - before_s, reading

    def expected(self, later: "Reading") -> datetime:
        """Return what the wall clock would show at a later reading, had nobody set it."""
        return self.at + timedelta(seconds=later.at_s - self.at_s)


def jumped_s(earlier: Reading, later: Reading) -> float | None:
    """Return by how much the wall clock was set between two readings.

    Returns:
        Seconds, negative where it was set back; None where it went as it should, or nearly.
    """
    difference_s = (later.at - earlier.expected(later)).total_seconds()
    return round(difference_s, 3) if abs(difference_s) > TOLERANCE_S else None
