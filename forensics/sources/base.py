"""What every source is: a reader of one kind of fact that never loses its place."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from forensics.aws.door import Door
from forensics.errors import AwsError
from forensics.model.identity import Stream
from forensics.model.record import Fact, Gap

Position = dict[str, Any]
"""Where a stream stands: a small JSON value that only its own source understands.

It is never stored beside the archive: it is the fold of the stream's facts (`Source.fold`) and of the gaps
that count (`Source.fold_gap`), and a seal keeps it only to save reading old segments.
"""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll saw of one stream."""

    stream: Stream
    facts: tuple[Fact, ...] = ()
    """Oldest first; only facts that the position did not know."""
    again: tuple[Fact, ...] = ()
    """Facts that the position knows and AWS told once more beside new ones: they may say something else."""
    covers_from: datetime | None = None
    """The poll proves that nothing is missing from here on; None: from the target's beginning."""
    gap: Gap | None = None
    """Set where the poll does not reach back to the position."""
    found: tuple[Stream, ...] = ()
    """Streams that these facts lead to: nested stacks, services, clusters."""
    moved: tuple[Stream, ...] = ()
    """Streams that have something new to read: they are due now."""
    gone: tuple[Stream, ...] = ()
    """Streams whose targets have been deleted: where AWS does not know them, they will not come either."""
    is_busy: bool = False
    """An operation or deployment is in progress: poll soon again."""
    is_ended: bool = False
    """Nothing can come any more (a stack deleted): the stream is closed after this batch."""
    notes: tuple[AwsError, ...] = ()
    """Refusals that did not stop the poll, such as an optional operation that IAM denies."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that could not be read this time; its position stands."""

    stream: Stream
    error: AwsError


class Source(Protocol):
    """A reader of one kind of fact about targets of one account and region.

    A source holds no state: everything it needs comes with the call, so that a poll is a transaction.
    """

    name: str
    """Noun after the AWS thing, such as ``stopped_tasks``."""
    types: tuple[str, ...]
    """The types of the facts that it produces; no two sources share one."""
    operations: tuple[str, ...]
    """Operations without which it cannot work, as ``service:Operation``."""
    optional_operations: tuple[str, ...]
    """Operations it uses where allowed."""
    key: str
    """How a fact's id is made, for the docs."""
    horizon: timedelta | None
    """How far back it can still see; None: as far as ever needed."""
    order: str
    """In which order AWS gives the facts, for the docs."""
    gap_shows: str
    """How a gap shows, for the docs."""
    fold_reads: tuple[str, ...] | None
    """The fields of a payload that `fold` looks at; None: any. A start then need not decode the others."""
    group_size: int
    """How many targets one fetch may be given."""

    def group_of(self, target: str) -> str:
        """Return what targets must share to be fetched together (for services: their cluster)."""
        ...

    def target_of(self, fact: Fact) -> str:
        """Return the stream's target that a fact of `types` belongs to."""
        ...

    def fold(self, position: Position | None, fact: Fact) -> Position:
        """Return the position after a fact; folding a batch's facts in order gives the next position."""
        ...

    def fold_all(self, position: Position | None, facts: Iterable[Fact]) -> Position | None:
        """Return the position after facts of one target, in order, as `fold` one by one would give it.

        What was given is left as it was. A position may remember thousands of things: it is copied once,
        not once for each fact.
        """
        ...

    def fold_gap(self, position: Position | None, gap: Gap) -> Position | None:
        """Return the position after a gap with a lower bound: what it counts must not be counted again.

        A poll's gap follows its facts. What was given is left as it was.
        """
        ...

    def fetch(
        self,
        door: Door,
        targets: Sequence[str],
        positions: Mapping[str, Position | None],
        *,
        now: datetime,
        polled_at: Mapping[str, datetime | None],
        wanted_since: Mapping[str, datetime],
    ) -> list[Batch | Failed]:
        """Read what is new of each target: one Batch or Failed for each, in the order given.

        Args:
            door: The way to AWS.
            targets: ARNs, at most group_size, all of one group.
            positions: For each target its position, None before the first poll.
            now: The wall time of this poll, aware.
            polled_at: For each target when it was last polled with success, None if never.
            wanted_since: From when on everything is wanted of a target, wall time: a first poll that could
                stop later goes back to there. Where a target is left out, the source decides.

        Returns:
            A Batch that is complete, or Failed: a walk that broke off half-way leaves nothing behind.
            Errors that concern every call (expired credentials) are returned as Failed for each target.
        """
        ...
