"""The live view as lines: what a person wants to see of a recording, fitted into a terminal."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from rich.text import Text

from forensics.analysis.notable import ERROR, WARNING, Notable
from forensics.analysis.progress import Progress, ServiceProgress, StackProgress
from forensics.analysis.reasons import normalised
from forensics.model.clock import from_rfc3339
from forensics.model.inert import inert
from forensics.model.times import format_duration
from forensics.report.wrap import pad, width_of, wrap

BUSY_SHOWN = 4
"""Longest-running resources shown for each stack."""
_MOST = 100
"""Stacks or services that are drawn: no terminal has room for more."""
_EVENT_LINES = 8
"""Lines that one event takes at most; the whole text is in the archive."""
_KEY_LENGTH = 2_000
_SOON = timedelta(minutes=15)
"""So long before the end of credentials a person is told what to do."""


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """How the recorder itself is, as plain values."""

    at: datetime
    """The recorder's time, aware."""
    started_at: datetime
    credentials_end: datetime | None
    """The earliest end of any credentials in use; None where it is not known."""
    is_renewing: bool = False
    """Whether those renew themselves before they end."""
    renewed_by: str = ""
    """What a person types to bring new ones; "" where there is nothing to type."""
    lag_s: float
    """The longest lag of an open stream."""
    streams: int
    open_gaps: int
    records: int
    troubles: tuple[str, ...] = ()
    """What keeps it from seeing now, in words."""
    waiting_for: tuple[str, ...] = ()


def frame(progress: Progress, vitals: Vitals, *, width: int, height: int) -> list[Text]:
    """Return the view's lines: never more than `height`, none wider than `width`.

    Args:
        progress: Where stacks and services stand.
        vitals: How the recorder is.
        width: Cells of a line, at least 20.
        height: Lines, at least 1.
    """
    head = _head(vitals, width)
    stacks, services = _stacks(progress, vitals.at, width), _services(progress, width)
    events = _events(progress, width)
    needs = [len(stacks), len(services), 1 + sum(map(len, events)) if events else 0]
    rooms = shares(needs, max(0, height - len(head)))
    lines = [*head, *_fitted(stacks, rooms[0]), *_fitted(services, rooms[1]), *_newest(events, rooms[2])]
    lines = lines[:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def shares(needs: Sequence[int], room: int) -> list[int]:
    """Return how many lines each part gets: an equal share first, what one leaves goes to the others.

    Args:
        needs: Lines that each part would fill.
        room: Lines that there are.
    """
    given = [0] * len(needs)
    while room > 0 and any(given[place] < need for place, need in enumerate(needs)):
        hungry = [place for place, need in enumerate(needs) if given[place] < need]
        each = max(1, room // len(hungry))
        for place in hungry:
            more = min(each, needs[place] - given[place], room)
            given[place] += more
            room -= more
    return given


def summary(progress: Progress, vitals: Vitals, *, width: int) -> list[Text]:
    """Return what stays on the screen when the view ends."""
    lines = [*_stacks(progress, vitals.at, width, busy=0), *_services(progress, width)]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _head(vitals: Vitals, width: int) -> list[Text]:
    gaps = f"{vitals.open_gaps} open gap{'' if vitals.open_gaps == 1 else 's'}"
    parts = [
        (_length(vitals.at - vitals.started_at), "default"),
        (f"lag {_length_s(vitals.lag_s)}", "default"),
        (gaps, "bold red" if vitals.open_gaps else "green"),
        _credentials(vitals),
        (f"{vitals.streams} stream{'' if vitals.streams == 1 else 's'}", "dim"),
        (f"{vitals.records} records", "dim"),
    ]
    line = Text("forensics", style="bold")
    for text, style in parts:
        # Half a number is worse than none: what does not fit is left out whole.
        if line.cell_len + 2 + len(text) > width:
            break
        line.append(f"  {text}", style=style)
    lines = [line]
    if not vitals.troubles and (notice := _notice(vitals)):
        lines += [Text(part, style="bold yellow") for part in wrap(notice, width, indent="  ")[:2]]
    for text in vitals.troubles:
        lines += [Text(part, style="bold red") for part in wrap(text, width, indent="  ")[:2]]
    if vitals.waiting_for:
        waiting = wrap(f"waiting for {', '.join(vitals.waiting_for)}", width, indent="  ")
        lines += [Text(part, style="yellow") for part in waiting[:2]]
    return lines


def _credentials(vitals: Vitals) -> tuple[str, str]:
    if vitals.credentials_end is None:
        return "credentials: end not known", "dim"
    left = vitals.credentials_end - vitals.at
    if vitals.is_renewing:
        return "credentials renew", "green"
    if left <= timedelta(0):
        return "credentials have ended", "bold red"
    return f"credentials {_length(left)}", "yellow" if left < _SOON else "green"


def _notice(vitals: Vitals) -> str:
    """Return what a person must do before the credentials end; "" while there is time."""
    if vitals.credentials_end is None or vitals.is_renewing:
        return ""
    left = vitals.credentials_end - vitals.at
    if not timedelta(0) < left < _SOON:
        return ""
    act = f"run `{inert(vitals.renewed_by)}`" if vitals.renewed_by else "bring new ones"
    return f"the credentials end in {_length(left)}: {act}, or there will be a gap"


def _stacks(progress: Progress, now: datetime, width: int, *, busy: int = BUSY_SHOWN) -> list[Text]:
    stacks = sorted(progress.stacks.values(), key=lambda item: item.changed_at, reverse=True)
    stacks.sort(key=lambda item: not item.is_busy)
    lines: list[Text] = []
    for stack in stacks[:_MOST]:
        lines.append(_stack(stack, now, max(16, width - 54)))
        running = stack.busy() if stack.is_busy else []
        for item in running[:busy]:
            line = Text(f"  {_since(item.since, now):>8}  ", style="dim")
            line.append(inert(item.logical_id), style="default")
            line.append(f"  {inert(item.resource_type)}", style="dim")
            lines.append(line)
        if busy and len(running) > busy:
            lines.append(Text(f"            and {len(running) - busy} more", style="dim"))
    if len(stacks) > _MOST:
        lines.append(Text(f"  and {len(stacks) - _MOST} stacks more", style="dim"))
    return lines


def _stack(stack: StackProgress, now: datetime, room: int) -> Text:
    line = Text(_middle_cut(inert(stack.name), room), style="bold")
    line.append("  ")
    line.append(inert(stack.status) or "?", style=_stack_style(stack))
    if stack.started_at:
        until = now if stack.is_busy else _moment(stack.changed_at) or now
        line.append(f"  {_since(stack.started_at, until)}", style="default")
    counts = [(stack.done, "done", "green"), (len(stack.busy()), "in progress", "yellow")]
    counts += [(stack.failed, "failed", "red"), (stack.removed, "removed", "dim")]
    for count, name, style in counts:
        if count or name == "done":
            line.append(f"  {count} {name}", style=style)
    return line


def _middle_cut(name: str, room: int) -> str:
    """Return a name with its middle left out where it is too long: nested stacks differ at both ends."""
    if len(name) <= room:
        return name
    tail = room // 2
    return f"{name[: room - tail - 1]}…{name[-tail:]}"


def _stack_style(stack: StackProgress) -> str:
    if "ROLLBACK" in stack.status or stack.status.endswith("FAILED"):
        return "red"
    return "yellow" if stack.is_busy else "green"


def _services(progress: Progress, width: int) -> list[Text]:
    services = sorted(progress.services.values(), key=lambda item: item.changed_at, reverse=True)
    services.sort(key=lambda item: item.rollout == "COMPLETED")
    if not services:
        return []
    longest = max(width_of(inert(item.name)) for item in services)
    room = max(8, min(longest, width - 50))
    head = f"{pad('SERVICE', room)}  DESIRED RUNNING PENDING  FAILED  ROLLOUT"
    lines = [Text(head, style="bold"), *(_service(item, room) for item in services[:_MOST])]
    if len(services) > _MOST:
        lines.append(Text(f"  and {len(services) - _MOST} services more", style="dim"))
    return lines


def _service(service: ServiceProgress, room: int) -> Text:
    name = Text(inert(service.name))
    name.truncate(room, overflow="ellipsis", pad=True)
    line = name
    line.append(f"  {service.desired:>7} {service.running:>7} {service.pending:>7} ")
    line.append(f"{service.failed:>7}", style="bold red" if service.failed else "")
    style = {"FAILED": "red", "COMPLETED": "green"}.get(service.rollout, "yellow")
    line.append(f"  {inert(service.rollout)}", style=style)
    return line


def _events(progress: Progress, width: int) -> list[list[Text]]:
    """Return the lines of each event, the newest last; events that say the same stand once, counted."""
    counts: dict[str, int] = {}
    newest: dict[str, Notable] = {}
    for said in progress.notables:
        key = f"{said.kind} {normalised(said.text[:_KEY_LENGTH])}"
        counts[key] = counts.get(key, 0) + 1
        newest.pop(key, None)
        newest[key] = said
    return [_event(said, counts[key], width) for key, said in newest.items()]


def _newest(events: list[list[Text]], room: int) -> list[Text]:
    """Return the newest events that fit under their heading, whole where possible."""
    lines: list[Text] = []
    for block in reversed(events):
        left = room - 1 - len(lines)
        if len(block) > left:
            lines = lines or block[:left]
            break
        lines = [*block, *lines]
    return [Text("EVENTS", style="bold"), *lines] if lines and room > 1 else []


def _event(said: Notable, count: int, width: int) -> list[Text]:
    style = {ERROR: "red", WARNING: "yellow"}.get(said.severity, "default")
    clock = inert(said.at.partition("T")[2][:8] or said.at)
    # Of a megabyte only what can be shown is wrapped.
    shown = said.text[: width * _EVENT_LINES]
    times = f"{count} times, newest: " if count > 1 else ""
    parts = wrap(times + shown, width, indent=" " * 10, first=f"{clock}  ")
    if len(parts) > _EVENT_LINES or len(shown) < len(said.text):
        last = Text(parts[:_EVENT_LINES][-1])
        last.truncate(width - 1)
        parts = [*parts[: _EVENT_LINES - 1], f"{last.plain}…"]
    return [Text(part, style=style) for part in parts]


def _fitted(lines: list[Text], room: int) -> list[Text]:
    if len(lines) <= room:
        return lines
    if room <= 0:
        return []
    hidden = len(lines) - room + 1
    return [*lines[: room - 1], Text(f"  … {hidden} more lines", style="dim")]


def _since(at: str, now: datetime) -> str:
    moment = _moment(at)
    return "?" if moment is None else _length(max(timedelta(0), now - moment))


def _length(length: timedelta) -> str:
    return format_duration(max(timedelta(0), length))


def _length_s(length_s: float) -> str:
    return _length(timedelta(seconds=length_s))


def _moment(text: str) -> datetime | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None
