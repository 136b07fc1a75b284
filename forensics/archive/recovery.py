"""What a crash left at the end of an archive, mended."""

import hashlib
import io

import msgspec

from forensics.archive.disk import Disk, Folder, write_whole
from forensics.archive.open_segment import OpenSegment
from forensics.archive.place import Place
from forensics.archive.segment import Scan, lines_in, records_in, segment_name
from forensics.model.record import RECOVERY, Fact, Record


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """An open segment that can be appended to again."""

    segment: OpenSegment
    tail: list[Record]
    """Its records."""
    salvaged: list[Record]
    """Whole records among the bytes cut off, to be appended again."""
    fact: Fact | None
    """What had to be mended; None where the segment was whole."""


def remove_temporary(disk: Disk, folder: Folder) -> None:
    """Remove what is left of interrupted writing under temporary names."""
    for name in folder.names():
        if name.endswith(".tmp"):
            disk.remove(name, folder=folder.fd)


def mend(disk: Disk, number: int, *, first_prev: str | None, place: Place) -> Mended:
    """Make the last segment end with a whole record, keeping what is cut off.

    Args:
        disk: The file calls to use.
        number: The segment's.
        first_prev: What its first line's `prev` must be; None where not known.
        place: The archive, locked.

    Raises:
        OSError: It could not be done; doing it again is safe.
    """
    segments = place.segments
    content = segments.read(segment_name(number))
    scan = Scan(content, first_prev)
    salvaged: list[Record] = []
    interrupted_at = _interrupted_at(content, first_prev) if scan.damaged else None
    if interrupted_at is not None:
        salvaged = list(records_in(content[interrupted_at:]))
        scan = Scan(content[:interrupted_at], first_prev)
    cut = content[scan.size_bytes :]
    kept_as = _keep(disk, f"{number:08d}-{scan.size_bytes}", cut, place.quarantine) if cut else None
    fd = disk.open(segment_name(number), folder=segments.fd)
    try:
        if cut:
            disk.truncate(fd, scan.size_bytes)
        # The killed writer may not have flushed what it wrote; from here on we count on it.
        disk.sync(fd)
        disk.sync_folder(segments.fd)
    except OSError:
        disk.close(fd)
        raise
    segment = OpenSegment(disk, place.aside, number, fd)
    segment.resume(scan)
    fact = None
    if cut or scan.damaged:
        fact = Fact(
            type=RECOVERY,
            source=f"urn:forensics:{place.manifest.archive_id}",
            id=f"recovery-{number}-{scan.size_bytes}",
            data={
                "segment": number,
                "cut_bytes": len(cut),
                "quarantined_as": kept_as,
                "salvaged": len(salvaged),
                "damaged_lines": segment.damaged_lines,
            },
        )
    return Mended(segment=segment, tail=scan.records, salvaged=salvaged, fact=fact)


def _interrupted_at(content: bytes, first_prev: str | None) -> int | None:
    """Return where the damage begins, if nothing but the last append is damaged; else None.

    A loss of power during a flush can keep later blocks of an append and lose earlier ones. The whole lines
    after the damage tell by their `prev` where their append began: if the bytes before that are as they were,
    all damage lies in that append, whose flush never ended.
    """
    lines = list(lines_in(io.BytesIO(content)))
    damaged = next((index for index, line in enumerate(lines) if line.record is None), len(lines))
    prevs = {line.record.prev for line in lines[damaged:] if line.record is not None}
    if len(prevs) != 1:
        return None
    [prev] = prevs
    same = [line for line in lines[:damaged] if line.record is not None and line.record.prev == prev]
    start = same[0].offset if same else lines[damaged].offset
    before = hashlib.sha256(content[:start]).hexdigest() if start else first_prev
    return lines[damaged].offset if before == prev else None


def _keep(disk: Disk, stem: str, content: bytes, quarantine: Folder) -> str:
    """Store cut bytes under a name that is free, or that already has exactly these bytes."""
    remove_temporary(disk, quarantine)
    names = quarantine.names()
    attempt = 1
    while True:
        name = f"{stem}-{attempt}.bin"
        if name not in names:
            write_whole(disk, name, content, folder=quarantine)
            return name
        if quarantine.read(name) == content:
            return name
        attempt += 1
