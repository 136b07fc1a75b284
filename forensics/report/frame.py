"""The live view as lines: what a person wants to see of a recording, fitted into a terminal."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from forensics.analysis.notable import ERROR, WARNING, Notable
from forensics.analysis.progress import Progress, Resource, ServiceProgress, StackProgress
from forensics.analysis.reasons import normalised
from forensics.model.clock import from_rfc3339
from forensics.model.inert import inert
from forensics.report.vitals import Vitals, head, length_of
from forensics.report.wrap import pad, width_of, wrap_short

BUSY_SHOWN = 4
"""Longest-running resources shown for each stack."""
_MOST = 100
"""Stacks or services that are drawn: no terminal has room for more."""
_LEAST_NAME = 16
"""Cells for a name at least, where it is that long."""
_COLUMNS = "  DESIRED RUNNING PENDING  FAILED  ROLLOUT    "
"""Of the table of services, behind the name; as wide as the longest of its rows."""
_EVENT_LINES = 8
"""Lines that one event takes at most; the whole text is in the archive."""
_KEY_LENGTH = 2_000


def frame(progress: Progress, vitals: Vitals, *, width: int, height: int) -> list[Text]:
    """Return the view's lines: never more than `height`, none wider than `width`.

    Args:
        progress: Where stacks and services stand.
        vitals: How the recorder is.
        width: Cells of a line, at least 20.
        height: Lines, at least 1.
    """
    first = head(vitals, width)
    stacks, services = _stacks(progress, vitals.at, width), _services(progress, width)
    events = _events(progress, width)
    needs = [len(stacks), len(services), 1 + sum(map(len, events)) if events else 0]
    room = max(0, height - len(first))
    rooms = shares(needs, room)
    if rooms[2] == 1:
        # The heading alone says nothing.
        rooms = [*shares(needs[:2], room), 0]
    lines = [*first, *_fitted(stacks, rooms[0]), *_fitted(services, rooms[1]), *_newest(events, rooms[2])]
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


def _stacks(progress: Progress, now: datetime, width: int, *, busy: int = BUSY_SHOWN) -> list[Text]:
    stacks = sorted(progress.stacks.values(), key=lambda item: item.changed_at, reverse=True)
    stacks.sort(key=lambda item: not item.is_busy)
    lines: list[Text] = []
    for stack in stacks[:_MOST]:
        lines += _stack(stack, now, width)
        running = stack.busy() if stack.is_busy else []
        lines += [_busy(item, now, width) for item in running[:busy]]
        if busy and len(running) > busy:
            lines.append(Text(f"            and {len(running) - busy} more", style="dim"))
    if len(stacks) > _MOST:
        lines.append(Text(f"  and {len(stacks) - _MOST} stacks more", style="dim"))
    return lines


def _stack(stack: StackProgress, now: datetime, width: int) -> list[Text]:
    name = Text(_middle_cut(inert(stack.name), max(_LEAST_NAME, width - 54)), style="bold")
    parts = [(inert(stack.status) or "?", _stack_style(stack))]
    if stack.started_at:
        until = now if stack.is_busy else _moment(stack.changed_at) or now
        parts.append((_since(stack.started_at, until), "default"))
    counts = [(stack.done, "done", "green"), (len(stack.busy()), "in progress", "yellow")]
    counts += [(stack.failed, "failed", "red"), (stack.removed, "removed", "dim")]
    parts += [(f"{count} {name}", style) for count, name, style in counts if count or name == "done"]
    return _flowed(name, parts, width)


def _busy(item: Resource, now: datetime, width: int) -> Text:
    line = Text(f"  {_since(item.since, now):>8}  ", style="dim")
    line.append(inert(item.logical_id), style="default")
    kind = f"  {inert(item.resource_type)}"
    return line.append(kind, style="dim") if line.cell_len + width_of(kind) <= width else line


def _flowed(line: Text, parts: Sequence[tuple[str, str]], width: int) -> list[Text]:
    """Return a line with parts behind it, those that do not fit whole on further lines."""
    lines = [line]
    for text, style in parts:
        if lines[-1].cell_len + 2 + width_of(text) > width:
            lines.append(Text("  "))
        lines[-1].append(f"  {text}", style=style)
    return lines


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
    room = min(longest, width - width_of(_COLUMNS))
    if room < min(longest, _LEAST_NAME):
        lines = [line for item in services[:_MOST] for line in _narrow_service(item, width)]
    else:
        title = Text(pad("SERVICE", room) + _COLUMNS, style="bold")
        lines = [title, *(_service(item, max(room, len("SERVICE"))) for item in services[:_MOST])]
    if len(services) > _MOST:
        lines.append(Text(f"  and {len(services) - _MOST} services more", style="dim"))
    return lines


def _service(service: ServiceProgress, room: int) -> Text:
    name = Text(inert(service.name))
    name.truncate(room, overflow="ellipsis", pad=True)
    line = name
    line.append(f"  {service.desired:>7} {service.running:>7} {service.pending:>7} ")
    line.append(f"{service.failed:>7}", style="bold red" if service.failed else "")
    line.append(f"  {inert(service.rollout)}", style=_rollout_style(service))
    return line


def _narrow_service(service: ServiceProgress, width: int) -> list[Text]:
    parts = [(f"{service.running} of {service.desired} running", "default")]
    if service.pending:
        parts.append((f"{service.pending} pending", "default"))
    if service.failed:
        parts.append((f"{service.failed} failed", "bold red"))
    if service.rollout:
        parts.append((inert(service.rollout), _rollout_style(service)))
    return _flowed(Text(_middle_cut(inert(service.name), width)), parts, width)


def _rollout_style(service: ServiceProgress) -> str:
    return {"FAILED": "red", "COMPLETED": "green"}.get(service.rollout, "yellow")


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
    times = f"{count} times, newest: " if count > 1 else ""
    parts = wrap_short(times + said.text, width, most=_EVENT_LINES, indent=" " * 10, first=f"{clock}  ")
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
    return "?" if moment is None else length_of(max(timedelta(0), now - moment))


def _moment(text: str) -> datetime | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None
