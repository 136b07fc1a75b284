"""Whether the machine has been asleep while a recording goes on."""

from forensics.model.clock import Clock

LEAST_S = 10.0
"""A shorter sleep is no longer than a slow answer."""


class Suspension:
    """Watches how far the clock that counts sleep runs ahead of the one that does not.

    A thread that is held up between its looks at the two clocks sees a difference that is none: what is
    reported is the least that the looks prove.

    Args:
        clock: The machine's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s = self._look()[1]

    def slept_s(self) -> float | None:
        """Return for how long the machine was asleep since the last call; None where it was not."""
        least_s, most_s = self._look()
        slept_s = least_s - self._ahead_s
        if slept_s < LEAST_S:
            self._ahead_s = min(self._ahead_s, most_s)
            return None
        self._ahead_s = most_s
        return slept_s

    def _look(self) -> tuple[float, float]:
        before_s = self._clock.monotonic()
        with_sleep_s = self._clock.boottime()
        after_s = self._clock.monotonic()
        return with_sleep_s - after_s, with_sleep_s - before_s
