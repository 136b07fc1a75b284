"""Tasks that a schedule started, and that stopped coming."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from forensics.analysis.checks import checks, region_of
from forensics.analysis.claims import claim
from forensics.analysis.classify import Match
from forensics.analysis.patterns.trouble import lasting, middle, seconds_from
from forensics.analysis.rules.rule import Rule
from forensics.analysis.shapes import Task
from forensics.analysis.timeline import Timeline
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import short_name
from forensics.model.finding import Finding, Subject

RULE = Rule(
    id="schedule-stopped",
    category="schedule-missing-or-disabled",
    title="A schedule no longer starts its tasks",
    cause="Tasks that a schedule started at a steady pace stopped coming.",
    remedy="Look whether the schedule still exists and is enabled, and whether its role may start the task; "
    "keep schedules in the template, so that a lost one comes back with the next deployment.",
    docs="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html",
    confidence=0.75,
    pattern="",
    checks=("aws scheduler list-schedules",),
)
PREFIXES = ("events-rule/", "chronos-schedule/")
"""How startedBy begins for EventBridge rules and EventBridge Scheduler."""
_FEWEST = 4
_MISSED = 3
"""So many starts in a row have to be missing."""
_STEADY = 0.75
"""The part of the distances between starts that has to be close to the usual one."""
_NAMED = 8
_OTHER_REASONS = (
    "a schedule that rests at certain hours looks the same",
    "a schedule that was changed to a slower pace looks the same",
)
_UNSEEN = "schedules are not recorded: one that started nothing in that time leaves no trace"


class _Pause(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule's tasks before and after they stayed away."""

    name: str
    period_s: float
    last: Task
    """The last before."""
    back: Task | None
    """The first after; None where none came any more."""


def stopped_schedules(timeline: Timeline) -> list[Finding]:
    """Return one finding for each cluster with schedules whose tasks stopped coming.

    Clusters and schedules come in the order in which their tasks were first seen.
    Where stopped tasks could not be read in the meantime nothing is said: they may have come unseen.
    """
    tasks: dict[tuple[str, str], list[Task]] = {}
    for task in timeline.tasks.values():
        if task.started_by.startswith(PREFIXES):
            tasks.setdefault((task.cluster, task.started_by), []).append(task)
    found: dict[str, list[_Pause]] = {}
    for (cluster, name), some in tasks.items():
        pause = _pause(name, sorted(some, key=_start), timeline)
        if pause is not None:
            found.setdefault(cluster, []).append(pause)
    steady = {cluster: sum(1 for known, _ in tasks if known == cluster) for cluster in found}
    return [_finding(cluster, pauses, steady[cluster]) for cluster, pauses in found.items()]


def _pause(name: str, tasks: Sequence[Task], timeline: Timeline) -> _Pause | None:
    starts = [_start(task) for task in tasks]
    gaps = [seconds_from(one, other) for one, other in pairwise(starts)]
    if len(starts) < _FEWEST:
        return None
    period_s = middle(gaps)
    if period_s <= 0 or sum(gap <= 1.5 * period_s for gap in gaps) < _STEADY * len(gaps):
        return None
    lived_s = max(seconds_from(_start(task), task.at) for task in tasks)
    limit_s = (_MISSED + 1) * period_s
    if seconds_from(starts[-1], timeline.last_at) > limit_s + lived_s:
        pause = _Pause(name=name, period_s=period_s, last=tasks[-1], back=None)
        until = timeline.last_at
    else:
        long = [place for place, gap in enumerate(gaps) if gap > limit_s]
        if len(long) != 1:
            # None is no pause; several are a rhythm.
            return None
        pause = _Pause(name=name, period_s=period_s, last=tasks[long[0]], back=tasks[long[0] + 1])
        until = starts[long[0] + 1]
    return None if _was_blind(timeline, tasks[0].cluster, _start(pause.last), until) else pause


def _was_blind(timeline: Timeline, cluster: str, since: str, until: str) -> bool:
    stream = f"stopped_tasks {cluster}"
    if stream in timeline.watching.refusals:
        return True
    return any(
        gap.stream == stream
        and may_miss(gap)
        and gap.since <= until
        and (gap.until is None or gap.until >= since)
        for gap in timeline.watching.gaps()
    )


def _finding(cluster: str, pauses: Sequence[_Pause], known: int) -> Finding:
    noun = "schedule" if len(pauses) == 1 else "schedules"
    said = "; ".join(_said(pause) for pause in pauses[:_NAMED])
    more = f"; and {len(pauses) - _NAMED} more" if len(pauses) > _NAMED else ""
    others = known - len(pauses)
    why = "Each had started tasks at a steady pace, and at least three in a row are missing."
    if others:
        why += f" {others} other{'s' if others > 1 else ''} of the cluster went on."
    ends = [task for pause in pauses for task in (pause.last, pause.back) if task is not None]
    return claim(
        Match(RULE, {}),
        subject=Subject(service=None, task=None, stack=None, logical_id=pauses[0].name.partition("/")[2]),
        evidence=ends,
        count=len(pauses),
        why=why,
        cause=f"{len(pauses)} {noun} of cluster {short_name(cluster)} stopped starting tasks: {said}{more}.",
        alternatives=_OTHER_REASONS,
        checks=checks(RULE.checks, {}, region=region_of(cluster)),
        gaps=(_UNSEEN,),
        first_at=min(_start(pause.last) for pause in pauses),
    )


def _said(pause: _Pause) -> str:
    name = pause.name.partition("/")[2]
    since = f"every {lasting(pause.period_s)} until {_start(pause.last)}"
    if pause.back is None:
        return f"{name}, {since}"
    away_s = seconds_from(_start(pause.last), _start(pause.back))
    return f"{name}, {since}, then none for {lasting(away_s)}"


def _start(task: Task) -> str:
    return task.created_at or task.started_at or task.at
