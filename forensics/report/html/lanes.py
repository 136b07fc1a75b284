"""The tasks, deployments and messages of each ECS service as the rows of a chart."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from forensics.analysis.notable import is_quiet
from forensics.analysis.service_rows import Counts, DeploymentRow, ServiceRow, TaskRow
from forensics.analysis.shapes import ServiceEvent
from forensics.analysis.timeline import Window
from forensics.analysis.wording import short_name
from forensics.report.count import counted
from forensics.report.html.gantt import Bar
from forensics.report.html.ground import LEAST, Band, gap_bands, rollback_bands
from forensics.report.html.scale import Scale, percent
from forensics.report.moments import clock_time

SERVICES_SHOWN = 40
"""More services than these are left out; those with failed tasks stay."""
_GROUPS_SHOWN = 8
_DEPLOYMENTS_SHOWN = 12
_FAILED, _WANTED, _CLEAN = "failed", "wanted", "clean"


class Tick(msgspec.Struct, frozen=True):
    """Things that happened at one place of the axis."""

    x: str
    kind: str
    """started, failed, wanted, clean, said or trouble."""
    title: str


class Ticks(msgspec.Struct, frozen=True, kw_only=True):
    """One row of moments."""

    name: str
    count: int
    tone: str
    ticks: tuple[Tick, ...]
    summary: str


class Step(msgspec.Struct, frozen=True):
    """How many tasks there were for a while; heights in per cent of the row."""

    x: str
    width: str
    desired: str
    running: str
    pending: str
    """Where its top is, running tasks included."""
    title: str


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The row of desired, running and pending tasks."""

    most: int
    """What the full height stands for."""
    summary: str
    steps: tuple[Step, ...]


class DeploymentLine(msgspec.Struct, frozen=True, kw_only=True):
    """The row of one deployment."""

    name: str
    state: str
    tone: str
    detail: str
    bar: Bar
    seq: int


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One service."""

    number: int
    """Names its ground."""
    name: str
    cluster: str
    ground: tuple[Band, ...]
    deployments: tuple[DeploymentLine, ...]
    deployments_total: int
    level: Level | None
    rows: tuple[Ticks, ...]
    groups_left_out: int


def lanes(services: Sequence[ServiceRow], scale: Scale, rollbacks: Sequence[Window]) -> tuple[Lane, ...]:
    """Return the lanes of services, those with failed tasks first where there are too many.

    Args:
        services: As `services_of` gives them.
        scale: The axis, shared with the resources.
        rollbacks: When the attempt was being undone.
    """
    kept = list(services)
    if len(kept) > SERVICES_SHOWN:
        kept = sorted(kept, key=lambda row: not any(task.has_failed for task in row.tasks))[:SERVICES_SHOWN]
    bands = rollback_bands(scale, rollbacks)
    return tuple(_lane(row, number, scale, bands) for number, row in enumerate(kept))


def _lane(service: ServiceRow, number: int, scale: Scale, rollbacks: Sequence[Band]) -> Lane:
    stops = _stops(service.tasks, scale)
    rows = [
        _ticks("tasks created", service.tasks, lambda task: task.created_at, "started", scale),
        _ticks("tasks that ran", service.tasks, lambda task: task.started_at, "started", scale),
        *stops[:_GROUPS_SHOWN],
        _messages(service.messages, scale),
    ]
    lines = [line for item in service.deployments if (line := _deployment(item, scale)) is not None]
    return Lane(
        number=number,
        name=service.name,
        cluster=service.cluster,
        ground=(*rollbacks, *gap_bands(scale, service.gaps)),
        deployments=tuple(lines[-_DEPLOYMENTS_SHOWN:]),
        deployments_total=len(lines),
        level=_level(service.counts, scale),
        rows=tuple(row for row in rows if row.count),
        groups_left_out=max(0, len(stops) - _GROUPS_SHOWN),
    )


def ending(task: TaskRow) -> tuple[str, str]:
    """Return how a task ended, in the fewest words, and what that means: failed, wanted or clean."""
    bad = [code for code in task.exit_codes if code]
    if bad:
        text = f"exit code {' and '.join(map(str, dict.fromkeys(bad)))}"
    elif task.is_wanted:
        text = "by the scheduler"
    elif task.has_failed or not task.exit_codes:
        text = task.stop_code or "no exit code"
    else:
        text = "exit code 0"
    tone = _FAILED if task.has_failed else _WANTED if task.is_wanted else _CLEAN
    return text, tone


def _stops(tasks: Sequence[TaskRow], scale: Scale) -> list[Ticks]:
    """Return a row for each way in which tasks ended, failures first, the most frequent first."""
    groups: dict[tuple[str, str], list[TaskRow]] = {}
    for task in tasks:
        groups.setdefault(ending(task), []).append(task)
    ordered = sorted(groups.items(), key=lambda item: (item[0][1] != _FAILED, -len(item[1]), item[0]))
    return [
        _ticks(f"stopped: {text}", found, lambda task: task.stopped_at, tone, scale)
        for (text, tone), found in ordered
    ]


def _ticks(
    name: str, tasks: Sequence[TaskRow], moment: Callable[[TaskRow], str], tone: str, scale: Scale
) -> Ticks:
    moments = [(moment(task), task) for task in tasks if moment(task)]
    ticks = _at_places(
        ((at, f"{clock_time(at)} {short_name(task.arn)}", tone) for at, task in moments), scale
    )
    return Ticks(
        name=name,
        count=len(moments),
        tone=tone,
        ticks=ticks,
        summary=_span(f"{name} {counted(len(moments), 'time')}", [at for at, _ in moments]),
    )


def _messages(messages: Sequence[ServiceEvent], scale: Scale) -> Ticks:
    said = [
        (item.at, f"{clock_time(item.at)} {item.message}", "said" if is_quiet(item.message) else "trouble")
        for item in messages
    ]
    return Ticks(
        name="scheduler's messages",
        count=len(said),
        tone="said",
        ticks=_at_places(said, scale),
        summary=_span(counted(len(said), "message"), [item.at for item in messages]),
    )


def _at_places(moments: Iterable[tuple[str, str, str]], scale: Scale) -> tuple[Tick, ...]:
    """Return one tick for each place: what cannot be told apart is drawn once, with its number."""
    places: dict[tuple[float, str], list[str]] = {}
    for at, title, kind in moments:
        x = scale.place(at)
        if x is not None:
            places.setdefault((round(x, 1), kind), []).append(title)
    return tuple(
        Tick(percent(x), kind, titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more")
        for (x, kind), titles in sorted(places.items())
    )


def _span(text: str, moments: Sequence[str]) -> str:
    if not moments:
        return text
    first, last = min(moments), max(moments)
    if first == last:
        return f"{text}, at {clock_time(first)}"
    return f"{text}, from {clock_time(first)} to {clock_time(last)}"


def _deployment(item: DeploymentRow, scale: Scale) -> DeploymentLine | None:
    begin = scale.place(item.started_at)
    end = scale.place(item.ended_at) if item.ended_at else 100.0
    if begin is None or end is None:
        return None
    tone = {"FAILED": "failed", "COMPLETED": "done"}.get(item.state, "open")
    failed = counted(item.failed_tasks, "failed task") if item.failed_tasks else ""
    title = f"{item.id} {item.state} from {clock_time(item.started_at)}"
    return DeploymentLine(
        name=short_name(item.id),
        state=item.state or "no rollout state",
        tone=tone,
        detail=", ".join(part for part in (short_name(item.task_definition), failed) if part),
        bar=Bar(percent(begin), percent(max(end - begin, LEAST)), tone, title),
        seq=item.seq,
    )


def _level(counts: Sequence[Counts], scale: Scale) -> Level | None:
    """Return the row of task counts: each count holds until the next; None where none is known."""
    known = [(x, item) for item in counts if (x := scale.place(item.at)) is not None]
    if not known:
        return None
    most = max(max(item.desired, item.running + item.pending) for _, item in known) or 1
    ends = [x for x, _ in known[1:]] + [100.0]
    merged = _merged([(x, end, item) for (x, item), end in zip(known, ends, strict=True)])
    steps = tuple(_step(x, end, item, most) for x, end, item in merged)
    desired = Counter(item.desired for _, item in known).most_common(1)[0][0]
    running = max(item.running for _, item in known)
    return Level(
        most=most,
        summary=f"{desired} desired most often, at most {running} running",
        steps=steps,
    )


def _merged(spans: Sequence[tuple[float, float, Counts]]) -> list[tuple[float, float, Counts]]:
    """Return spans with neighbours of the same numbers joined."""
    joined: list[tuple[float, float, Counts]] = []
    for x, end, item in spans:
        before = joined[-1][2] if joined else None
        same = before and (before.desired, before.running, before.pending) == (
            item.desired,
            item.running,
            item.pending,
        )
        if same and before:
            joined[-1] = (joined[-1][0], end, before)
        else:
            joined.append((x, end, item))
    return joined


def _step(x: float, end: float, item: Counts, most: int) -> Step:
    return Step(
        percent(x),
        percent(max(end - x, 0)),
        percent(item.desired / most * 100),
        percent(item.running / most * 100),
        percent((item.running + item.pending) / most * 100),
        f"{clock_time(item.at)} {item.desired} desired, {item.running} running, {item.pending} pending",
    )
