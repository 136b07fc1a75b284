"""Names for the states of things that AWS only shows as they are now: one for each change."""

import hashlib
from typing import Any

import orjson

Entry = dict[str, Any]
"""What a position keeps of one thing: {"count": changes so far, "digests": the last of them}."""

_MEMORY = 16


def digest12(payload: Any) -> str:
    """Return the first 12 hex digits of the SHA-256 of a payload's canonical JSON."""
    return hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


def content_digest(payload: Any) -> str:
    """Return a short digest of what a payload says.

    The order of an object's keys and of a list's members is no part of it: AWS changes both from call to
    call.

    Raises:
        TypeError: It holds what JSON cannot carry.
        RecursionError: It nests too deep.
    """
    return digest12(_unordered(payload))


def change_id(name: str, entry: Entry | None, payload: Any) -> str | None:
    """Return the id of the fact that a thing now has this payload; None where it had it already.

    A thing may come back to what it was (2 tasks, 1, 2 again). That is a new fact, so its id gets the
    number of the change: ``name@digest.3``. So does each after those that are remembered: it may have been
    that before.

    Args:
        name: The thing's ARN or id.
        entry: What the position keeps of it, None if never seen.
        payload: What AWS shows now.
    """
    digest = digest12(payload)
    if entry is None:
        return f"{name}@{digest}"
    if entry["digests"][-1] == digest:
        return None
    is_memory_short = entry["count"] > len(entry["digests"])
    if is_memory_short or digest in entry["digests"]:
        return f"{name}@{digest}.{entry['count'] + 1}"
    return f"{name}@{digest}"


def after_change(entry: Entry | None, fact_id: str) -> Entry:
    """Return what a position keeps of a thing after the fact with this id."""
    digest = fact_id.rpartition("@")[2].partition(".")[0]
    if entry is None:
        return {"count": 1, "digests": [digest]}
    return {"count": entry["count"] + 1, "digests": [*entry["digests"][-(_MEMORY - 1) :], digest]}


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted(map(_unordered, value), key=_spelled)
    return value


def _spelled(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
