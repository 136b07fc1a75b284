"""A segment's closing statement."""

import msgspec

from forensics.archive import statement
from forensics.archive.disk import Disk, Folder, write_whole
from forensics.archive.manifest import FORMAT
from forensics.archive.segment import seal_name
from forensics.archive.streams import ArchiveState


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment held when it was closed; see docs/reference/archive-format.md."""

    format: int = FORMAT
    archive_id: str
    segment: int
    first_seq: int
    last_seq: int
    count: int
    size_bytes: int
    sha256: str
    """Of the whole segment: the archive's head digest at that moment."""
    prev: str
    """`prev` of the segment's first line."""
    previous_seal: str
    """Digest of the seal before; of ARCHIVE.json for the first; "" where it could not be read."""
    opened: str
    sealed: str
    closed_because: str
    """size, age, close or damage."""
    gap_count: int
    damaged_lines: list[int] = []
    state: ArchiveState


class SealedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A seal as read, with its own digest."""

    seal: Seal
    digest: str


def write_seal(disk: Disk, seal: Seal, *, folder: Folder) -> str:
    """Write a seal beside its segment and return its digest.

    Raises:
        OSError: It could not be written; the segment is still open.
    """
    content, digest = statement.close_statement(seal)
    write_whole(disk, seal_name(seal.segment), content, folder=folder)
    return digest


def read_seal(number: int, *, folder: Folder) -> SealedSegment | None:
    """Return a segment's seal, or None where there is none.

    Raises:
        BadStatement: What is there is not what was written.
        OSError: It cannot be read.
    """
    try:
        content = folder.read(seal_name(number))
    except FileNotFoundError:
        return None
    digest = statement.digest_of(content)
    try:
        seal = msgspec.json.decode(content, type=Seal)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise statement.BadStatement(str(error)) from error
    return SealedSegment(seal=seal, digest=digest)
