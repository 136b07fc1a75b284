"""The keys of the newest facts, so that none is written twice."""

import contextlib
from collections.abc import Iterable, Sequence
from itertools import count, islice
from operator import add, attrgetter
from typing import NamedTuple, TypeVar
from zlib import crc32

import msgspec

from forensics.model.record import Fact, Record

Key = tuple[str, str]
"""Source and id of a fact."""

_KEY_OF = attrgetter("source", "id")
_CRCS = 1 << 32


class Written(NamedTuple):
    """What is remembered of a fact that came once."""

    seq: int
    """Its record's."""
    crc: int | None
    """CRC-32 of its payload as it was written; None where it has not been computed yet."""


class Recent:
    """A bounded memory of keys, and of what the facts with them said.

    Args:
        limit: How many keys are remembered; the oldest are forgotten first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A seq and a CRC-32 in one number, for a tuple takes three times as much; a seq alone, below 0, where
        # the CRC-32 has not been computed; or what `learn` was told.
        self._keys: dict[Key, int | str] = {}
        self.uncomputed: list[int] = []
        """Numbers of the segments whose payloads have no CRC-32 yet."""

    def unknown(self, facts: Sequence[Fact]) -> tuple[dict[Key, Fact], list[Fact]]:
        """Return the facts whose key is not remembered by their keys, each once, in order; and the others."""
        fresh = dict(zip(map(_KEY_OF, facts), facts, strict=True))
        if len(fresh) == len(facts) and self._keys.keys().isdisjoint(fresh):
            return fresh, []
        fresh, others = {}, []
        for key, fact in zip(map(_KEY_OF, facts), facts, strict=True):
            # Of facts with the same key the first one counts.
            if key in self._keys or key in fresh:
                others.append(fact)
            else:
                fresh[key] = fact
        return fresh, others

    @property
    def is_full(self) -> bool:
        """Whether an older key would be forgotten at once."""
        return len(self._keys) >= self._limit

    def get(self, key: Key) -> Written | str | None:
        """Return what is remembered under a key, or what `learn` was told of it; None where nothing is."""
        known = self._keys.get(key)
        if not isinstance(known, int):
            return known
        return Written(-known, None) if known < 0 else Written(*divmod(known, _CRCS))

    def learn(self, key: Key, digest: str) -> None:
        """Remember by another digest what the fact with a remembered key said."""
        if key in self._keys:
            self._keys[key] = digest

    def add(self, keys: Iterable[Key], first_seq: int, crcs: Iterable[int]) -> None:
        """Remember facts that have been written, in order.

        Args:
            keys: Of each.
            first_seq: Number of the first one's record; the others have those that follow.
            crcs: CRC-32 of the payload of each.
        """
        values = map(add, count(first_seq * _CRCS, _CRCS), crcs)
        self._keys.update(zip(keys, values, strict=True))
        self._forget()

    def add_records(self, records: Iterable[Record]) -> None:
        """Remember records."""
        self._keys.update((_KEY_OF(record), _value_of(record)) for record in records)
        self._forget()

    def add_older(self, segment: bytes, number: int) -> None:
        """Remember the keys of a segment that was written before everything that is remembered.

        What its facts said is left to `compute`: a start need not wait for what is seldom asked for.

        Args:
            segment: Its bytes.
            number: Its number.
        """
        newer = self._keys
        self._keys = {(line.source, line.id): -line.seq for line in _lines_of(segment, _KEYS)}
        self._keys.update(newer)
        self.uncomputed.append(number)
        self._forget()

    def compute(self, segment: bytes) -> None:
        """Remember what the facts of a segment said of which only the keys are known."""
        for line in _lines_of(segment, _LINES):
            key = _KEY_OF(line)
            if self._keys.get(key) == -line.seq:
                self._keys[key] = _value_of(line)

    def _forget(self) -> None:
        excess = len(self._keys) - self._limit
        if excess > 0:
            for key in list(islice(self._keys, excess)):
                del self._keys[key]


def keys_of(facts: Iterable[Fact | Record]) -> dict[Key, None]:
    """Return the keys of facts, in order."""
    return dict.fromkeys(map(_KEY_OF, facts))


def key_of(fact: Fact | Record) -> Key:
    """Return the key of a fact."""
    return fact.source, fact.id


class _Key(msgspec.Struct, gc=False):
    source: str
    id: str
    seq: int = 0


class _Line(_Key, gc=False, kw_only=True):
    data: msgspec.Raw


_KEYS = msgspec.json.Decoder(_Key)
_LINES = msgspec.json.Decoder(_Line)
_CANNOT_DECODE = (msgspec.MsgspecError, ValueError, RecursionError)

L = TypeVar("L", bound=_Key)


def _value_of(line: "_Line | Record") -> int:
    return line.seq * _CRCS + crc32(line.data)


def _lines_of(segment: bytes, decoder: "msgspec.json.Decoder[L]") -> list[L]:
    with contextlib.suppress(*_CANNOT_DECODE):
        return decoder.decode_lines(segment)
    lines = []
    for line in segment.split(b"\n"):
        with contextlib.suppress(*_CANNOT_DECODE):
            lines.append(decoder.decode(line))
    return lines
