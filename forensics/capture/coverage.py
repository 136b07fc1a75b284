"""Quiet polls folded into one statement a minute."""

from datetime import datetime, timedelta

from forensics.capture.facts import Mint
from forensics.capture.wall import Reading, jumped_s
from forensics.model.ranges import to_ranges
from forensics.model.record import Fact


class Coverage:
    """Which streams were looked at without finding anything since the last statement.

    A statement begins early enough that each stream of it was looked at after its beginning: an answer is as
    old as its question, however long it was on its way.

    Args:
        since: When the first interval begins.
    """

    def __init__(self, since: Reading) -> None:
        self.since = since
        """Both clocks at the last statement."""
        self._polled: set[int] = set()
        self._vouched: set[int] = set()
        self._looked_from_s = since.at_s
        self._polls = 0
        self._calls = 0

    def add(self, numbers: tuple[int, ...], *, at_s: float, calls: int) -> None:
        """Count one poll that found nothing new in these streams.

        Args:
            numbers: Of the streams.
            at_s: When it was sent, in seconds of `Reading.at_s`.
            calls: How many calls it took.
        """
        self._polled.update(numbers)
        self._looked_from_s = min(self._looked_from_s, at_s)
        self._polls += 1
        self._calls += calls

    def vouch(self, number: int, *, at_s: float) -> None:
        """Count a stream that was not polled: something else, asked then, showed that it had not moved."""
        self._vouched.add(number)
        self._looked_from_s = min(self._looked_from_s, at_s)

    def statement(self, mint: Mint, now: Reading) -> Fact:
        """Return the statement about everything counted so far; nothing is forgotten yet."""
        return mint.covered(
            min(self._begins_at(now), now.at),
            now.at,
            streams=to_ranges(self._polled | self._vouched),
            vouched=to_ranges(self._vouched - self._polled),
            polls=self._polls,
            calls=self._calls,
        )

    def _begins_at(self, now: Reading) -> datetime:
        # A clock that was set back: by it, the interval began as much earlier.
        set_back_s = min(0.0, jumped_s(self.since, now) or 0.0)
        return self.since.at + timedelta(seconds=set_back_s + self._looked_from_s - self.since.at_s)

    def start_anew(self, since: Reading) -> None:
        """Forget what was stated; the next interval begins."""
        self.since = since
        self._looked_from_s = since.at_s
        self._polled.clear()
        self._vouched.clear()
        self._polls = 0
        self._calls = 0
