"""A line of a segment: facts to bytes, bytes to records."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
from msgspec import UNSET, UnsetType

from forensics.archive.undecodable import MAX_DEPTH, MAX_PAYLOAD_BYTES, undecodable, why_unfit
from forensics.model.record import Fact, Record

_CLOSED_LINE = b'%b,"crc":"%08x"}\n'
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
        content = _ENCODER.encode_lines(_lines(facts, envelope))
        bodies = content.split(b"\n")
        bodies.pop()
        # Not-a-number is encoded as null: only lines that hold one can be wrong in that way.
        doubtful = range(len(bodies)) if b"null" in content else _long(bodies)
    except _CANNOT_ENCODE:
        bodies = [b""] * len(facts)
        doubtful = range(len(bodies))
    for index in doubtful:
        only = msgspec.structs.replace(envelope, first_seq=envelope.first_seq + index)
        bodies[index] = _encode_doubtful(facts[index], bodies[index], only)
    parts: list[bytes | int] = [b""] * (2 * len(bodies))
    parts[::2] = opens = [body[:-1] for body in bodies]
    parts[1::2] = map(crc32, opens)
    return (_CLOSED_LINE * len(bodies)) % tuple(parts)


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


def _long(bodies: Sequence[bytes]) -> list[int]:
    return [index for index, body in enumerate(bodies) if len(body) >= _SHALLOW_BYTES]


def _encode_doubtful(fact: Fact | Record, body: bytes, envelope: Envelope) -> bytes:
    """Return the line of a fact, or of what stands for it where it cannot be written.

    Args:
        fact: The fact.
        body: Its line as encoded with others; b"" where that failed.
        envelope: With the fact's own seq.
    """
    reason = _why_unfit(fact, body, envelope)
    if reason is not None:
        fact = undecodable(fact, reason)
    elif body:
        return body
    return _ENCODER.encode(_lines([fact], envelope)[0])


def _why_unfit(fact: Fact | Record, body: bytes, envelope: Envelope) -> str | None:
    if not body:
        try:
            body = _ENCODER.encode(_lines([fact], envelope)[0])
        except _CANNOT_ENCODE as error:
            return f"{type(error).__name__}: {error}"
    if len(body) > MAX_PAYLOAD_BYTES:
        return f"it takes {len(body)} bytes, more than {MAX_PAYLOAD_BYTES}"
    if b"null" in body or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        return why_unfit(fact.data)
    return None
