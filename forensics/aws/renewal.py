"""Renewal of credentials inside botocore: in time, not too often, its failures remembered."""

import math
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
"""Those that last less are renewed in the last third of their time, ..."""
_LATEST = timedelta(minutes=5)
"""... but not later than this: AWS's clock may be ahead of ours."""
_PAUSE = timedelta(seconds=10)
"""Between two attempts at least, while the old ones are good; ..."""
_LONGEST_PAUSE = timedelta(seconds=60)
"""... a source that is slow to fail is left alone for as long as it took, up to this."""


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
        self._asked_at: datetime | None = None
        self._pause = _PAUSE
        self._last: dict[str, Any] | Exception = {}
        self.trouble: AwsError | None = None
        """What the last renewal failed with; None where it worked."""
        credentials._time_fetcher = clock.now
        credentials._mandatory_refresh_timeout = 0
        credentials._refresh_using = self
        self._begin_before(credentials._expiry_time)

    def __call__(self) -> dict[str, Any]:
        """Return new credentials in botocore's shape; for a while after that, the same again.

        Raises:
            Exception: Whatever the source raises, likewise.
        """
        now = self._clock.now()
        if self._asked_at is not None and timedelta(0) <= now - self._asked_at < self._pause:
            if isinstance(self._last, Exception):
                raise self._last.with_traceback(None)
            return self._last
        try:
            self._last = renewed = self._refresh()
        except Exception as error:
            self._last, self.trouble = error, from_exception(error, "credentials", now=now)
            raise
        finally:
            self._asked_at = self._clock.now()
            self._pause = min(max(_PAUSE, self._asked_at - now), _LONGEST_PAUSE)
        self.trouble = None
        self._begin_before(renewed.get("expiry_time"))
        return renewed

    def at_once(self) -> None:
        """Renew credentials of `aws login` that botocore would give again from the login's cache.

        Raises:
            Exception: Whatever the source raises; the old credentials stay.
        """
        fetcher: Any = self._refresh.__self__  # type: ignore[attr-defined]
        fetcher._REFRESH_THRESHOLD = math.inf
        try:
            self._credentials._protected_refresh(is_mandatory=True)
        finally:
            del fetcher._REFRESH_THRESHOLD

    def _begin_before(self, ends_at: datetime | str | None) -> None:
        if ends_at is None:
            return
        ends_at = parse_timestamp(ends_at) if isinstance(ends_at, str) else ends_at
        share = (ends_at - self._clock.now()) / _SHARE
        window = min(_EARLIEST, max(_LATEST, share))
        self._credentials._advisory_refresh_timeout = window.total_seconds()


def renewed_in_time(credentials: Credentials, clock: Clock) -> Renewal | None:
    """Take renewable credentials in hand; None for those that nothing renews."""
    return Renewal(credentials, clock) if isinstance(credentials, RefreshableCredentials) else None
