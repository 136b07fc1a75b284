"""Trouble of every kind between a soak's recorder and its endpoint, one episode after the other."""

import random
import threading
from collections import Counter
from collections.abc import Callable

from tests.support.faults import Faults

_PATTERNS = (
    "*",
    "cloudformation:*",
    "ecs:*",
    "cloudformation:ListStacks",
    "cloudformation:DescribeStackEvents",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
)
_EPISODES: dict[str, Callable[[Faults, str], None]] = {
    "throttled": lambda faults, pattern: faults.fail(pattern, error="Throttling", times=None),
    "expired": lambda faults, pattern: faults.fail("*", error="ExpiredToken", times=None),
    "denied": lambda faults, pattern: faults.fail(pattern, error="AccessDenied", times=None),
    "unavailable": lambda faults, pattern: faults.fail(pattern, error="ServiceUnavailable", times=None),
    "503": lambda faults, pattern: faults.status(pattern, 503, times=None),
    "reset": lambda faults, pattern: faults.reset(pattern, times=None),
    "truncated": lambda faults, pattern: faults.truncate(pattern, times=None),
    "cut": lambda faults, pattern: faults.cut(pattern, times=None),
    "html": lambda faults, pattern: faults.html(pattern, times=None),
    "malformed": lambda faults, pattern: faults.malformed(pattern, times=None),
    "empty": lambda faults, pattern: faults.empty(pattern, times=None),
    "page lost": lambda faults, pattern: faults.reset("cloudformation:ListStacks", page=2, times=None),
    "silent": lambda faults, pattern: faults.hang(pattern, times=3),
}
KINDS = tuple(_EPISODES)


class Chaos:
    """Lets episodes of trouble come and go on a thread of its own, until it is ended.

    Args:
        faults: Of the server in question.
        seed: Decides what happens when.
        shortest_s: An episode and the calm after it last at least so long each, seconds of the machine.
        longest_s: And at most so long.
    """

    def __init__(self, faults: Faults, *, seed: int, shortest_s: float, longest_s: float) -> None:
        self.struck: Counter[str] = Counter()
        """How many calls each kind of trouble struck."""
        self._faults = faults
        self._chance = random.Random(seed)
        self._span_s = (shortest_s, longest_s)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End all trouble; every later call is answered."""
        self._end.set()
        self._thread.join()
        self._faults.clear()
        self._faults.release()

    def _run(self) -> None:
        # Every kind has its turn before one comes again.
        while not self._end.is_set():
            for kind in self._chance.sample(KINDS, len(KINDS)):
                self._play(kind)

    def _play(self, kind: str) -> None:
        before = self._faults.struck.total()
        _EPISODES[kind](self._faults, self._chance.choice(_PATTERNS))
        self._end.wait(self._chance.uniform(*self._span_s))
        self._faults.clear()
        self.struck[kind] += self._faults.struck.total() - before
        self._end.wait(self._chance.uniform(*self._span_s))
