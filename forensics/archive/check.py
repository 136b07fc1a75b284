"""The check of segments against their seals and the chain."""

import hashlib
import os
from collections.abc import Callable
from typing import NamedTuple

from forensics.archive import segment
from forensics.archive.disk import Folder
from forensics.archive.line import decode
from forensics.archive.missing import Missing
from forensics.archive.seal import Seal, SealedSegment, read_seal
from forensics.archive.segment import Line, Scan, seal_name, segment_name
from forensics.archive.statement import BadStatement
from forensics.archive.streams import Removed
from forensics.archive.verdict import Problem
from forensics.model.record import Record

_BUFFER_BYTES = 1 << 20


class Span(NamedTuple):
    """A segment that is there, as far as it was checked."""

    number: int
    size_bytes: int
    sha256: str
    last_seq: int


class Check:
    """Checks segments in order; what it finds adds up in its attributes.

    Args:
        folder: The folder of segments.
        archive_id: What seals must name; "" where not known.
        genesis: Digest of the manifest; None where it is damaged.
        removed: What retention has removed: the chain goes on behind it.
        is_live: Tells whether a writer is at work: the last append may then be incomplete.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        archive_id: str,
        genesis: str | None,
        removed: Removed | None,
        is_live: Callable[[], bool],
    ) -> None:
        self.problems: list[Problem] = []
        self.missing_segments: list[int] = []
        self.missing = Missing(removed.seq + 1 if removed else 1)
        self.spans: list[Span] = []
        self.sealed_count = 0
        self.record_count = 0
        self.before = removed.sha256 if removed else genesis
        """SHA-256 of the segment checked last: what the next one's first `prev` must be. None: unknown."""
        self._previous_seal = removed.seal if removed else genesis
        self._folder, self._archive_id, self._is_live = folder, archive_id, is_live

    def segment(self, number: int, *, is_last: bool) -> None:
        """Check one segment; numbers must come in order, without holes."""
        sealed, is_seal_damaged = self._read_seal(number)
        if sealed is not None:
            self._check_seal(number, sealed.seal)
        try:
            if sealed is None or not self._is_as_sealed(number, sealed.seal):
                self._scan(number, sealed, is_open=is_last and sealed is None and not is_seal_damaged)
            if sealed is None and not is_last and not is_seal_damaged:
                self._add("damaged", number, "its seal is gone", file=seal_name(number))
        except FileNotFoundError:
            self._note_missing(number, sealed)
        self._previous_seal = sealed.digest if sealed else None

    def _read_seal(self, number: int) -> tuple[SealedSegment | None, bool]:
        try:
            return read_seal(number, folder=self._folder), False
        except BadStatement as error:
            self._add("damaged", number, str(error), file=seal_name(number))
            return None, True

    def _check_seal(self, number: int, seal: Seal) -> None:
        name = seal_name(number)
        if seal.segment != number or (self._archive_id and seal.archive_id != self._archive_id):
            self._add("damaged", number, "it is the seal of another segment", file=name)
        elif self._previous_seal and seal.previous_seal not in ("", self._previous_seal):
            self._add("damaged", number, "it does not follow the seal before it", file=name)
        self.sealed_count += 1

    def _is_as_sealed(self, number: int, seal: Seal) -> bool:
        """Check a sealed segment as a whole; False where its lines must be looked at one by one."""
        found = _measure(segment_name(number), self._folder)
        if found.sha256 != seal.sha256 or found.size_bytes != seal.size_bytes or found.first is None:
            return False
        if seal.damaged_lines:
            return False
        self._check_link(number, found.first.prev)
        is_counted = found.lines == seal.count == seal.last_seq - seal.first_seq + 1
        if not is_counted or found.first.seq != seal.first_seq or found.first.prev != seal.prev:
            return False
        if seal.first_seq != self.missing.next_seq and not self.missing.take(seal.first_seq):
            return False
        self.missing.next_seq = seal.last_seq + 1
        self.record_count += seal.count
        self._span(number, found.size_bytes, found.sha256)
        return True

    def _scan(self, number: int, sealed: SealedSegment | None, *, is_open: bool) -> None:
        content = self._folder.read(segment_name(number))
        scan = Scan(content, self.before)
        for line in scan.damaged:
            self._add("damaged", number, "not what was written", line=line.number)
        for line in scan.broken_chain:
            self._add("damaged", number, "does not follow what stands before it", line=line.number)
        end = len(content)
        if is_open:
            end = scan.size_bytes
            self._check_torn(number, scan.torn)
        else:
            for line in scan.torn:
                self._add("damaged", number, "not what was written", line=line.number)
        if sealed is not None and not (scan.damaged or scan.torn or scan.broken_chain):
            self._add("damaged", number, "its seal says otherwise; every line of it is whole")
        for record in scan.records:
            self.record_count += self.missing.take(record.seq)
        self._note_lost_end(sealed)
        self._span(number, end, hashlib.sha256(content[:end]).hexdigest())
        if sealed is not None:
            # The next segment follows what was sealed, not what has become of it.
            self.before = sealed.seal.sha256

    def _check_torn(self, number: int, torn: list[Line]) -> None:
        is_being_written = len(torn) == 1 and torn[0].is_cut_short and self._is_live()
        if torn and not is_being_written:
            size = sum(line.size_bytes for line in torn)
            text = f"{size} bytes after the last whole record; the next writer moves them to quarantine/"
            self._add("torn", number, text, line=torn[0].number)

    def _check_link(self, number: int, first_prev: str) -> None:
        if self.before is not None and first_prev != self.before:
            self._add("damaged", number, "does not follow the segment before it", line=1)

    def _note_missing(self, number: int, sealed: SealedSegment | None) -> None:
        self.missing_segments.append(number)
        held = f"; it held {sealed.seal.count} records" if sealed else ""
        self._add("missing", number, f"the segment is gone{held}")
        self.before = sealed.seal.sha256 if sealed else None
        self._note_lost_end(sealed)

    def _note_lost_end(self, sealed: SealedSegment | None) -> None:
        """Count the records that a seal knows of and that were not found."""
        if sealed is not None and (self.missing.next_seq or 1) <= sealed.seal.last_seq:
            self.missing.ranges.append((self.missing.next_seq or 1, sealed.seal.last_seq))
            self.missing.next_seq = sealed.seal.last_seq + 1

    def _span(self, number: int, size_bytes: int, sha256: str) -> None:
        self.spans.append(Span(number, size_bytes, sha256, (self.missing.next_seq or 1) - 1))
        self.before = sha256

    def _add(
        self, kind: str, number: int, text: str, *, line: int | None = None, file: str | None = None
    ) -> None:
        path = f"{segment.FOLDER}/{file or segment_name(number)}"
        self.problems.append(Problem(kind=kind, file=path, segment=number, line=line, text=text))


class _Measured(NamedTuple):
    size_bytes: int
    sha256: str
    lines: int
    first: Record | None


def _measure(name: str, folder: Folder) -> _Measured:
    """Return what a segment is as a whole, at the speed of hashing."""
    digest = hashlib.sha256()
    size = lines = 0
    with folder.open(name) as file:
        buffer = bytearray(min(_BUFFER_BYTES, os.fstat(file.fileno()).st_size + 1))
        view = memoryview(buffer)
        first = decode(file.readline())
        file.seek(0)
        while taken := file.readinto(buffer):
            digest.update(view[:taken])
            lines += buffer.count(b"\n", 0, taken)
            size += taken
    return _Measured(size, digest.hexdigest(), lines, first)
