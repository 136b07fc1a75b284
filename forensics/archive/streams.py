"""What an archive's records add up to: streams, gaps, identities, the last run."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from forensics.model import record as kinds
from forensics.model.ranges import from_ranges
from forensics.model.record import Gap, JsonObject, Record


class StreamState(msgspec.Struct, kw_only=True):
    """How far one stream has been read."""

    number: int
    """Short name within this archive, given by the stream's forensics.stream record."""
    polled_at: str | None = None
    """The last poll with an answer was made no later than this, RFC 3339; None before the first."""
    sure_until: str | None = None
    """What came before was seen, lies in a gap, or was not asked for: the opening, before the first poll."""
    covers_from: str | None = None
    """Where the first poll began to cover, RFC 3339; None before it or where it reached the beginning."""
    facts: int = 0
    """Records of AWS facts about the stream's target."""
    gaps: int = 0
    """Gaps so far; one that was recorded open and then closed counts once."""
    gap_kinds: dict[str, int] = {}
    """How many of the gaps that are over were of each kind: recovered, lost, unknown."""
    open_gap: Gap | None = None
    refusal: str | None = None
    """The IAM action that AWS refuses in this run; None where nothing is refused."""
    is_ended: bool = False
    position: Any = None
    """Set by whoever captures, after each commit; opaque here."""


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What retention has removed so far: everything up to a segment."""

    segment: int
    """Number of the last segment that is gone."""
    seq: int
    """Its last record."""
    records: int
    """How many records are gone in all."""
    size_bytes: int
    """How many bytes."""
    sha256: str
    """Of the last segment that is gone: what the next one's first `prev` is."""
    seal: str
    """The digest of its seal: what the next seal's `previous_seal` is."""


class ArchiveState(msgspec.Struct, kw_only=True):
    """The fold of all records, kept in each seal."""

    records: int = 0
    last_seq: int = 0
    last_recorded: str | None = None
    """When the newest record was written, RFC 3339."""
    streams: dict[str, StreamState] = {}
    """By ``str(Stream)``: source, a space, the target's ARN."""
    sources: list[str] = []
    """Names of the sources that have streams."""
    identities: dict[str, JsonObject] = {}
    """By ``region/account``: the last forensics.identity there, with ``at``."""
    credentials: dict[str, JsonObject] = {}
    """By site: the last forensics.credentials, with ``at``."""
    run: JsonObject | None = None
    """The last forensics.run with ``run`` (its id) and ``at``."""
    types: dict[str, int] = {}
    """How many records of each type."""
    removed: Removed | None = None
    """What retention has removed; None where nothing."""

    @property
    def gap_count(self) -> int:
        """How many gaps all streams have had."""
        return sum(stream.gaps for stream in self.streams.values())

    @property
    def gap_kinds(self) -> dict[str, int]:
        """How many gaps are of each kind: open ones, and what became of the others."""
        found: Counter[str] = Counter()
        for stream in self.streams.values():
            found.update(stream.gap_kinds)
            found["open"] += stream.open_gap is not None
        return {kind: count for kind, count in found.items() if count}


def fold(state: ArchiveState, record: Record) -> None:
    """Add one record to the state, in place; see `fold_all`."""
    fold_all(state, (record,))


def fold_all(state: ArchiveState, records: Iterable[Record]) -> None:
    """Add records to the state, in place.

    They must come in the order of their seq. A record of ours whose payload is not what this version knows
    changes nothing but the counts.
    """
    records = list(records)
    fold_written(state, records, list(map(_TARGET_OF, records)))


def fold_written(state: ArchiveState, records: Sequence[Record], targets: Sequence[tuple[str, str]]) -> None:
    """Add records to the state, in place, as `fold_all`, looking at no more of them than that needs.

    Args:
        state: What they are added to.
        records: In the order of their seq.
        targets: The type and source of each.
    """
    start = 0
    for index, (kind, _) in enumerate(targets):
        if kind in _FOLDS:
            # A stream must be known before its facts are counted, and not after.
            _count(state, targets[start : index + 1])
            start = index + 1
            with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
                _FOLDS[kind](state, records[index])
    _count(state, targets[start:])
    if targets:
        state.last_seq = records[-1].seq
        state.last_recorded = records[-1].recordedtime


def _count(state: ArchiveState, targets: Sequence[tuple[str, str]]) -> None:
    for (kind, source), count in Counter(targets).items():
        state.records += count
        state.types[kind] = state.types.get(kind, 0) + count
        if not kind.startswith(_OURS):
            for name in state.sources:
                stream = state.streams.get(f"{name} {source}")
                if stream is not None:
                    stream.facts += count


class _StreamFact(msgspec.Struct):
    number: int
    stream: str
    ended_because: str | None = None


class _PollFact(msgspec.Struct, rename={"since": "from", "until": "to"}):
    streams: list[str]
    until: str
    since: str | None = None


class _CoverageFact(msgspec.Struct, rename={"since": "from", "until": "to"}):
    streams: str
    since: str
    until: str


class _RefusalFact(msgspec.Struct):
    stream: str
    operation: str = ""
    action: str = ""


def _fold_stream(state: ArchiveState, record: Record) -> None:
    fact = msgspec.json.decode(record.data, type=_StreamFact)
    stream = state.streams.get(fact.stream)
    if stream is None:
        stream = state.streams[fact.stream] = StreamState(number=fact.number)
    source = fact.stream.partition(" ")[0]
    if source not in state.sources:
        state.sources.append(source)
    if stream.sure_until is None or stream.is_ended:
        stream.polled_at, stream.sure_until = None, record.recordedtime
    stream.number = fact.number
    stream.is_ended = fact.ended_because is not None


def _fold_poll(state: ArchiveState, record: Record) -> None:
    fact = msgspec.json.decode(record.data, type=_PollFact)
    for name in fact.streams:
        stream = state.streams.get(name)
        if stream is not None:
            if stream.polled_at is None:
                stream.covers_from = fact.since
            stream.polled_at = stream.sure_until = fact.until


def _fold_coverage(state: ArchiveState, record: Record) -> None:
    fact = msgspec.json.decode(record.data, type=_CoverageFact)
    spans = list(from_ranges(fact.streams))
    for stream in state.streams.values():
        if any(first <= stream.number <= last for first, last in spans):
            stream.polled_at = fact.until
            # Each was polled after the beginning; more is known of one whose last poll had news. A time
            # that is not over yet is of a clock that was set back since.
            is_surer = stream.sure_until is not None and fact.since < stream.sure_until <= fact.until
            stream.sure_until = stream.sure_until if is_surer else fact.since


def _fold_gap(state: ArchiveState, record: Record) -> None:
    gap = msgspec.json.decode(record.data, type=Gap)
    stream = state.streams.get(gap.stream)
    if stream is None:
        return
    if stream.open_gap is None:
        stream.gaps += 1
    stream.open_gap = gap if gap.kind == "open" else None
    if gap.kind != "open":
        stream.gap_kinds[gap.kind] = stream.gap_kinds.get(gap.kind, 0) + 1
    # A good poll closes the gap that a refusal opened: the refusal is over with it.
    stream.refusal = None if gap.kind != "open" and gap.reason == "access-denied" else stream.refusal


def _fold_run(state: ArchiveState, record: Record) -> None:
    data = msgspec.json.decode(record.data, type=JsonObject)
    if data.get("phase") == "started":
        # A refusal holds for the run that met it: the next one asks again.
        for stream in state.streams.values():
            stream.refusal = None
    state.run = {**data, "run": record.run, "at": record.recordedtime}


def _fold_identity(state: ArchiveState, record: Record) -> None:
    data = msgspec.json.decode(record.data, type=JsonObject)
    state.identities[f"{data.get('region', '')}/{data.get('account', '')}"] = {
        **data,
        "at": record.recordedtime,
    }


def _fold_credentials(state: ArchiveState, record: Record) -> None:
    data = msgspec.json.decode(record.data, type=JsonObject)
    state.credentials[str(data.get("site", ""))] = {**data, "at": record.recordedtime}


def _fold_refusal(state: ArchiveState, record: Record) -> None:
    fact = msgspec.json.decode(record.data, type=_RefusalFact)
    stream = state.streams.get(fact.stream)
    if stream is not None:
        stream.refusal = fact.action or fact.operation


def _fold_retention(state: ArchiveState, record: Record) -> None:
    state.removed = msgspec.json.decode(record.data, type=Removed)


_FOLDS = {
    kinds.RETENTION: _fold_retention,
    kinds.STREAM: _fold_stream,
    kinds.POLL: _fold_poll,
    kinds.COVERAGE: _fold_coverage,
    kinds.GAP: _fold_gap,
    kinds.RUN: _fold_run,
    kinds.IDENTITY: _fold_identity,
    kinds.CREDENTIALS: _fold_credentials,
    kinds.REFUSAL: _fold_refusal,
}
_OURS = "forensics."
_TARGET_OF = attrgetter("type", "source")
