"""The stopped tasks of one ECS cluster, for as long as ECS remembers them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from forensics.aws.door import Door
from forensics.errors import AwsError, NotFound
from forensics.model.changes import digest12
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, task_id
from forensics.model.record import Fact, Gap, JsonObject
from forensics.sources.answer import ask, pages, stamp, text
from forensics.sources.base import Batch, Failed, Position
from forensics.sources.changes import newest

TASK = "aws.ecs.task"

_LIST = "ecs:ListTasks"
_DESCRIBE = "ecs:DescribeTasks"
_TASKS_A_CALL = 100
_STOPPED = "STOPPED"
_KEPT = timedelta(hours=1)
# A task that is forgotten here while AWS still lists it would be read twice.
_MOST_REMEMBERED = 5000


class StoppedTasks:
    """The stopped tasks of one ECS cluster, with the reason each stopped; stopping ones come again.

    Operations: ecs:ListTasks, ecs:DescribeTasks (100 tasks a call).
    Key: taskArn@version.
    Horizon: one hour, stated by AWS in DescribeTasks. A later poll opens a gap.
    """

    name = "stopped_tasks"
    types: tuple[str, ...] = (TASK,)
    operations: tuple[str, ...] = (_LIST, _DESCRIBE)
    optional_operations: tuple[str, ...] = ()
    key = "taskArn@version"
    horizon: timedelta | None = _KEPT
    order = "none"
    gap_shows = "more than the horizon since the last poll, or a listed task could not be described"
    fold_reads: tuple[str, ...] | None = ("lastStatus",)
    group_size = 1

    def group_of(self, target: str) -> str:
        """Return the cluster itself: each is asked for alone."""
        return target

    def target_of(self, fact: Fact) -> str:
        """Return the ARN of the cluster."""
        return fact.source

    def fold(self, position: Position | None, fact: Fact) -> Position:
        """Return the position after a task.

        ``tasks``: by id its last version, whether it has stopped, and true where a gap counts it as missing.
        """
        return self._folded(position, (fact,))

    def fold_all(self, position: Position | None, facts: Iterable[Fact]) -> Position | None:
        """Return the position after tasks; many cost little more than one."""
        listed = tuple(facts)
        return self._folded(position, listed) if listed else position

    def _folded(self, position: Position | None, facts: Iterable[Fact]) -> Position:
        tasks = dict((position or {}).get("tasks", {}))
        for fact in facts:
            arn, _, version = fact.id.rpartition("@")
            is_final = text(fact.data, "lastStatus") == _STOPPED
            tasks.pop(task_id(arn), None)
            tasks[task_id(arn)] = [version, is_final]
        return {"tasks": newest(tasks, _MOST_REMEMBERED)}

    def fold_gap(self, position: Position | None, gap: Gap) -> Position | None:
        """Return the position after a gap that counts: no task that was stopping then is counted again.

        The gap may not mean all of them. A bound too low is true, one that counts twice is not.
        """
        tasks = (position or {}).get("tasks", {})
        if all(seen[1] for seen in tasks.values()):
            return position
        return {"tasks": {name: seen if seen[1] else [seen[0], False, True] for name, seen in tasks.items()}}

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
        """Read the tasks of each cluster that stopped, or stopped further, since the position."""
        read: list[Batch | Failed] = []
        for target in targets:
            stream = Stream(self.name, target)
            at = polled_at.get(target)
            try:
                read.append(self._read(door, stream, positions.get(target) or {}, now, at))
            except NotFound as error:
                known = positions.get(target)
                read.append(
                    Failed(stream=stream, error=error) if at is None else _gone(stream, known, at, now)
                )
            except AwsError as error:
                read.append(Failed(stream=stream, error=error))
        return read

    def _read(
        self, door: Door, stream: Stream, position: Position, now: datetime, polled_at: datetime | None
    ) -> Batch:
        known: Mapping[str, Any] = position.get("tasks", {})
        listed, answered_at = _listed(door, stream.target)
        asked = [arn for arn in listed if not _is_final(known, arn)]
        found = _described(door, stream.target, asked)
        facts = [fact for task in found.tasks if (fact := _fact(stream.target, task, known)) is not None]
        facts.sort(key=lambda fact: fact.time or "")
        horizon = _Horizon.at(now, answered_at, door.skew())
        # AWS may be of two minds for a while: lost for certain is only what it does not list any more either.
        names = {task_id(arn) for arn, _ in found.missing}
        still = set(map(task_id, _listed(door, stream.target)[0])) if names else set()
        return Batch(
            stream=stream,
            facts=tuple(facts),
            covers_from=max(polled_at, horizon.surely) if polled_at else horizon.surely,
            gap=_gap(
                stream,
                polled_at,
                horizon,
                now,
                lost=[name for name in names - still if not _is_counted(known, name)],
                undescribed=names & still,
                unfinished=_unfinished(known, listed),
            ),
            is_busy=any(text(task, "lastStatus") != _STOPPED for task in found.tasks),
            notes=tuple(
                NotFound(f"{_DESCRIBE}: {arn}: {reason}", operation=_DESCRIBE)
                for arn, reason in found.missing
            ),
        )


class _Described(msgspec.Struct, frozen=True, kw_only=True):
    tasks: tuple[JsonObject, ...]
    missing: tuple[tuple[str, str], ...]
    """ARN and AWS's reason of each that was listed and is not described."""


def _listed(door: Door, cluster: str) -> tuple[list[str], datetime | None]:
    """Return the ARNs of all tasks of a cluster that stopped or are stopping, each once.

    With when AWS told the last of them, by its clock; None where it does not say.
    """
    arns: dict[str, None] = {}
    answered_at = None
    for page in pages(door, _LIST, "nextToken", cluster=cluster, desiredStatus=_STOPPED):
        arns.update(dict.fromkeys(page.names("taskArns")))
        answered_at = page.answered_at
    return list(arns), answered_at


class _Horizon(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a task must have stopped for AWS to remember it."""

    by_us: datetime
    """By our clock, which the time of the last poll is of."""
    by_aws: datetime
    """By the clock that the task's own times are of."""

    @classmethod
    def at(cls, now: datetime, answered_at: datetime | None, skew_s: float | None) -> Self:
        """Return the horizon of an answer, which may have been long on its way.

        Args:
            now: When the poll began, by our clock.
            answered_at: When AWS told which there are, by its own; None where it does not say.
            skew_s: Our clock minus AWS's, seconds; None where it is not known.
        """
        if answered_at is None or skew_s is None:
            return cls(by_us=now - _KEPT, by_aws=now - _KEPT)
        ours = answered_at + timedelta(seconds=skew_s)
        return cls(by_us=ours - _KEPT, by_aws=answered_at - _KEPT)

    @property
    def surely(self) -> datetime:
        """From when on nothing is forgotten, whichever clock a reader goes by."""
        return max(self.by_us, self.by_aws)


def _described(door: Door, cluster: str, arns: Sequence[str]) -> _Described:
    tasks: list[JsonObject] = []
    missing: dict[str, str] = {}
    for start in range(0, len(arns), _TASKS_A_CALL):
        part = list(arns[start : start + _TASKS_A_CALL])
        page = ask(door, _DESCRIBE, cluster=cluster, tasks=part)
        answered = [task for task in page.rows("tasks") if text(task, "taskArn") in part]
        tasks += answered
        reasons = {text(row, "arn"): text(row, "reason") for row in page.rows("failures")}
        for arn in set(part) - {text(task, "taskArn") for task in answered}:
            missing[arn] = reasons.get(arn) or "AWS does not describe it"
    return _Described(tasks=tuple(tasks), missing=tuple(sorted(missing.items())))


def _fact(cluster: str, task: JsonObject, known: Mapping[str, Any]) -> Fact | None:
    """Return the fact of a task, None where this version was seen before."""
    arn = text(task, "taskArn")
    version = _version(task)
    seen = known.get(task_id(arn))
    if seen is not None and seen[0] == version:
        return None
    times = (task.get(field) for field in ("stoppedAt", "stoppingAt", "createdAt"))
    return Fact(
        type=TASK,
        source=cluster,
        id=f"{arn}@{version}",
        data=task,
        time=next((at for value in times if (at := stamp(value)) is not None), None),
        subject=task_id(arn),
    )


def _version(task: JsonObject) -> str:
    version = task.get("version")
    return str(version) if isinstance(version, int) and not isinstance(version, bool) else digest12(task)


def _is_final(known: Mapping[str, Any], arn: str) -> bool:
    seen = known.get(task_id(arn))
    return seen is not None and bool(seen[1])


def _is_counted(known: Mapping[str, Any], name: str) -> bool:
    """Return whether a gap counts the last state of a task as missing."""
    return len(known.get(name, ())) > 2


def _gap(
    stream: Stream,
    polled_at: datetime | None,
    horizon: _Horizon,
    now: datetime,
    *,
    lost: Collection[str],
    undescribed: Collection[str],
    unfinished: Sequence[str],
) -> Gap | None:
    """Return what cannot be proved: an outage longer than the horizon, tasks that went before our eyes.

    Args:
        stream: The cluster's.
        polled_at: When it was last polled with success.
        horizon: Tasks that stopped before are forgotten.
        now: When this poll began.
        lost: Ids of tasks that were listed, could not be described, and are not listed any more.
        undescribed: Ids of tasks that are listed and could not be described: a later poll may read them.
        unfinished: Ids of tasks that were stopping at the last poll and are not listed any more.
    """
    is_too_late = polled_at is not None and polled_at < horizon.by_us
    forgotten = list(unfinished) if is_too_late else []
    if not (lost or undescribed or is_too_late):
        return None
    count = len(lost) + len(forgotten)
    since = polled_at or horizon.by_us
    details = []
    if is_too_late:
        details.append("Stopped tasks can be read for one hour; the last poll is longer ago.")
    if lost:
        details.append(f"Listed as stopped, but not described any more: {', '.join(sorted(lost))}.")
    if undescribed:
        details.append(f"Listed as stopped, but not described: {', '.join(sorted(undescribed))}.")
    if forgotten:
        details.append(f"Still stopping at the last poll, and forgotten by now: {', '.join(forgotten)}.")
    return Gap(
        stream=str(stream),
        since=to_rfc3339(since),
        until=to_rfc3339(now if lost or undescribed else max(since, horizon.surely)),
        reason="window",
        kind="lost" if count else "unknown",
        lower_bound=count or None,
        detail=" ".join(details)[:1000],
    )


def _unfinished(known: Mapping[str, Any], listed: Iterable[str]) -> list[str]:
    """Return the ids of tasks that were seen stopping, not stopped, and are not listed any more.

    Without those that a gap has counted already.
    """
    still = {task_id(arn) for arn in listed}
    return [
        name
        for name, seen in known.items()
        if not seen[1] and name not in still and not _is_counted(known, name)
    ]


def _gone(stream: Stream, position: Position | None, polled_at: datetime, now: datetime) -> Batch:
    """Return the end of a cluster that was there and has been deleted, its tasks with it."""
    unfinished = _unfinished((position or {}).get("tasks", {}), ())
    gap = Gap(
        stream=str(stream),
        since=to_rfc3339(min(polled_at, now)),
        until=to_rfc3339(now),
        reason="window",
        kind="lost" if unfinished else "unknown",
        lower_bound=len(unfinished) or None,
        detail="The cluster was deleted: tasks that stopped since the last poll can no longer be read.",
    )
    return Batch(stream=stream, covers_from=now, gap=gap, is_ended=True)
