"""The least thing that records: commits whole batches, folds positions, refuses to see a key twice."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from forensics.errors import AwsError
from forensics.model.clock import from_rfc3339
from forensics.model.identity import Stream
from forensics.model.record import Fact, Gap
from forensics.sources.base import Batch, Failed, Position
from tests.contract.upstream import World
from tests.support.scripted_aws import ScriptedAws


class Recorder:
    def __init__(self, world: World) -> None:
        self.world = world
        self.aws = ScriptedAws()
        world.script(self.aws)
        self.facts: list[Fact] = []
        self.gaps: list[Gap] = []
        self.position: Position | None = None
        self.polled_at: datetime | None = None
        self.covers_from: datetime | None = None
        """What the first poll claimed to reach back to; None: the beginning."""

    def poll(self, after_s: float = 10) -> Batch | Failed:
        """Poll once, commit what came; a failed poll must leave nothing."""
        world = self.world
        world.now += timedelta(seconds=after_s)
        before = orjson.dumps(self.position)
        (answer,) = world.source.fetch(
            self.aws,
            [world.target],
            {world.target: self.position},
            now=world.now,
            polled_at={world.target: self.polled_at},
            wanted_since={},
        )
        assert orjson.dumps(self.position) == before, "a fetch changed the position it was given"
        assert answer.stream == Stream(world.source.name, world.target)
        if isinstance(answer, Batch):
            self._commit(answer)
        return answer

    def poll_until_quiet(self) -> None:
        """Poll, with time going on, until everything that was refused has been asked again."""
        for _ in range(8):
            self.poll(after_s=300)

    def restart(self) -> None:
        """Forget everything but what is on disk."""
        self.position = self.folded(self.facts)

    def folded(self, facts: list[Fact], position: Position | None = None) -> Position | None:
        for fact in facts:
            position = self.world.source.fold(position, fact)
        return position

    def keys(self) -> list[str]:
        return [fact.id for fact in self.facts if self.world.name_of(fact) is None]

    def missing(self) -> set[str]:
        """Return what happened, is not recorded, and lies in no declared gap."""
        lost = {key: at for key, at in self.world.happened.items() if key not in self.keys()}
        begins_at = self.covers_from
        expected = {key: at for key, at in lost.items() if begins_at is None or at >= begins_at}
        return {key for key, at in expected.items() if not any(_holds(gap, at) for gap in self.gaps)}

    def last_states(self) -> dict[str, Any]:
        return {name: fact.data for fact in self.facts if (name := self.world.name_of(fact)) is not None}

    def _commit(self, batch: Batch) -> None:
        if self.polled_at is None:
            self.covers_from = batch.covers_from
        seen = {(fact.source, fact.id) for fact in self.facts}
        for fact in batch.facts:
            assert (fact.source, fact.id) not in seen, f"{fact.id} came twice"
            assert fact.type in self.world.source.types
            assert self.world.source.target_of(fact) == self.world.target
            seen.add((fact.source, fact.id))
        self.facts += batch.facts
        self.gaps += [batch.gap] if batch.gap else []
        self.position = self.folded(list(batch.facts), self.position)
        self.polled_at = self.world.now


def _holds(gap: Gap, at: datetime) -> bool:
    until = from_rfc3339(gap.until) if gap.until else datetime.max.replace(tzinfo=at.tzinfo)
    return from_rfc3339(gap.since) <= at <= until


def trouble(kind: type[AwsError]) -> AwsError:
    return kind("trouble", operation="some:Operation")
