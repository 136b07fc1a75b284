"""Which of the oldest segments an archive lets go of."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from forensics.archive.disk import Folder
from forensics.archive.seal import SealedSegment, read_seal
from forensics.archive.segment import numbers_in
from forensics.archive.statement import BadStatement
from forensics.model.clock import from_rfc3339


class RetentionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How much an archive may keep; nothing is ever removed where nothing is set."""

    max_bytes: int | None = None
    """Remove the oldest segments while all together take more; None: no limit."""
    max_age_s: float | None = None
    """Remove segments that were sealed so many seconds ago; None: never."""
    min_free_bytes: int | None = None
    """Remove the oldest segments while the disk has less room; None: whatever it has."""

    @property
    def is_set(self) -> bool:
        """Tell whether anything may ever be removed."""
        return (self.max_bytes, self.max_age_s, self.min_free_bytes) != (None, None, None)


class Room(NamedTuple):
    """What decides besides the segments themselves."""

    now: datetime
    total_bytes: int
    """Of all segments, the open one included."""
    free_bytes: int
    """What the disk has left for this user."""


class Choice(NamedTuple):
    """Segments to remove, oldest first."""

    seals: tuple[SealedSegment, ...]
    because: str
    """The option that asked for the first of them."""


def choose(
    options: RetentionOptions, seals: Iterable[SealedSegment], room: Room, *, keep_from_seq: int
) -> Choice | None:
    """Return what must go; None where nothing must, or may.

    Args:
        options: The limits.
        seals: Of the segments that may go, oldest first.
        room: What decides besides them.
        keep_from_seq: A segment that holds this record or a later one stays, and so does all behind it.
    """
    chosen: list[SealedSegment] = []
    because = ""
    total_bytes, free_bytes = room.total_bytes, room.free_bytes
    for sealed in seals:
        reason = _why(options, sealed, room.now, total_bytes, free_bytes)
        if reason is None or sealed.seal.last_seq >= keep_from_seq:
            break
        because = because or reason
        chosen.append(sealed)
        total_bytes -= sealed.seal.size_bytes
        free_bytes += sealed.seal.size_bytes
    return Choice(tuple(chosen), because) if chosen else None


def removable(folder: Folder, *, after: int) -> Iterator[SealedSegment]:
    """Yield the seals of the segments that may go, oldest first.

    The newest sealed segment stays: a start reads its seal. What a damaged seal stands for stays too, with
    everything behind it, for nobody could vouch for what was removed.

    Args:
        folder: The folder of segments.
        after: The last segment that was removed before; 0 for none.
    """
    segments, seals = numbers_in(folder.names())
    for number in [number for number in seals if number > after][:-1]:
        try:
            sealed = read_seal(number, folder=folder)
        except BadStatement:
            return
        if sealed is None or number not in segments:
            return
        yield sealed


def _why(
    options: RetentionOptions, sealed: SealedSegment, now: datetime, total_bytes: int, free_bytes: int
) -> str | None:
    if options.max_bytes is not None and total_bytes > options.max_bytes:
        return "max_bytes"
    if options.max_age_s is not None:
        oldest_at = now - timedelta(seconds=options.max_age_s)
        if from_rfc3339(sealed.seal.sealed) < oldest_at:
            return "max_age_s"
    if options.min_free_bytes is not None and free_bytes < options.min_free_bytes:
        return "min_free_bytes"
    return None
