"""Segments as files: their names, and what the bytes of one hold."""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

from forensics.archive.line import decode, decode_whole
from forensics.archive.missing import Missing
from forensics.model.record import Record

if TYPE_CHECKING:
    from hashlib import _Hash

FOLDER = "seg"
_BLOCK_BYTES = 1 << 18
_NAME = re.compile(r"([0-9]{8,})\.(jsonl|seal\.json)")


def segment_name(number: int) -> str:
    """Return a segment's file name."""
    return f"{number:08d}.jsonl"


def seal_name(number: int) -> str:
    """Return the file name of a segment's seal."""
    return f"{number:08d}.seal.json"


def numbers_in(names: Iterable[str]) -> tuple[list[int], list[int]]:
    """Return the sorted numbers of the segments, and of the seals, among file names."""
    segments: list[int] = []
    seals: list[int] = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match:
            (segments if match[2] == "jsonl" else seals).append(int(match[1]))
    return sorted(segments), sorted(seals)


class Line(NamedTuple):
    """One line of a segment."""

    number: int
    """From 1."""
    offset: int
    """Bytes of the segment before it."""
    size_bytes: int
    """Its line feed included."""
    record: Record | None
    """None where the line is not what was written."""
    is_cut_short: bool
    """It has no line feed: a writer may be about to complete it."""


def records_in(content: bytes) -> Iterator[Record]:
    """Yield the records of a segment, passing over damaged lines."""
    whole = decode_whole(content)
    if whole is not None:
        yield from whole[0]
        return
    for line in lines_in(io.BytesIO(content)):
        if line.record is not None:
            yield line.record


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a segment's bytes in blocks of whole lines; the last may end with a line that is cut short.

    A block is small enough to stay in the processor's cache, and large enough that its lines cost little
    more than their decoding.
    """
    is_cut_short = False
    # The rest of a line that was cut short may come while its beginning is looked at: it is no line either.
    while not is_cut_short and (block := file.read(_BLOCK_BYTES)):
        if not block.endswith(b"\n"):
            block += file.readline()
            is_cut_short = not block.endswith(b"\n")
        yield block


def lines_in(content: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a segment, damaged ones too.

    Args:
        content: The segment cut after each line feed, such as an open file.
    """
    offset = 0
    for number, line in enumerate(content, 1):
        yield Line(number, offset, len(line), decode(line), not line.endswith(b"\n"))
        offset += len(line)


class Scan:
    """A segment read line by line, with its chain checked.

    Args:
        content: All bytes of it.
        first_prev: What the first line's `prev` must be; None where that is not known.
    """

    def __init__(self, content: bytes, first_prev: str | None) -> None:
        self.records: list[Record] = []
        self.damaged: list[Line] = []
        """Lines that are not what was written, in front of the last whole one."""
        self.broken_chain: list[Line] = []
        """Whole lines whose `prev` is not the digest of what stands before them."""
        self.size_bytes = 0
        """Length up to the last whole line: what follows is a torn tail."""
        self.missing = Missing()
        self.torn: list[Line] = []
        """Lines after the last whole one."""
        self._chain = _Chain(content, first_prev)
        if not self._take_whole(content, self._chain):
            self._chain = _Chain(content, first_prev)
            self._take_lines(content, self._chain)

    def digest(self) -> "_Hash":
        """Return the running digest of everything up to the last whole line."""
        return self._chain.digest_to(self.size_bytes)

    def _take_whole(self, content: bytes, chain: "_Chain") -> bool:
        """Take a segment in which nothing is wrong; False where there is anything to look at."""
        whole = decode_whole(content)
        if whole is None or not whole[0]:
            return False
        seq = whole[0][0].seq
        offset = 0
        for record, size_bytes in zip(*whole, strict=True):
            if record.seq != seq or not chain.holds(offset, record.prev):
                return False
            seq += 1
            offset += size_bytes
        self.records, self.size_bytes = whole[0], offset
        self.missing.next_seq = seq
        return True

    def _take_lines(self, content: bytes, chain: "_Chain") -> None:
        for line in lines_in(io.BytesIO(content)):
            if line.record is None or not self.missing.take(line.record.seq):
                self.torn.append(line)
                continue
            self.damaged += self.torn
            self.torn = []
            self.size_bytes = line.offset + line.size_bytes
            if not chain.holds(line.offset, line.record.prev) and not self.damaged:
                self.broken_chain.append(line)
            self.records.append(line.record)


class _Chain:
    """The digests that the lines of a segment must carry."""

    def __init__(self, content: bytes, first_prev: str | None) -> None:
        self._content = memoryview(content)
        self._digest = hashlib.sha256()
        self._hashed_bytes = 0
        self._prev = first_prev
        self._is_first_unknown = first_prev is None

    def holds(self, offset: int, prev: str) -> bool:
        """Tell whether a line at an offset may carry this `prev`."""
        if self._is_first_unknown and offset == 0:
            self._prev = prev
        if prev == self._prev:
            return True
        self._prev = prev
        return offset > 0 and prev == self.digest_to(offset).hexdigest()

    def digest_to(self, offset: int) -> "_Hash":
        """Return the digest of the bytes before an offset; offsets must not go back."""
        self._digest.update(self._content[self._hashed_bytes : offset])
        self._hashed_bytes = offset
        return self._digest
