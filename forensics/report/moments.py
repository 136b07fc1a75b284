"""Moments and durations of records in words.

A record's time is whatever text its input gave: what cannot be read is shown as it is, never guessed.
"""

from datetime import datetime, timedelta

from forensics.model.clock import from_rfc3339
from forensics.model.times import format_duration


def moment_of(at: str) -> datetime | None:
    """Return a moment of a record, aware, UTC; None where it cannot be read."""
    try:
        # A year at either end of the calendar leaves no room beside it.
        moment = from_rfc3339(at)
        return moment if 1970 <= moment.year < 9000 else None
    except (ValueError, OverflowError):
        return None


def length_of(since: str, until: str | None) -> timedelta | None:
    """Return how long something took; None where that is not known."""
    begin, end = moment_of(since), moment_of(until or "")
    if begin is None or end is None or end < begin:
        return None
    return end - begin


def lasted(since: str, until: str | None) -> str:
    """Return how long something took, such as ``9m2s`` or ``0.4s``; "" where that is not known."""
    length = length_of(since, until)
    return "" if length is None else duration_in_words(length)


def duration_in_words(length: timedelta) -> str:
    """Return a length of time, such as ``9m2s``, with tenths under ten seconds: ``0.4s``."""
    if length < timedelta(seconds=10):
        return f"{length.total_seconds():.1f}s"
    return format_duration(length)


def clock_time(at: str) -> str:
    """Return a moment as the time of day to the second; the text itself where it cannot be read."""
    moment = moment_of(at)
    return moment.strftime("%H:%M:%S") if moment else at


def calendar_time(at: str) -> str:
    """Return a moment as date and time to the second; the text itself where it cannot be read."""
    moment = moment_of(at)
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else at


def precise_time(at: str) -> str:
    """Return the time of day with its fraction, as AWS gave it; the text itself where unreadable."""
    moment = moment_of(at)
    if moment is None:
        return at
    return moment.strftime("%H:%M:%S") + (f".{moment.microsecond // 1000:03d}" if moment.microsecond else "")


def seconds_between(since: str, until: str | None) -> float:
    """Return the seconds from one moment to another; 0 where one is not known."""
    begin, end = moment_of(since), moment_of(until or "")
    return (end - begin).total_seconds() if begin and end else 0.0
