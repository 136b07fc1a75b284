"""Whether the archive can be written, and whether there is room for what is expected."""

from datetime import timedelta
from pathlib import Path

from forensics.archive.probe import Room, probe, room_of
from forensics.errors import ArchiveError
from forensics.model.checkup import NOTE, OK, PROBLEM, Check
from forensics.model.times import format_duration

_MIB = 1 << 20
_BASE_BYTES = 64 * _MIB
"""What a recording may hold in memory while the disk is full: it must find room afterwards."""
_PER_TARGET_HOUR_BYTES = 8 * _MIB
"""Four times what the demo's failing deployment writes in an hour."""
_FEW_FILES, _NEEDED_FILES = 1000, 10
_COMFORTABLE = 4


def check_storage(
    directory: Path, *, expect: timedelta, targets: int, segment_bytes: int
) -> tuple[Check, ...]:
    """Return what was found of the archive and of the disk below it; nothing is created or changed.

    Args:
        directory: Where the archive is or shall be.
        expect: How long the recording is expected to take.
        targets: How many stacks, clusters and services it begins with.
        segment_bytes: How large a file of the archive becomes.
    """
    checks = [_archive(directory)]
    try:
        room = room_of(directory)
    except OSError as error:
        text = f"how much room there is cannot be told: {error.strerror}"
        return (*checks, Check(name="disk", state=NOTE, text=text))
    return (*checks, disk(room, expect=expect, targets=targets, segment_bytes=segment_bytes))


def _archive(directory: Path) -> Check:
    try:
        is_there = probe(directory)
    except ArchiveError as error:
        return Check(name="archive", state=PROBLEM, text=error.message, remedy=error.hint or "")
    what = "is there and would be continued" if is_there else "can be created"
    return Check(name="archive", state=OK, text=f"{directory} {what}")


def disk(room: Room, *, expect: timedelta, targets: int, segment_bytes: int) -> Check:
    """Return whether the room is enough.

    Args:
        room: What the file system has left.
        expect: How long the recording is expected to take.
        targets: How many stacks, clusters and services it begins with.
        segment_bytes: How large a file of the archive becomes.
    """
    hours = expect.total_seconds() / 3600
    needed = _BASE_BYTES + round(max(1, targets) * hours * _PER_TARGET_HOUR_BYTES)
    text = f"{size(room.free_bytes)} free, {size(needed)} are enough for {format_duration(expect)}"
    facts = {"free_bytes": room.free_bytes, "needed_bytes": needed, "free_files": room.free_files}
    state, more, remedy = _verdict(room, needed, segment_bytes)
    return Check(name="disk", state=state, text=text + more, remedy=remedy, facts=facts)


def _verdict(room: Room, needed: int, segment_bytes: int) -> tuple[str, str, str]:
    """Return the state, what to add to the text, and the remedy."""
    limit = room.longest_file_bytes
    if room.free_bytes < needed:
        return PROBLEM, "", "make room, or name another place with --archive"
    if limit is not None and limit < segment_bytes:
        more = f"; but a file may grow to {size(limit)} only, and the archive's grow to {size(segment_bytes)}"
        return PROBLEM, more, "raise the limit (ulimit -f), or lower archive.segment_bytes in the settings"
    if room.free_files is not None and room.free_files < _FEW_FILES:
        more = f"; but only {room.free_files} more files can be created"
        state = NOTE if room.free_files > _NEEDED_FILES else PROBLEM
        return state, more, "remove files there, or name another place with --archive"
    if room.free_bytes < _COMFORTABLE * needed:
        return NOTE, "; that is not much", "see that nothing else fills this disk meanwhile"
    return OK, "", ""


def size(count: int) -> str:
    """Return a number of bytes in the largest unit that leaves a whole part, such as ``64 MiB``."""
    for unit, step in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", _MIB), ("KiB", 1 << 10)):
        if count >= step:
            return f"{count / step:.3g} {unit}" if count < 1000 * step else f"{count // step:,} {unit}"
    return f"{count} bytes"
