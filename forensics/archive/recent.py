"""The keys of the newest facts, so that none is written twice."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import BinaryIO

import msgspec

from forensics.model.record import Fact


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

    def add(self, facts: Iterable[Fact]) -> None:
        """Remember the keys of facts that have been written."""
        self._keys.update(dict.fromkeys([(fact.source, fact.id) for fact in facts]))
        self._forget()

    def add_segment(self, segment: BinaryIO) -> None:
        """Remember the keys of a segment's lines; damaged ones are passed over."""
        for line in segment:
            try:
                key = _DECODER.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            self._keys[key.source, key.id] = None
        self._forget()

    def _forget(self) -> None:
        excess = len(self._keys) - self._limit
        if excess > 0:
            for key in list(islice(self._keys, excess)):
                del self._keys[key]


class _Key(msgspec.Struct):
    source: str
    id: str


_DECODER = msgspec.json.Decoder(_Key)
