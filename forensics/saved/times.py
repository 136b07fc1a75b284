"""Times as the AWS CLI, boto3 and other SDKs write them into what people save."""

import re
from datetime import UTC, datetime
from typing import Any

from forensics.model.clock import to_rfc3339

# Seconds since 1970 reach this in the year 5138; milliseconds passed it in 1973.
_MILLISECONDS_FROM = 1e11
_NUMBER = re.compile(r"\d{9,13}(?:\.\d+)?")
_HAS_TIME = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d")
_NAMED_UTC = re.compile(r" (?:UTC|GMT)$")


def moment(value: Any) -> datetime | None:
    """Return the aware UTC moment that a value names, or None where it names none.

    Args:
        value: Seconds or milliseconds since 1970, as a number or as text; or ISO 8601 with ``T`` or a space,
            and ``Z``, ``UTC``, an offset or nothing behind it. Without a zone it is taken as UTC.
    """
    try:
        if isinstance(value, str):
            return _from_number(float(value)) if _NUMBER.fullmatch(value) else _from_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_number(value)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def stamp(value: Any) -> str | None:
    """Return the moment that a value names as RFC 3339 in UTC, or None where it names none."""
    at = moment(value)
    return to_rfc3339(at) if at is not None else None


def lacks_zone(value: Any) -> bool:
    """Return whether a value is a date and time that says no time zone."""
    if not isinstance(value, str) or not _HAS_TIME.match(value):
        return False
    try:
        return datetime.fromisoformat(_NAMED_UTC.sub("Z", value)).tzinfo is None
    except ValueError:
        return False


def _from_number(value: float) -> datetime:
    return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, UTC)


def _from_text(text: str) -> datetime | None:
    if not _HAS_TIME.match(text):
        return None
    at = datetime.fromisoformat(_NAMED_UTC.sub("Z", text))
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
