"""The keys of the newest facts, so that none is written twice."""

import contextlib
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter

import msgspec

from forensics.model.record import Fact, Record

_KEY_OF = attrgetter("source", "id")


class Recent:
    """A bounded memory of keys.

    Args:
        limit: How many keys are remembered; the oldest are forgotten first.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: dict[tuple[str, str], None] = {}

    def unknown(self, facts: Sequence[Fact]) -> dict[tuple[str, str], Fact]:
        """Return the facts whose key is not remembered by their keys, each once, in order."""
        fresh = dict(zip(map(_KEY_OF, facts), facts, strict=True))
        if len(fresh) == len(facts) and self._keys.keys().isdisjoint(fresh):
            return fresh
        # Of facts with the same key the first one counts.
        for fact in reversed(facts):
            fresh[fact.source, fact.id] = fact
        return {key: fact for key, fact in fresh.items() if key not in self._keys}

    @property
    def is_full(self) -> bool:
        """Tell whether an older key would be forgotten at once."""
        return len(self._keys) >= self._limit

    def add(self, keys: Iterable[tuple[str, str]]) -> None:
        """Remember the keys of facts that have been written."""
        self._keys.update(dict.fromkeys(keys))
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


def keys_of(facts: Iterable[Fact | Record]) -> dict[tuple[str, str], None]:
    """Return the keys of facts, in order."""
    return dict.fromkeys(map(_KEY_OF, facts))


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
