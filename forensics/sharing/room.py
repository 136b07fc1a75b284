"""Which records stay where an extract must not be larger than so much."""

from collections.abc import Collection, Iterable

import msgspec

from forensics.analysis.notable import is_routine
from forensics.model.clock import from_rfc3339
from forensics.model.record import Record

_ENVELOPE_BYTES = 400
"""About what a line takes beside its payload."""


class Weighed(msgspec.Struct, frozen=True):
    """A record as far as leaving it out needs to know it."""

    seq: int
    size_bytes: int
    """Of its line."""
    rank: tuple[int, float]
    """The lower, the nearer to the cause."""


def size_of(record: Record) -> int:
    """Return about how many bytes a record's line takes."""
    return len(bytes(record.data)) + _ENVELOPE_BYTES


def weigh(record: Record, size_bytes: int, *, evidence: Collection[int], cause_at: str) -> Weighed:
    """Return how much a record weighs, and how near it is to the cause.

    Evidence comes first, then the recorder's own statements, without which nobody could tell what was not
    seen, then everything else by its distance in time; routine records come after the others.

    Args:
        record: The record.
        size_bytes: Of its line.
        evidence: Numbers of the records that the findings rest on.
        cause_at: When the cause shows first, RFC 3339; "" where there is none: then the newest are nearest.
    """
    if record.seq in evidence:
        return Weighed(record.seq, size_bytes, (0, 0.0))
    if record.type.startswith("forensics."):
        return Weighed(record.seq, size_bytes, (1, float(-record.seq)))
    distance_s = abs(_seconds(record.happened_at()) - _seconds(cause_at)) if cause_at else float(-record.seq)
    return Weighed(record.seq, size_bytes, (3 if is_routine(record) else 2, distance_s))


def left_out(weighed: Iterable[Weighed], room_bytes: int) -> frozenset[int]:
    """Return the numbers of the records for which there is no room: the farthest from the cause.

    Args:
        weighed: All records.
        room_bytes: What their lines may take together.
    """
    out = set()
    for item in sorted(weighed, key=lambda item: item.rank):
        room_bytes -= item.size_bytes
        if room_bytes < 0:
            out.add(item.seq)
    return frozenset(out)


def _seconds(moment: str) -> float:
    try:
        return from_rfc3339(moment).timestamp()
    except ValueError:
        return float("inf")
