"""Facts that come again under a key that is remembered: dropped, or kept where they say something else."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

import orjson

from forensics.archive.disk import Folder
from forensics.archive.recent import Key, Recent, Written, key_of
from forensics.archive.segment import records_in, segment_name
from forensics.archive.undecodable import spell
from forensics.model.changes import content_digest
from forensics.model.conflict import conflict_of
from forensics.model.record import HIDDEN, UNDECODABLE, Fact, Record

_OF_AWS = "aws."
_DIGITS = 12
"""Of a digest, in the id of a conflict."""
_HIDDEN = HIDDEN.encode()
"""Where it stands, a difference may be that secrets were hidden in one run and not in the other."""
_WHOLE = "sha256:"
"""Begins what is remembered of a fact that JSON cannot carry: the digest that its record has."""
_UNKNOWN = "?"
"""Is remembered of what cannot be compared: it cannot be read any more, holds a hidden secret, or no poll saw
it, and somebody saved it in another form than AWS sends."""


def conflicts(
    told: Sequence[Fact], fresh: Mapping[Key, Fact], recent: Recent, *, segments: Folder, newest: int
) -> dict[Key, Fact]:
    """Return what has to be kept of facts whose key is known already, by their keys, each once.

    Most say byte for byte what was written, which is remembered. Only where one does not is the record looked
    up, and what both say compared.

    Args:
        told: Facts of a poll. Those with a key that is neither remembered nor fresh cannot be compared.
        fresh: What is written now, by key.
        recent: What is remembered; is told what was looked up.
        segments: The folder of the segments.
        newest: Number of the newest one.
    """
    told = [fact for fact in told if fact.type.startswith(_OF_AWS)]
    if recent.uncomputed and any(_is_uncomputed(recent.get(key_of(fact))) for fact in told):
        while recent.uncomputed:
            with contextlib.suppress(OSError):
                recent.compute(segments.read(segment_name(recent.uncomputed.pop())))
    unsure = [fact for fact in told if not _is_same(fact, fresh, recent)]
    _look_up(unsure, recent, segments, newest)
    kept: dict[Key, Fact] = {}
    for fact in unsure:
        key = key_of(fact)
        known = _digest(fresh[key]) if key in fresh else recent.get(key)
        if isinstance(known, str) and (digest := _digest(fact, like=known)) not in {known, _UNKNOWN}:
            other = conflict_of(fact, digest.removeprefix(_WHOLE)[:_DIGITS])
            if recent.get(key_of(other)) is None:
                kept.setdefault(key_of(other), other)
    return kept


def _is_same(fact: Fact, fresh: Mapping[Key, Fact], recent: Recent) -> bool:
    """Return whether a fact says byte for byte what is known, or there is nothing to hold it against."""
    key = key_of(fact)
    if key in fresh:
        return fresh[key] is fact
    known = recent.get(key)
    if not isinstance(known, Written):
        return known is None
    try:
        told = orjson.dumps(fact.data)
    except (TypeError, ValueError, RecursionError):
        return False
    return crc32(told) == known.crc or _HIDDEN in told


def _is_uncomputed(known: Written | str | None) -> bool:
    return isinstance(known, Written) and known.crc is None


def _look_up(facts: Sequence[Fact], recent: Recent, segments: Folder, newest: int) -> None:
    """Read what was written under the keys of facts, and have that remembered so that it can be compared."""
    keys = {key_of(fact) for fact in facts}
    places = {known.seq: key for key in keys if isinstance(known := recent.get(key), Written)}
    for record in _written(set(places), segments, newest):
        recent.learn(places.pop(record.seq), _digest_of(record))
    for key in places.values():
        recent.learn(key, _UNKNOWN)


def _written(seqs: set[int], segments: Folder, newest: int) -> Iterator[Record]:
    """Yield the records with these numbers, as far as they can be read, from the newest segment on."""
    left, number = set(seqs), newest
    while left and number > 0:
        try:
            found = list(records_in(segments.read(segment_name(number))))
        except OSError:
            return
        yield from (record for record in found if record.seq in left)
        if found:
            left = {seq for seq in left if seq < found[0].seq}
        number -= 1


def _digest_of(record: Record) -> str:
    """Return what `_digest` returns for a fact that says the same."""
    if record.poll is None or _HIDDEN in bytes(record.data):
        return _UNKNOWN
    payload = record.payload()
    if record.type == UNDECODABLE and isinstance(payload, dict):
        return f"{_WHOLE}{payload.get('sha256')}"
    return _digest_of_payload(payload, "")


def _digest(fact: Fact, *, like: str = "") -> str:
    """Return what tells whether a fact says what another one with a digest said."""
    return _UNKNOWN if like == _UNKNOWN else _digest_of_payload(fact.data, like)


def _digest_of_payload(payload: Any, like: str) -> str:
    if not like.startswith(_WHOLE):
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            return content_digest(payload)
    return f"{_WHOLE}{hashlib.sha256(spell(payload)).hexdigest()}"
