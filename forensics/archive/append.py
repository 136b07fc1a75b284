"""The bytes of one append, and the records that they are."""

from collections.abc import Sequence
from operator import attrgetter
from typing import overload
from zlib import crc32

import msgspec
import orjson
from msgspec import Raw

from forensics.archive.undecodable import MAX_DEPTH, MAX_PAYLOAD_BYTES, undecodable, why_unfit
from forensics.model.record import Fact, Record

_ENCODER = msgspec.json.Encoder()
_CANNOT_ENCODE = (msgspec.MsgspecError, RecursionError, TypeError, ValueError, OverflowError)
_TARGET_OF = attrgetter("type", "source")
_WHAT_OF = attrgetter("type", "source", "subject")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of one append have in common."""

    recordedtime: str
    first_seq: int
    prev: str
    run: str
    poll: str | None


class Append(Sequence[Record]):
    """One append, encoded: the records that a reader will find.

    A fact that cannot be written as it is becomes a ``forensics.undecodable`` record in its place; a record
    is written anew with its payload as it is. Records are made when they are asked for: whoever writes need
    not wait until those who read have theirs.

    Args:
        facts: What to write, in order; at least one.
        envelope: What they have in common.

    Attributes:
        content: The bytes to write.
        crcs: CRC-32 of each record's payload as it is written, in order, once `compute_crcs` was called.
    """

    def __init__(self, facts: Sequence[Fact | Record], envelope: Envelope) -> None:
        self._envelope = envelope
        self._facts = list(facts)
        self.crcs: list[int] = []
        self._heads: list[bytes] = []
        """Each line up to its payload."""
        self._payloads: list[bytes] = []
        self._encode()
        self.content = self._joined()
        # Not-a-number is encoded as null: only lines that hold one can be wrong in that way.
        if b"null" in self.content or len(self.content) > MAX_PAYLOAD_BYTES:
            self._encode_again()
            self.content = self._joined()

    def targets(self) -> list[tuple[str, str]]:
        """Return each record's type and source, in order, without making the records."""
        return list(map(_TARGET_OF, self._facts))

    @property
    def first_seq(self) -> int:
        """The number of the first record."""
        return self._envelope.first_seq

    @property
    def prev(self) -> str:
        """The head that it was encoded to follow."""
        return self._envelope.prev

    def compute_crcs(self) -> None:
        """Compute `crcs`: best while the disk is busy."""
        self.crcs = list(map(crc32, self._payloads))

    def __len__(self) -> int:
        return len(self._heads)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        places = range(len(self))[index]
        return self._record(places) if isinstance(places, int) else list(map(self._record, places))

    def _record(self, place: int) -> Record:
        """Return a record without decoding what has been encoded."""
        fact, envelope = self._facts[place], self._envelope
        return Record(
            type=fact.type,
            source=fact.source,
            id=fact.id,
            recordedtime=envelope.recordedtime,
            seq=envelope.first_seq + place,
            prev=envelope.prev,
            run=envelope.run,
            poll=envelope.poll or None,
            time=fact.time or None,
            subject=fact.subject or None,
            data=Raw(self._payloads[place]),
        )

    def _encode(self) -> None:
        """Encode each line's head and payload, each attribute once for as many lines as it stands in.

        One object for each line, encoded as a whole, takes half as long again.
        """
        dumps = orjson.dumps
        seen, chained = _common(self._envelope)
        beginnings: dict[tuple[str, str, str | None], bytes] = {}
        times: dict[str | None, bytes] = {}
        for seq, (fact, what) in enumerate(
            zip(self._facts, map(_WHAT_OF, self._facts), strict=True), self._envelope.first_seq
        ):
            try:
                if (beginning := beginnings.get(what)) is None:
                    beginning = beginnings[what] = _beginning(*what)
                if (time := times.get(fact.time)) is None:
                    time = times[fact.time] = (b',"time":%b' % dumps(fact.time) if fact.time else b"") + seen
                head = b"".join((beginning, dumps(fact.id), time, b"%d" % seq, chained))
                # It refuses what nests deeper than 254 levels.
                payload = dumps(fact.data)
            except _CANNOT_ENCODE:
                head, payload = self._encode_carefully(len(self._heads))
            self._heads.append(head)
            self._payloads.append(payload)

    def _joined(self) -> bytes:
        """Return all lines, each with its crc."""
        parts: list[bytes] = []
        for head, payload in zip(self._heads, self._payloads, strict=True):
            parts += (head, payload, b',"crc":"%08x"}\n' % crc32(payload, crc32(head)))
        return b"".join(parts)

    def _encode_again(self) -> None:
        for index, payload in enumerate(self._payloads):
            is_unfit = b"null" in payload and why_unfit(self._facts[index].data) is not None
            if is_unfit or len(self._heads[index]) + len(payload) > MAX_PAYLOAD_BYTES:
                self._heads[index], self._payloads[index] = self._encode_carefully(index)

    def _encode_carefully(self, index: int) -> tuple[bytes, bytes]:
        """Return head and payload of a fact, or of what stands for it where it cannot be written."""
        fact, reason, head, payload = self._facts[index], None, b"", b""
        try:
            head, payload = self._spelled(index)
        except _CANNOT_ENCODE as error:
            reason = f"{type(error).__name__}: {error}"
        size_bytes = len(head) + len(payload)
        if size_bytes > MAX_PAYLOAD_BYTES:
            reason = f"it takes {size_bytes} bytes, more than {MAX_PAYLOAD_BYTES}"
        elif b"null" in payload or payload.count(b"{") + payload.count(b"[") > MAX_DEPTH:
            reason = why_unfit(fact.data)
        if reason is not None:
            self._facts[index] = undecodable(fact, reason)
            head, payload = self._spelled(index)
        return head, payload

    def _spelled(self, index: int) -> tuple[bytes, bytes]:
        """Return head and payload, by the encoder that takes whatever can be taken."""
        fact = self._facts[index]
        encode = _ENCODER.encode
        seen, chained = _common(self._envelope)
        time = b',"time":%b' % encode(fact.time) if fact.time else b""
        seq = b"%d" % (self._envelope.first_seq + index)
        beginning = _beginning(fact.type, fact.source, fact.subject)
        return b"".join((beginning, encode(fact.id), time, seen, seq, chained)), encode(fact.data)


def _beginning(kind: str, source: str, subject: str | None) -> bytes:
    """Return a line up to its id."""
    encode = _ENCODER.encode
    about = b',"subject":%b' % encode(subject) if subject else b""
    return b'{"specversion":"1.0","type":%b,"source":%b%b,"id":' % (encode(kind), encode(source), about)


def _common(envelope: Envelope) -> tuple[bytes, bytes]:
    """Return what stands in each line before its seq, and what stands between that and its payload."""
    encode = _ENCODER.encode
    seen = b',"recordedtime":%b,"seq":' % encode(envelope.recordedtime)
    polled = b',"poll":%b' % encode(envelope.poll) if envelope.poll else b""
    names = (encode(envelope.prev), encode(envelope.run), polled)
    return seen, b',"prev":%b,"run":%b%b,"data":' % names
