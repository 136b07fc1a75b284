"""A line of a segment: facts to bytes, bytes to records."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
from msgspec import UNSET, UnsetType

from forensics.archive.undecodable import MAX_DEPTH, MAX_PAYLOAD_BYTES, undecodable, why_unfit
from forensics.model.record import Fact, Record

_OPENS_DATA = b',"data":'
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


class _Line(msgspec.Struct):
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


def encode(facts: Sequence[Fact], envelope: Envelope) -> tuple[bytes, list[Record]]:
    """Return the bytes of one append with the records that they hold.

    A fact that cannot be written as it is becomes a ``forensics.undecodable`` record in its place.
    """
    facts = list(facts)
    try:
        bodies = _ENCODER.encode_lines(_lines(facts, envelope)).split(b"\n")
        bodies.pop()
    except _CANNOT_ENCODE:
        bodies = [b""] * len(facts)
    _replace_unfit(facts, bodies, envelope)
    pieces = []
    for body in bodies:
        open_body = body[:-1]
        pieces.append(b'%b,"crc":"%08x"}\n' % (open_body, crc32(open_body)))
    return b"".join(pieces), _records(facts, bodies, envelope)


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


def _lines(facts: Sequence[Fact], envelope: Envelope) -> list[_Line]:
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


def _replace_unfit(facts: list[Fact], bodies: list[bytes], envelope: Envelope) -> None:
    """Put something that can be written in the place of each fact that cannot."""
    for index, body in enumerate(bodies):
        # Not-a-number is encoded as null: only a line that holds one can be wrong in that way.
        if body and len(body) < _SHALLOW_BYTES and b"null" not in body:
            continue
        only = msgspec.structs.replace(envelope, first_seq=envelope.first_seq + index)
        reason = _why_unfit(facts[index], body, only)
        if reason is not None:
            facts[index] = undecodable(facts[index], reason)
        if reason is not None or not body:
            bodies[index] = _ENCODER.encode(_lines([facts[index]], only)[0])


def _why_unfit(fact: Fact, body: bytes, envelope: Envelope) -> str | None:
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


def _records(facts: Sequence[Fact], bodies: Sequence[bytes], envelope: Envelope) -> list[Record]:
    return [
        Record(
            type=fact.type,
            source=fact.source,
            id=fact.id,
            recordedtime=envelope.recordedtime,
            seq=seq,
            prev=envelope.prev,
            run=envelope.run,
            poll=envelope.poll,
            time=fact.time,
            subject=fact.subject,
            # A quote inside of a string is escaped: the first match is the attribute.
            data=msgspec.Raw(body[body.index(_OPENS_DATA) + len(_OPENS_DATA) : -1]),
        )
        for seq, (fact, body) in enumerate(zip(facts, bodies, strict=True), envelope.first_seq)
    ]
