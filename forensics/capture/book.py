"""The streams of a recording as they stand in memory."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from forensics.capture.selection import cluster_name
from forensics.model.identity import Stream, parse_arn, parse_service_arn
from forensics.model.record import Gap
from forensics.sources.base import Position, Source

WANTED = "wanted"
SURVEYED = "survey"


class Overflow(msgspec.Struct, kw_only=True, eq=False):
    """What a stream's polls brought while neither the archive nor memory could take it."""

    polls: int = 0
    """Polls whose answers were not kept."""
    facts: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """Type and id of each fact that was read and not kept."""


class Watched(msgspec.Struct, kw_only=True, eq=False):
    """One stream: where it stands, how it fares."""

    stream: Stream
    number: int
    source: Source
    site: str
    """Label of the site that it is read through."""
    opened_because: str
    opened_at: datetime
    blind_since: datetime | None = None
    """When the outage began in which it was found; None where there was none."""
    position: Position | None = None
    polled_at: datetime | None = None
    """Wall time at the start of the last good poll."""
    polled_s: float | None = None
    """The same on monotonic time; None before the first good poll of this run."""
    is_busy: bool = False
    is_ended: bool = False
    has_ended: bool = False
    """The last poll found its target gone; it may be made again under its name."""
    is_missing: bool = False
    """AWS does not know the target yet."""
    is_gone: bool = False
    """It was deleted, or its stream ended before: where AWS does not know it, it is not waited for."""
    is_in_flight: bool = False
    has_moved: bool = False
    """It shall be polled again once it is back, as when the survey saw it move meanwhile."""
    is_foreign: bool = False
    """Its target is of another account than the credentials that the site has now."""
    is_gap_recorded: bool = False
    """The open gap stands in the archive already."""
    open_gap: Gap | None = None
    blind_until_s: float = 0.0
    """A poll that began before this moment, on the recording's seconds, does not close the gap."""
    overflow: Overflow | None = None
    """Set while answers cannot be kept."""
    refusal: str | None = None
    trouble: str | None = None
    failures: int = 0
    facts: int = 0
    parents: set[Stream] = msgspec.field(default_factory=set)
    """Streams whose facts led here: while they are busy, so is this one."""

    @property
    def wanted_since(self) -> datetime:
        """From when on everything that it says is wanted, wall time."""
        return min(self.opened_at, self.blind_since or self.opened_at)

    @property
    def group(self) -> tuple[str, str, str]:
        """What streams must share to be polled by one fetch: site, source, the source's own grouping."""
        return (self.site, self.stream.source, self.source.group_of(self.stream.target))


class Book:
    """Every stream of the recording, by name and by what may be polled together."""

    def __init__(self) -> None:
        self._streams: dict[Stream, Watched] = {}
        self._groups: dict[tuple[str, str, str], dict[Stream, Watched]] = {}
        self._last_number = 0

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._streams.values()))

    def __len__(self) -> int:
        return len(self._streams)

    def get(self, stream: Stream) -> Watched | None:
        """Return a stream's entry, or None where it is not watched."""
        return self._streams.get(stream)

    def next_number(self) -> int:
        """Return a number that no stream of this archive has; each call another one."""
        self._last_number += 1
        return self._last_number

    def reserve(self, number: int) -> None:
        """Keep numbers up to this one from being given again: an older run gave them."""
        self._last_number = max(self._last_number, number)

    def add(self, watched: Watched) -> None:
        """Watch one more stream."""
        self._streams[watched.stream] = watched
        self._groups.setdefault(watched.group, {})[watched.stream] = watched

    def remove(self, watched: Watched) -> None:
        """Watch a stream no more."""
        self._streams.pop(watched.stream, None)
        self._groups.get(watched.group, {}).pop(watched.stream, None)

    def mates(self, watched: Watched) -> tuple[Watched, ...]:
        """Return the streams that could share a fetch with this one, itself included."""
        return tuple(self._groups.get(watched.group, {}).values())

    def of_site(self, label: str) -> tuple[Watched, ...]:
        """Return the streams read through one site."""
        return tuple(w for w in self if w.site == label)

    def is_lively(self, watched: Watched) -> bool:
        """Return whether a stream or what led to it is busy, so that it must be polled fast."""
        if watched.is_busy:
            return True
        if any((parent := self.get(name)) is not None and parent.is_busy for name in watched.parents):
            return True
        return watched.stream.source == "stopped_tasks" and self._has_busy_service(watched)

    def dependents(self, watched: Watched) -> tuple[Watched, ...]:
        """Return the streams that are polled fast because this one is busy."""
        cluster = cluster_of_service(watched.stream.target)
        return tuple(
            other
            for other in self
            if watched.stream in other.parents
            or (cluster and other.stream == Stream("stopped_tasks", cluster) and other.site == watched.site)
        )

    def _has_busy_service(self, tasks: Watched) -> bool:
        if not cluster_name(tasks.stream.target):
            return False
        return any(
            other.is_busy and cluster_of_service(other.stream.target) == tasks.stream.target
            for other in self._streams.values()
            if other.stream.source == "services"
        )


def cluster_of_service(target: str) -> str:
    """Return the ARN of the cluster that a service's ARN names; "" for every other target."""
    service = parse_service_arn(target)
    if service is None or not service.cluster:
        return ""
    return str(service.arn._replace(resource=f"cluster/{service.cluster}"))


def place_of(target: str) -> tuple[str, str]:
    """Return the region and account of a target's ARN; empty where the text is no ARN."""
    arn = parse_arn(target)
    return (arn.region, arn.account) if arn else ("", "")
