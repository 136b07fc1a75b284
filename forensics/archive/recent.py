"""The keys of the newest facts, so that none is written twice."""

import contextlib
from collections.abc import Sequence
from itertools import islice

import msgspec

from forensics.model.record import Fact, Record


class Recent:
    """A bounded memory of keys.

    Args:
        limit: How many keys are remembered; the oldest are forgotten first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: dict[tuple[str, str], None] = {}

    def unknown(self, facts: Sequence[Fact]) -> list[Fact]:
        """Return the facts whose key is not remembered, each key once, in order."""
        keys = [(fact.source, fact.id) for fact in facts]
        if len(set(keys)) == len(keys) and self._keys.keys().isdisjoint(keys):
            return list(facts)
        fresh = dict(zip(reversed(keys), reversed(facts), strict=True))
        return [fact for key, fact in reversed(fresh.items()) if key not in self._keys]

    @property
    def is_full(self) -> bool:
        """Tell whether an older key would be forgotten at once."""
        return len(self._keys) >= self._limit

    def add(self, facts: Sequence[Fact | Record]) -> None:
        """Remember the keys of facts that have been written."""
        self._keys.update(dict.fromkeys([(fact.source, fact.id) for fact in facts[-self._limit :]]))
        self._forget()

    def add_older(self, segment: bytes) -> None:
        """Remember the keys of a segment that was written before everything that is remembered."""
        newer = self._keys
        self._keys = dict.fromkeys(_keys_in(segment)) | newer
        self._forget()

    def _forget(self) -> None:
        excess = len(self._keys) - self._limit
        if excess > 0:
            for key in list(islice(self._keys, excess)):
                del self._keys[key]


class _Key(msgspec.Struct, gc=False):
    source: str
    id: str


_DECODER = msgspec.json.Decoder(_Key)
_CANNOT_DECODE = (msgspec.MsgspecError, ValueError, RecursionError)


def _keys_in(segment: bytes) -> list[tuple[str, str]]:
    with contextlib.suppress(*_CANNOT_DECODE):
        return [(key.source, key.id) for key in _DECODER.decode_lines(segment)]
    keys = []
    for line in segment.split(b"\n"):
        with contextlib.suppress(*_CANNOT_DECODE):
            key = _DECODER.decode(line)
            keys.append((key.source, key.id))
    return keys
