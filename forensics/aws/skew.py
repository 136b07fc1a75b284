"""How far this machine's clock is from AWS's, and how that is said."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from forensics.model.times import format_duration

LIMIT_S = 300.0
"""AWS takes no signature that is older or newer than this."""


def skew_of(date: str, now: datetime) -> float | None:
    """Return our wall clock minus AWS's, seconds.

    Args:
        date: The Date header of an answer.
        now: Our wall time when it came.

    Returns:
        None where the header is missing or no date.
    """
    server_at = _moment_of(date)
    return None if server_at is None else (now - server_at).total_seconds()


@lru_cache(maxsize=16)
def _moment_of(date: str) -> datetime | None:
    # Whole seconds: the answers of one second all carry the same text.
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def in_words(skew_s: float) -> str:
    """Return by how much the clock is off, such as ``this machine's clock is 11m30s ahead of AWS's``."""
    size = format_duration(timedelta(seconds=round(abs(skew_s))))
    return f"this machine's clock is {size} {'ahead of' if skew_s > 0 else 'behind'} AWS's"
