"""How the recorder itself is: the first lines of the live view."""

from datetime import datetime, timedelta

import msgspec
from rich.text import Text

from forensics.model.inert import inert
from forensics.model.times import format_duration
from forensics.report.wrap import wrap_short

_NOTICE_LINES = 4
"""Lines of a notice or a trouble: in all but the narrowest terminals what to type stands there whole."""
_WAITING_LINES = 2
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


def head(vitals: Vitals, width: int) -> list[Text]:
    """Return the lines, each at most `width` cells wide.

    Args:
        vitals: How the recorder is.
        width: Cells of a line, at least 20.
    """
    lines = [_counts(vitals, width)]
    if not vitals.troubles and (notice := _notice(vitals)):
        lines += _block(notice, width, _NOTICE_LINES, "bold yellow")
    for text in vitals.troubles:
        lines += _block(text, width, _NOTICE_LINES, "bold red")
    if vitals.waiting_for:
        lines += _block(f"waiting for {', '.join(vitals.waiting_for)}", width, _WAITING_LINES, "yellow")
    return lines


def length_of(length: timedelta) -> str:
    """Return a length of time as a person reads it; less than none is none."""
    return format_duration(max(timedelta(0), length))


def _counts(vitals: Vitals, width: int) -> Text:
    gaps = f"{vitals.open_gaps} open gap{'' if vitals.open_gaps == 1 else 's'}"
    parts = [
        (length_of(vitals.at - vitals.started_at), "default"),
        (f"lag {length_of(timedelta(seconds=vitals.lag_s))}", "default"),
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
    return line


def _block(text: str, width: int, most: int, style: str) -> list[Text]:
    return [Text(part, style=style) for part in wrap_short(text, width, most=most, indent="  ")]


def _credentials(vitals: Vitals) -> tuple[str, str]:
    if vitals.credentials_end is None:
        return "credentials: end not known", "dim"
    left = vitals.credentials_end - vitals.at
    if vitals.is_renewing:
        return "credentials renew", "green"
    if left <= timedelta(0):
        return "credentials have ended", "bold red"
    return f"credentials {length_of(left)}", "yellow" if left < _SOON else "green"


def _notice(vitals: Vitals) -> str:
    """Return what a person must do before the credentials end; "" while there is time."""
    if vitals.credentials_end is None or vitals.is_renewing:
        return ""
    left = vitals.credentials_end - vitals.at
    if not timedelta(0) < left < _SOON:
        return ""
    act = f"run `{inert(vitals.renewed_by)}`" if vitals.renewed_by else "bring new ones"
    return f"the credentials end in {length_of(left)}: {act}, or there will be a gap"
