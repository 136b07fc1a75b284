"""The bytes of one append, and the records that they are."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
import orjson
from msgspec import Raw

from forensics.archive.undecodable import MAX_DEPTH, MAX_PAYLOAD_BYTES, undecodable, why_unfit
from forensics.model.record import Fact, Record

_CRC_BYTES = len(b',"crc":"00000000"}\n')
_OPTIONAL = {"subject", "time", "poll"}
_ENCODER = msgspec.json.Encoder()
_CANNOT_ENCODE = (msgspec.MsgspecError, RecursionError, TypeError, ValueError, OverflowError)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of one append have in common."""

    recordedtime: str
    first_seq: int
    prev: str
    run: str
    poll: str | None


class Append:
    """One append, encoded.

    A fact that cannot be written as it is becomes a ``forensics.undecodable`` record in its place; a record
    is written anew with its payload as it is.

    Args:
        facts: What to write, in order; at least one.
        envelope: What they have in common.

    Attributes:
        content: The bytes to write.
    """

    def __init__(self, facts: Sequence[Fact | Record], envelope: Envelope) -> None:
        self._envelope = envelope
        self._facts = list(facts)
        self._lines = self._encode()
        self.content = b"".join(self._lines)
        # Not-a-number is encoded as null: only lines that hold one can be wrong in that way.
        if b"null" in self.content or len(self.content) > MAX_PAYLOAD_BYTES:
            self._encode_again()
            self.content = b"".join(self._lines)

    def records(self) -> list[Record]:
        """Return the records that a reader will find, without decoding what has just been encoded."""
        recordedtime, prev = self._envelope.recordedtime, self._envelope.prev
        run, poll = self._envelope.run, self._envelope.poll or None
        # A line's payload begins behind these and the fact's own attributes.
        common = len(recordedtime) + len(prev) + len(run)
        return [
            Record(
                type=fact.type,
                source=fact.source,
                id=fact.id,
                recordedtime=recordedtime,
                seq=seq,
                prev=prev,
                run=run,
                poll=poll,
                time=fact.time or None,
                subject=fact.subject or None,
                # In front of it are only strings, whose quotes are escaped, and a number.
                data=Raw(
                    line[line.index(b',"data":', common + len(fact.source) + len(fact.id)) + 8 : -_CRC_BYTES]
                ),
            )
            for seq, (fact, line) in enumerate(
                zip(self._facts, self._lines, strict=True), self._envelope.first_seq
            )
        ]

    def _encode(self) -> list[bytes]:
        lines: list[bytes] = []
        # One object for all lines, in the order of the format: making one for each takes as long as encoding.
        line = _attributes(self._envelope)
        is_polled = bool(self._envelope.poll)
        for seq, fact in enumerate(self._facts, self._envelope.first_seq):
            line["type"] = fact.type
            line["source"] = fact.source
            line["subject"] = subject = fact.subject
            line["id"] = fact.id
            line["time"] = time = fact.time
            line["seq"] = seq
            line["data"] = fact.data
            try:
                # It refuses what nests deeper than 254 levels.
                body = orjson.dumps(line if subject and time and is_polled else _without_absent(line))[:-1]
            except _CANNOT_ENCODE:
                lines.append(self._encode_carefully(len(lines)))
            else:
                lines.append(b'%b,"crc":"%08x"}\n' % (body, crc32(body)))
        return lines

    def _encode_again(self) -> None:
        for index, line in enumerate(self._lines):
            is_unfit = b"null" in line and why_unfit(self._facts[index].data) is not None
            if is_unfit or len(line) > MAX_PAYLOAD_BYTES:
                self._lines[index] = self._encode_carefully(index)

    def _encode_carefully(self, index: int) -> bytes:
        """Return the line of a fact, or of what stands for it where it cannot be written."""
        fact, reason, body = self._facts[index], None, b""
        try:
            body = self._body(index)
        except _CANNOT_ENCODE as error:
            reason = f"{type(error).__name__}: {error}"
        if len(body) > MAX_PAYLOAD_BYTES:
            reason = f"it takes {len(body)} bytes, more than {MAX_PAYLOAD_BYTES}"
        elif b"null" in body or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
            reason = why_unfit(fact.data)
        if reason is not None:
            self._facts[index] = undecodable(fact, reason)
            body = self._body(index)
        return b'%b,"crc":"%08x"}\n' % (body, crc32(body))

    def _body(self, index: int) -> bytes:
        """Return a line up to its crc, by the encoder that takes whatever can be taken."""
        fact = self._facts[index]
        line = _attributes(self._envelope) | {
            "type": fact.type,
            "source": fact.source,
            "subject": fact.subject,
            "id": fact.id,
            "time": fact.time,
            "seq": self._envelope.first_seq + index,
            "data": fact.data,
        }
        return _ENCODER.encode(_without_absent(line))[:-1]


def _attributes(envelope: Envelope) -> dict[str, Any]:
    """Return a line's attributes in their order, those that differ from line to line still empty."""
    return {
        "specversion": "1.0",
        "type": None,
        "source": None,
        "subject": None,
        "id": None,
        "time": None,
        "recordedtime": envelope.recordedtime,
        "seq": None,
        "prev": envelope.prev,
        "run": envelope.run,
        "poll": envelope.poll,
        "data": None,
    }


def _without_absent(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value or name not in _OPTIONAL}
