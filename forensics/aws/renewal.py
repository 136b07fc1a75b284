"""Renewal of credentials inside botocore: in time, not too often, its failures remembered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from botocore.credentials import Credentials, RefreshableCredentials
from botocore.utils import parse_timestamp

from forensics.aws.faults import from_exception
from forensics.errors import AwsError
from forensics.model.clock import Clock

_EARLIEST = timedelta(minutes=15)
"""Renewal begins so long before the end, for credentials that last long enough."""
_SHARE = 3
"""Those that last less are renewed in the last third of their time."""
_PAUSE = timedelta(seconds=10)
"""Between two attempts, where the last one failed."""


class Renewal:
    """Stands between renewable credentials and what renews them.

    botocore renews from fifteen minutes before the end, at each request: credentials of fifteen minutes would
    be renewed at every single one. It refuses to sign in the last ten minutes if it cannot renew, though the
    old credentials still work. And it forgets why a renewal failed.

    Args:
        credentials: What botocore has loaded.
        clock: What tells how much time is left.
    """

    def __init__(self, credentials: RefreshableCredentials, clock: Clock) -> None:
        self._credentials = credentials
        self._refresh: Callable[[], dict[str, Any]] = credentials._refresh_using
        self._clock = clock
        self._failure: Exception | None = None
        self._failed_at: datetime | None = None
        self.trouble: AwsError | None = None
        """What the last renewal failed with; None where it worked."""
        credentials._time_fetcher = clock.now
        credentials._mandatory_refresh_timeout = 0
        credentials._refresh_using = self
        self._begin_before(credentials._expiry_time)

    def __call__(self) -> dict[str, Any]:
        """Return new credentials in botocore's shape.

        Raises:
            Exception: Whatever the source raises; for a while after that, the same again.
        """
        now = self._clock.now()
        if self._failure is not None and self._failed_at is not None and now - self._failed_at < _PAUSE:
            raise self._failure.with_traceback(None)
        try:
            renewed = self._refresh()
        except Exception as error:
            self._failure, self._failed_at = error, now
            self.trouble = _named(error)
            raise
        self._failure = self.trouble = None
        self._begin_before(renewed.get("expiry_time"))
        return renewed

    def _begin_before(self, ends_at: datetime | str | None) -> None:
        if ends_at is None:
            return
        ends_at = parse_timestamp(ends_at) if isinstance(ends_at, str) else ends_at
        share = (ends_at - self._clock.now()) / _SHARE
        self._credentials._advisory_refresh_timeout = min(_EARLIEST, share).total_seconds()


def renewed_in_time(credentials: Credentials, clock: Clock) -> Renewal | None:
    """Take renewable credentials in hand; None for those that nothing renews."""
    return Renewal(credentials, clock) if isinstance(credentials, RefreshableCredentials) else None


def _named(error: Exception) -> AwsError:
    return from_exception(error, "credentials")
