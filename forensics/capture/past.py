"""What an archive knows of streams from earlier runs: where each stands, and what led to it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypedDict

import msgspec

from forensics.archive.streams import StreamState
from forensics.capture.book import WANTED
from forensics.capture.journal import ArchiveWriter
from forensics.model.identity import Stream, parse_stream
from forensics.model.record import GAP, STREAM, Fact, Gap, JsonObject, Record
from forensics.sources.base import Position, Source

_FOLDED_AT_ONCE = 1000
"""So many payloads of the open segment are in memory at the same time."""


class Past:
    """The streams that an archive has, as its state holds them.

    At construction the positions of the last seal are brought up to date with the open segment. From then on
    they live in the writer's state, where `keep` puts each committed one and the next seal finds it.

    Args:
        writer: The archive as it was opened.
        sources: They fold their own facts.
    """

    def __init__(self, writer: ArchiveWriter, sources: Iterable[Source]) -> None:
        self._states = writer.state.streams
        self._sources = {source.name: source for source in sources}
        self._readers = {kind: source for source in self._sources.values() for kind in source.types}
        self._decoders = {source.name: _decoder(source) for source in self._sources.values()}
        tail = iter(writer.tail())
        while records := tuple(islice(tail, _FOLDED_AT_ONCE)):
            self._fold(records)

    def _fold(self, records: Iterable[Record]) -> None:
        facts: defaultdict[Stream, list[Fact]] = defaultdict(list)
        for record in records:
            if record.type == STREAM:
                self._note_opening(record.payload())
            elif record.type == GAP:
                if (gap := _counting_gap(record)) is not None:
                    stream = parse_stream(gap.stream)
                    self._take_in(stream, facts.pop(stream, ()), gap)
            elif (source := self._readers.get(record.type)) is not None:
                payload = _payload(record, self._decoders[source.name])
                if payload is not None:
                    fact = _fact(record, payload)
                    facts[Stream(source.name, source.target_of(fact))].append(fact)
        for stream, seen in facts.items():
            self._take_in(stream, seen)

    def _take_in(self, stream: Stream, seen: Iterable[Fact], gap: Gap | None = None) -> None:
        """Fold facts of one stream, and a gap that follows them."""
        source = self._sources.get(stream.source)
        if source is None:
            return
        position = source.fold_all(self.position(stream), seen)
        if gap is not None:
            position = source.fold_gap(position, gap)
        self.keep(stream, position, self.because(stream))

    def _note_opening(self, opening: JsonObject) -> None:
        if "opened_because" in opening:
            stream = parse_stream(opening["stream"])
            self.keep(stream, self.position(stream), str(opening["opened_because"]))

    def keep(self, stream: Stream, position: Position | None, because: str) -> None:
        """Leave a committed position, and what led to the stream, where the next seal keeps it."""
        state = self._states.get(str(stream))
        if state is not None:
            state.position = {"because": because, "at": position}

    def state(self, stream: Stream) -> StreamState | None:
        """Return what the archive knows of a stream, None where it is new."""
        return self._states.get(str(stream))

    def position(self, stream: Stream) -> Position | None:
        """Return where a stream stands, None where it is new."""
        at = self._kept(stream).get("at")
        return at if isinstance(at, dict) else None

    def because(self, stream: Stream) -> str:
        """Return what led to a stream: ``wanted``, ``survey``, or another stream's text."""
        return str(self._kept(stream).get("because", WANTED))

    def _kept(self, stream: Stream) -> JsonObject:
        state = self._states.get(str(stream))
        return state.position if state is not None and isinstance(state.position, dict) else {}

    def last_number(self) -> int:
        """Return the highest number that any stream has; 0 where there is none."""
        return max((state.number for state in self._states.values()), default=0)

    def rooted(self, is_mine: Callable[[Stream], bool], is_root: Callable[[Stream], bool]) -> list[Stream]:
        """Return the streams that are asked for, and those that were found through such a one.

        Args:
            is_mine: Whether a stream is read through the site in question.
            is_root: Whether a stream was asked for by itself.
        """
        mine = [stream for stream in map(parse_stream, self._states) if is_mine(stream)]
        children: defaultdict[str, list[Stream]] = defaultdict(list)
        for stream in mine:
            children[self.because(stream)].append(stream)
        reached = dict.fromkeys(stream for stream in mine if is_root(stream))
        queue = list(reached)
        while queue:
            for child in children[str(queue.pop())]:
                if child not in reached:
                    reached[child] = None
                    queue.append(child)
        return list(reached)


def _decoder(source: Source) -> msgspec.json.Decoder[Any]:
    """Return what decodes as much of a payload as the source's fold looks at."""
    if source.fold_reads is None:
        return msgspec.json.Decoder()
    fields = dict.fromkeys(source.fold_reads, Any)
    # The functional form is what makes a type of names that are known at run time only.
    return msgspec.json.Decoder(TypedDict("Read", fields, total=False))  # type: ignore[operator]


def _payload(record: Record, decoder: msgspec.json.Decoder[Any]) -> JsonObject | None:
    """Return a payload as far as it is read, None where it is no object."""
    try:
        payload = decoder.decode(record.data)
    except msgspec.MsgspecError:
        return None
    return payload if isinstance(payload, dict) else None


def _counting_gap(record: Record) -> Gap | None:
    """Return a record's gap where it has a lower bound."""
    try:
        gap = msgspec.json.decode(record.data, type=Gap)
    except msgspec.MsgspecError:
        return None
    return gap if gap.lower_bound is not None else None


def _fact(record: Record, payload: JsonObject) -> Fact:
    return Fact(
        type=record.type,
        source=record.source,
        id=record.id,
        data=payload,
        time=record.time,
        subject=record.subject,
    )
