"""Moments as places on a time axis."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from forensics.report.moments import moment_of

_TICKS = 7
_EDGE = 3
"""At most so many: their labels stand side by side on a telephone, too."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE_S for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR_S for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY_S for days in (1, 2, 7, 14, 28, 56, 182, 364)),
)


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled place on the axis."""

    x: str
    label: str


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, laid out from 0 % to 100 %."""

    since: datetime
    """Aware, UTC."""
    until: datetime
    """After `since`."""

    @property
    def length_s(self) -> float:
        """How long the span is, seconds, above 0."""
        return (self.until - self.since).total_seconds()

    def place(self, at: str) -> float | None:
        """Return a moment's place in per cent; outside the span at its nearer end; None where unreadable."""
        moment = moment_of(at)
        if moment is None:
            return None
        return min(100.0, max(0.0, (moment - self.since).total_seconds() / self.length_s * 100))

    def ticks(self) -> list[Tick]:
        """Return the axis's labels: round times of UTC, not more than fit."""
        step_s = next((step for step in _STEPS_S if self.length_s / step <= _TICKS), _STEPS_S[-1])
        return list(self._ticks(step_s))[: _TICKS + 1]

    def _ticks(self, step_s: int) -> Iterator[Tick]:
        day = self.since.replace(hour=0, minute=0, second=0, microsecond=0)
        skipped = -(-(self.since - day).total_seconds() // step_s)
        moment = day + timedelta(seconds=skipped * step_s)
        while moment <= self.until:
            x = (moment - self.since).total_seconds() / self.length_s * 100
            # At the edges half of a label would be cut off.
            if _EDGE <= x <= 100 - _EDGE:
                yield Tick(x=percent(x), label=_label(moment, step_s))
            moment += timedelta(seconds=step_s)


def scale_of(moments: list[str]) -> Scale | None:
    """Return the scale that holds all readable moments with a little room; None where there is none."""
    known = [moment for at in moments if (moment := moment_of(at)) is not None]
    if not known:
        return None
    since, until = min(known), max(known)
    # Marks at the ends are cut in half without room.
    room = max(timedelta(seconds=1), (until - since) / 60)
    return Scale(since=since - room, until=until + room)


def percent(x: float) -> str:
    """Return a place as SVG takes it: a tenth of a pixel on a wide screen is fine enough."""
    return f"{x:.2f}".rstrip("0").rstrip(".") + "%"


def _label(moment: datetime, step_s: int) -> str:
    if step_s < _MINUTE_S:
        return moment.strftime("%H:%M:%S")
    if step_s < _DAY_S and (moment.hour or moment.minute):
        return moment.strftime("%H:%M")
    return moment.strftime("%m-%d")
