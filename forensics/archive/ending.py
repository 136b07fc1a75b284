"""Where an archive ends: its newest readable seal, and the segments after it."""

import msgspec

from forensics.archive import streams
from forensics.archive.disk import Folder
from forensics.archive.seal import SealedSegment, read_seal
from forensics.archive.segment import numbers_in, records_in, segment_name
from forensics.archive.statement import BadStatement
from forensics.archive.streams import ArchiveState


class Ending(msgspec.Struct, kw_only=True):
    """What a reader needs to know of an archive's past."""

    sealed: SealedSegment | None
    """The newest seal that can be read."""
    unsealed: list[int]
    """Segments after it, in order: at most one, the open segment, unless seals are damaged or gone."""
    last_number: int
    """Highest number of any segment or seal; 0 in an empty archive."""

    def state(self) -> ArchiveState:
        """Return the state as the seal has it: a fresh object to fold on."""
        return self.sealed.seal.state if self.sealed else ArchiveState()


def find_ending(folder: Folder) -> Ending:
    """Return where the archive with this segment folder ends.

    Raises:
        OSError: A file is there and cannot be read.
    """
    segments, seals = numbers_in(folder.names())
    sealed = None
    for number in reversed(seals):
        try:
            sealed = read_seal(number, folder=folder)
            break
        except BadStatement:
            continue
    after = sealed.seal.segment if sealed else 0
    return Ending(
        sealed=sealed,
        unsealed=[number for number in segments if number > after],
        last_number=max(segments[-1:] + seals[-1:], default=0),
    )


def fold_segment(state: ArchiveState, number: int, *, folder: Folder) -> None:
    """Fold the records of one segment that are not in the state yet."""
    sealed_seq = state.last_seq
    found = records_in(folder.read(segment_name(number)))
    streams.fold_all(state, (record for record in found if record.seq > sealed_seq))
