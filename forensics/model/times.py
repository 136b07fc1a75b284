"""Times and durations as people write them: ``90s``, ``1h30m``, ``2d ago``, RFC 3339, ``now``.

A text that is not wholly understood is an error: a tool that reads ``2h30m`` as two hours shows the wrong
evidence without anybody noticing.
"""

import re
from datetime import UTC, datetime, timedelta

from forensics.errors import UsageError
from forensics.model.clock import from_rfc3339

DURATION_GRAMMAR = (
    "a duration is whole numbers with units, largest unit first: 90s, 15m, 2h, 1h30m, 2d, 1w "
    "(w weeks, d days, h hours, m minutes, s seconds)"
)
"""What `parse_duration` understands, for a person."""

MOMENT_GRAMMAR = (
    "a time is `now`; a duration back from now such as 15m, 1h30m or `2h ago` "
    "(units w, d, h, m, s, largest first); or RFC 3339 with a zone such as 2026-01-15T02:16:07Z"
)
"""What `parse_moment` understands, for a person."""

_UNITS = (("w", "weeks"), ("d", "days"), ("h", "hours"), ("m", "minutes"), ("s", "seconds"))
_DURATION = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,9}}){letter})?" for letter, unit in _UNITS))
_AGO = re.compile(r"(?P<duration>\S+)[ \t]+ago")
# Narrower than datetime.fromisoformat, which also takes week dates and times without a zone.
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse_duration(text: str) -> timedelta:
    """Return the length of time that the text names, zero or more.

    Raises:
        UsageError: Some part of the text is not understood; the hint holds the grammar.
    """
    match = _DURATION.fullmatch(text.strip())
    given = {unit: int(count) for unit, count in match.groupdict().items() if count} if match else {}
    if not given:
        raise UsageError(f"{text!r} is not a duration", hint=DURATION_GRAMMAR)
    try:
        return timedelta(**given)
    except OverflowError as error:
        raise UsageError(f"{text!r} is longer than can be counted", hint=DURATION_GRAMMAR) from error


def parse_moment(text: str, *, now: datetime) -> datetime:
    """Return the aware UTC moment that the text names.

    Args:
        text: ``now``; a duration, with or without ``ago``; or RFC 3339.
        now: What durations count back from, aware.

    Raises:
        UsageError: Some part of the text is not understood; the hint holds the grammar.
    """
    stripped = text.strip()
    if stripped == "now":
        return now.astimezone(UTC)
    try:
        if _RFC3339.fullmatch(stripped):
            return from_rfc3339(stripped.upper())
        ago = _AGO.fullmatch(stripped)
        return (now - parse_duration(ago["duration"] if ago else stripped)).astimezone(UTC)
    except (UsageError, ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is not a time", hint=MOMENT_GRAMMAR) from error


def format_duration(length: timedelta) -> str:
    """Return the length of time in the grammar of `parse_duration`, whole seconds, such as ``1h30m``.

    Args:
        length: Zero or more; a fraction of a second is dropped.
    """
    left_s = int(length.total_seconds())
    parts = []
    for letter, unit in _UNITS:
        count, left_s = divmod(left_s, int(timedelta(**{unit: 1}).total_seconds()))
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"
