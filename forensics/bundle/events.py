"""The records of a bundle as lines with a chain of their own."""

import hashlib
from collections.abc import Iterable, Iterator
from zlib import crc32

import msgspec

from forensics.archive.line import decode
from forensics.bundle.refusal import refused
from forensics.model.record import Record

_ENCODER = msgspec.json.Encoder()


def write_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield the line of each record: as in an archive, but `prev` is the SHA-256 of all lines before it.

    Args:
        records: In the order of their seq, which they keep; there may be holes.
    """
    digest = hashlib.sha256()
    for record in records:
        line = _line(record, digest.hexdigest())
        digest.update(line)
        yield line


def read_lines(lines: Iterable[bytes], name: str) -> Iterator[Record]:
    """Yield the records of lines as `write_lines` gives them.

    Args:
        lines: Each with its line feed.
        name: Names the bundle where a line is not what was written.

    Raises:
        BundleRefused: A line was changed, moved, added or left out; which one.
    """
    digest = hashlib.sha256()
    last_seq = 0
    for number, line in enumerate(lines, 1):
        record = decode(line)
        if record is None:
            raise refused(name, f"line {number} of events.jsonl is not what was written")
        if record.prev != digest.hexdigest():
            raise refused(name, f"line {number} of events.jsonl does not follow what stands before it")
        if record.seq <= last_seq:
            raise refused(name, f"line {number} of events.jsonl is out of order")
        last_seq = record.seq
        digest.update(line)
        yield record


def _line(record: Record, prev: str) -> bytes:
    """Return a line; its attributes stand in the order of the archive format."""
    attributes = {
        "specversion": record.specversion,
        "type": record.type,
        "source": record.source,
        "subject": record.subject,
        "id": record.id,
        "time": record.time,
        "recordedtime": record.recordedtime,
        "seq": record.seq,
        "prev": prev,
        "run": record.run,
        "poll": record.poll,
        "data": record.data,
    }
    present = {name: value for name, value in attributes.items() if value is not None}
    body = _ENCODER.encode(present)[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, crc32(body))
