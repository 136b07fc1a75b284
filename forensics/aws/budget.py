"""How many calls we allow ourselves, so that the deployment keeps its share of the account's limits."""

import threading
from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A token bucket's size and speed."""

    burst: float
    """Calls that may be made at once, >= 1."""
    per_s: float
    """Calls a second in the long run, > 0."""


DEFAULT_RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "cloudformation": Rate(burst=10, per_s=2),
        "ecs": Rate(burst=20, per_s=5),
        "sts": Rate(burst=5, per_s=1),
    }
)


class BudgetOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Rates for each account, region and operation.

    AWS documents 20 reads a second for ECS and publishes nothing for CloudFormation; everybody in the
    account shares them, so a fraction is taken.
    """

    rates: Mapping[str, Rate] = msgspec.field(default_factory=lambda: DEFAULT_RATES)
    """By ``service:Operation`` or, where that is absent, by ``service``."""
    otherwise: Rate = Rate(burst=5, per_s=1)
    """For services that `rates` does not name."""
    floor: float = 1 / 16
    """The least fraction of a rate that throttling brings it down to, above 0."""
    recovery: float = 0.05
    """The fraction of the full rate that each success gives back, above 0."""


class _Bucket:
    """One operation's tokens; below zero means calls that are waiting."""

    def __init__(self, rate: Rate, now_s: float) -> None:
        self.rate = rate
        self.fraction = 1.0
        self.tokens = rate.burst
        self.at_s = now_s

    def refill(self, now_s: float) -> None:
        gained = max(0.0, now_s - self.at_s) * self.per_s
        self.tokens = min(self.rate.burst, self.tokens + gained)
        self.at_s = now_s

    @property
    def per_s(self) -> float:
        return self.rate.per_s * self.fraction


class Budget:
    """The token buckets of one account; share it between the doors of that account.

    Pure but for its own state: time comes with each call, as monotonic seconds. Safe for several threads.
    """

    def __init__(self, options: BudgetOptions | None = None) -> None:
        self._options = options or BudgetOptions()
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, region: str, operation: str, now_s: float, *, longest_s: float) -> float | None:
        """Return the seconds to wait before one call, which is thereby reserved.

        Args:
            region: Where the call goes.
            operation: As ``service:Operation``.
            now_s: Monotonic seconds.
            longest_s: The longest wait that is worth anything, >= 0.

        Returns:
            Seconds, 0 <= wait <= longest_s; None where it would be longer: nothing is reserved then.
        """
        with self._lock:
            bucket = self._bucket(region, operation, now_s)
            wait_s = max(0.0, (1 - bucket.tokens) / bucket.per_s)
            if wait_s > longest_s:
                return None
            bucket.tokens -= 1
            return wait_s

    def throttled(self, region: str, operation: str, now_s: float) -> None:
        """Halve the operation's rate and drop its stored tokens: AWS asked for fewer calls."""
        with self._lock:
            bucket = self._bucket(region, operation, now_s)
            bucket.fraction = max(self._options.floor, bucket.fraction / 2)
            bucket.tokens = min(bucket.tokens, 0.0)

    def succeeded(self, region: str, operation: str, now_s: float) -> None:
        """Give the operation a little of its rate back."""
        with self._lock:
            bucket = self._bucket(region, operation, now_s)
            bucket.fraction = min(1.0, bucket.fraction + self._options.recovery)

    def rate(self, region: str, operation: str, now_s: float) -> float:
        """Return the calls a second that the operation may make now."""
        with self._lock:
            return self._bucket(region, operation, now_s).per_s

    def _bucket(self, region: str, operation: str, now_s: float) -> _Bucket:
        key = (region, operation)
        bucket = self._buckets.get(key)
        if bucket is None:
            rates = self._options.rates
            service = operation.partition(":")[0]
            rate = rates.get(operation) or rates.get(service) or self._options.otherwise
            bucket = self._buckets[key] = _Bucket(rate, now_s)
        bucket.refill(now_s)
        return bucket
