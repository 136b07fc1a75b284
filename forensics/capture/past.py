"""What an archive knows of streams from earlier runs: where each stands, and what led to it."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from forensics.archive.streams import StreamState
from forensics.capture.book import WANTED
from forensics.capture.journal import ArchiveWriter
from forensics.model.identity import Stream, parse_stream
from forensics.model.record import STREAM, Fact, JsonObject, Record
from forensics.sources.base import Position, Source


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
        self._readers = {kind: source for source in sources for kind in source.types}
        for record in writer.tail():
            self._fold(record)

    def _fold(self, record: Record) -> None:
        if record.type == STREAM:
            payload = record.payload()
            if "opened_because" in payload:
                stream = parse_stream(payload["stream"])
                self.keep(stream, self.position(stream), str(payload["opened_because"]))
        elif (source := self._readers.get(record.type)) is not None:
            fact = Fact(
                type=record.type,
                source=record.source,
                id=record.id,
                data=record.payload(),
                time=record.time,
                subject=record.subject,
            )
            stream = Stream(source.name, source.target_of(fact))
            self.keep(stream, source.fold(self.position(stream), fact), self.because(stream))

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
