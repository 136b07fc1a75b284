"""What a writer needs to know to go on with an archive."""

import hashlib

import msgspec

from forensics.archive import recovery, streams
from forensics.archive.disk import Disk
from forensics.archive.ending import Ending, find_ending, fold_segment
from forensics.archive.open_segment import OpenSegment
from forensics.archive.place import Place
from forensics.archive.recent import Recent
from forensics.archive.segment import numbers_in, segment_name
from forensics.archive.streams import ArchiveState
from forensics.model.record import Fact, Record

_REMEMBERED_BYTES = 16 << 20
"""So much of closed segments is read at a start."""


class Standing(msgspec.Struct, kw_only=True):
    """Where an archive stands: mended, and ready for the next append."""

    state: ArchiveState
    closed_number: int
    """Number of the last closed segment; 0 where none is."""
    before: str
    """SHA-256 of that segment, or the manifest's digest: what the next segment's first `prev` is."""
    previous_seal: str
    """Digest of that segment's seal; "" where it cannot be read."""
    segment: OpenSegment | None
    """The open segment."""
    tail: list[Record]
    """Records of the open segment."""
    salvaged: list[Record]
    """Whole records of an interrupted append, to be appended again."""
    fact: Fact | None
    """What had to be mended."""


def resume(place: Place, disk: Disk, recent: Recent) -> Standing:
    """Return where an archive stands after mending what a crash has left.

    Args:
        place: The archive, locked.
        disk: The file calls to use.
        recent: Is told the keys of the newest records.

    Raises:
        OSError: It could not be read or mended; doing it again is safe.
    """
    recovery.remove_temporary(disk, place.segments)
    ending = find_ending(place.segments)
    state = ending.state()
    seals = numbers_in(place.segments.names())[1]
    is_open = bool(ending.unsealed) and ending.unsealed[-1] == ending.last_number not in seals
    open_number = ending.last_number if is_open else None
    closed_number = ending.last_number - 1 if is_open else ending.last_number
    for number in ending.unsealed:
        if number != open_number:
            fold_segment(state, number, folder=place.segments)
    before = _digest_of(closed_number, ending, place)
    standing = Standing(
        state=state,
        closed_number=closed_number,
        before=before,
        previous_seal=_previous_seal(closed_number, ending, place),
        segment=None,
        tail=[],
        salvaged=[],
        fact=None,
    )
    if open_number is not None:
        mended = recovery.mend(disk, open_number, first_prev=before or None, place=place)
        sealed_seq = state.last_seq
        streams.fold_all(state, (record for record in mended.tail if record.seq > sealed_seq))
        recent.add_records(mended.tail)
        standing.segment, standing.tail = mended.segment, mended.tail
        standing.fact, standing.salvaged = mended.fact, mended.salvaged
    _remember(recent, closed_number, place)
    return standing


def _remember(recent: Recent, number: int, place: Place) -> None:
    """Tell the keys of closed segments, from the newest on: of one, and of more where they are short."""
    there, room_bytes = numbers_in(place.segments.names())[0], _REMEMBERED_BYTES
    while not recent.is_full and number in there:
        name = segment_name(number)
        room_bytes -= place.segments.size_bytes(name)
        if room_bytes < 0 and recent.uncomputed:
            return
        recent.add_older(place.segments.read(name), number)
        number -= 1


def _digest_of(number: int, ending: Ending, place: Place) -> str:
    if number == 0:
        return place.manifest.digest
    if ending.sealed is not None and ending.sealed.seal.segment == number:
        return ending.sealed.seal.sha256
    try:
        return hashlib.sha256(place.segments.read(segment_name(number))).hexdigest()
    except FileNotFoundError:
        return ""


def _previous_seal(number: int, ending: Ending, place: Place) -> str:
    if number == 0:
        return place.manifest.digest
    if ending.sealed is not None and ending.sealed.seal.segment == number:
        return ending.sealed.digest
    return ""
