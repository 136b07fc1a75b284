"""A line of a segment: facts to bytes, bytes to records."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
from msgspec import UNSET, UnsetType

from forensics.archive.undecodable import MAX_DEPTH, MAX_PAYLOAD_BYTES, undecodable, why_unfit
from forensics.model.record import Fact, Record

_CRC_BYTES = len(b',"crc":"00000000"}\n')
# The attributes take some 200 bytes: a shorter line cannot nest to MAX_DEPTH.
_SHALLOW_BYTES = 700


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of one append have in common."""

    recordedtime: str
    first_seq: int
    prev: str
    run: str
    poll: str | None


class _Line(msgspec.Struct, gc=False):
    """A line's attributes in their order; positional, because one is made for each record."""

    specversion: str
    type: str
    source: str
    subject: str | UnsetType
    id: str
    time: str | UnsetType
    recordedtime: str
    seq: int
    prev: str
    run: str
    poll: str | UnsetType
    data: Any


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)
_CANNOT_ENCODE = (msgspec.MsgspecError, RecursionError, TypeError, ValueError, OverflowError)


def encode(facts: Sequence[Fact | Record], envelope: Envelope) -> bytes:
    """Return the bytes of one append; a record is written anew with its payload as it is.

    A fact that cannot be written as it is becomes a ``forensics.undecodable`` record in its place.
    """
    try:
        content = _encode_usual(_lines(facts, envelope))
    except _CANNOT_ENCODE:
        content = None
    # Not-a-number is encoded as null: only lines that hold one can be wrong in that way.
    if content is None or b"null" in content:
        return b"".join(
            _encode_carefully(fact, msgspec.structs.replace(envelope, first_seq=seq))
            for seq, fact in enumerate(facts, envelope.first_seq)
        )
    return content


def decode_append(content: bytes) -> list[Record]:
    """Return the records in bytes that `encode` returned."""
    return _DECODER.decode_lines(content)


def decode(line: bytes) -> Record | None:
    """Return the record that a line holds, or None where it is not what was written.

    Args:
        line: The line's bytes with its line feed.
    """
    if line[-_CRC_BYTES:] != b',"crc":"%08x"}\n' % crc32(line[:-_CRC_BYTES]):
        return None
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def decode_whole(content: bytes) -> tuple[list[Record], list[int]] | None:
    """Return the records of a segment with their lines' lengths; None where any line is not what was written.

    Several times faster than line by line, which is left for segments that are damaged.
    """
    lines = content.split(b"\n")
    if lines.pop() != b"":
        return None
    crc_bytes = _CRC_BYTES - 1
    for line in lines:
        if line[-crc_bytes:] != b',"crc":"%08x"}' % crc32(line[:-crc_bytes]):
            return None
    try:
        records = _DECODER.decode_lines(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return records, [len(line) + 1 for line in lines]


def _lines(facts: Sequence[Fact | Record], envelope: Envelope) -> list[_Line]:
    recorded, prev, run, poll = envelope.recordedtime, envelope.prev, envelope.run, envelope.poll or UNSET
    return [
        _Line(
            "1.0",
            fact.type,
            fact.source,
            fact.subject or UNSET,
            fact.id,
            fact.time or UNSET,
            recorded,
            seq,
            prev,
            run,
            poll,
            fact.data,
        )
        for seq, fact in enumerate(facts, envelope.first_seq)
    ]


def _encode_usual(lines: Sequence[_Line]) -> bytes | None:
    """Return the bytes of lines, or None where one of them could be unfit."""
    content = bytearray()
    # One buffer for all lines: allocating one for each costs as much as encoding it.
    body = bytearray()
    for line in lines:
        _ENCODER.encode_into(line, body)
        if len(body) >= _SHALLOW_BYTES and _could_be_unfit(body):
            return None
        body.pop()
        content += body
        content += b',"crc":"%08x"}\n' % crc32(body)
    return bytes(content)


def _could_be_unfit(body: bytes | bytearray) -> bool:
    return len(body) > MAX_PAYLOAD_BYTES or body.count(b"{") + body.count(b"[") > MAX_DEPTH


def _encode_carefully(fact: Fact | Record, envelope: Envelope) -> bytes:
    """Return the line of a fact, or of what stands for it where it cannot be written."""
    reason, body = None, b""
    try:
        body = _ENCODER.encode(_lines([fact], envelope)[0])
    except _CANNOT_ENCODE as error:
        reason = f"{type(error).__name__}: {error}"
    if len(body) > MAX_PAYLOAD_BYTES:
        reason = f"it takes {len(body)} bytes, more than {MAX_PAYLOAD_BYTES}"
    elif b"null" in body or _could_be_unfit(body):
        reason = why_unfit(fact.data)
    if reason is not None:
        body = _ENCODER.encode(_lines([undecodable(fact, reason)], envelope)[0])
    return b'%b,"crc":"%08x"}\n' % (body[:-1], crc32(body[:-1]))
