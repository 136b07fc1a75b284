"""Segments that are removed, and the record that says so."""

import msgspec

from forensics.archive.disk import Disk, Folder
from forensics.archive.retention import Choice, RetentionOptions, Room, choose, removable
from forensics.archive.segment import numbers_in, seal_name, segment_name
from forensics.archive.streams import Removed
from forensics.model.clock import Clock
from forensics.model.record import RETENTION, Fact


def find_removable(
    folder: Folder,
    before: Removed | None,
    options: RetentionOptions,
    *,
    disk: Disk,
    clock: Clock,
    keep_from_seq: int,
) -> Choice | None:
    """Return the segments that the limits ask to remove; None where they ask for none.

    Args:
        folder: The folder of segments.
        before: What was removed earlier.
        options: The limits.
        disk: Says how much room there is.
        clock: Says how old a segment is.
        keep_from_seq: The oldest record that must stay.

    Raises:
        OSError: The folder cannot be read.
    """
    size_bytes = sum(folder.size_bytes(segment_name(number)) for number in numbers_in(folder.names())[0])
    room = Room(clock.now(), size_bytes, disk.free_bytes(folder.fd))
    after = before.segment if before else 0
    return choose(options, removable(folder, after=after), room, keep_from_seq=keep_from_seq)


def remove_files(folder: Folder, removed: Removed | None, *, disk: Disk) -> None:
    """Remove what the archive says is gone; a crash may have left some of it.

    Raises:
        OSError: A file could not be removed; doing it again is safe.
    """
    segments, seals = numbers_in(folder.names())
    last = removed.segment if removed else 0
    names = [segment_name(number) for number in segments if number <= last]
    names += [seal_name(number) for number in seals if number <= last]
    for name in names:
        disk.remove(name, folder=folder.fd)
    if names:
        disk.sync_folder(folder.fd)


def tombstone(choice: Choice, before: Removed | None, archive_id: str) -> Fact:
    """Return the fact that says what is removed now, and what is gone in all."""
    first, last = choice.seals[0].seal, choice.seals[-1]
    records = sum(sealed.seal.count for sealed in choice.seals)
    size_bytes = sum(sealed.seal.size_bytes for sealed in choice.seals)
    gone = Removed(
        segment=last.seal.segment,
        seq=last.seal.last_seq,
        records=records + (before.records if before else 0),
        size_bytes=size_bytes + (before.size_bytes if before else 0),
        sha256=last.seal.sha256,
        seal=last.digest,
    )
    now = {"segments": [first.segment, last.seal.segment], "records": records, "size_bytes": size_bytes}
    return Fact(
        type=RETENTION,
        source=f"urn:forensics:{archive_id}",
        id=f"retention-{last.seal.segment}",
        data={**msgspec.to_builtins(gone), "because": choice.because, "removed": now},
    )
