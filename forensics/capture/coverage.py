"""Quiet polls folded into one statement a minute."""

from datetime import datetime

from forensics.capture.facts import Mint
from forensics.model.ranges import to_ranges
from forensics.model.record import Fact


class Coverage:
    """Which streams were looked at without finding anything since the last statement.

    Args:
        since: When the first interval begins, wall time.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._polled: set[int] = set()
        self._vouched: set[int] = set()
        self._polls = 0
        self._calls = 0

    def add(self, numbers: tuple[int, ...], *, calls: int) -> None:
        """Count one poll that found nothing new in these streams."""
        self._polled.update(numbers)
        self._polls += 1
        self._calls += calls

    def vouch(self, numbers: tuple[int, ...]) -> None:
        """Count streams that were not polled because something else showed that they did not move."""
        self._vouched.update(numbers)

    def statement(self, mint: Mint, until: datetime) -> Fact:
        """Return the statement about everything counted so far; nothing is forgotten yet."""
        return mint.covered(
            min(self._since, until),
            until,
            streams=to_ranges(self._polled | self._vouched),
            vouched=to_ranges(self._vouched - self._polled),
            polls=self._polls,
            calls=self._calls,
        )

    def start_anew(self, since: datetime) -> None:
        """Forget what was stated; the next interval begins."""
        self._since = since
        self._polled.clear()
        self._vouched.clear()
        self._polls = 0
        self._calls = 0
