"""What a checkup found, as text."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

from forensics.model.checkup import NOTE, OK, PROBLEM, Check, Checkup
from forensics.model.inert import inert
from forensics.model.times import format_duration
from forensics.report.count import counted
from forensics.report.ink import Ink
from forensics.report.wrap import pad, wrap

_STYLES = {OK: ("green",), NOTE: ("yellow",), PROBLEM: ("bold", "red")}
_ORDER = ("region", "endpoint", "clock", "credentials", "target", "permissions", "time")
_NARROW = 60
"""Columns below which a text stands under the name of its check, not beside it."""
_STATE_WIDTH, _NAME_WIDTH = len(PROBLEM), len("credentials")


def lines(found: Checkup, ink: Ink) -> Iterator[str]:
    """Yield the report, without line feeds: the verdict, a line for each check, what is missing."""
    yield from _verdict(found, ink)
    for site in found.sites:
        yield ""
        yield from wrap(site.label, ink.width)
        yield from _checks(sorted(site.checks, key=_place), ink)
    yield ""
    yield "recording"
    yield from _checks(found.checks, ink)
    if found.missing_policy is not None:
        yield ""
        yield from wrap("missing permissions, to paste into a policy:", ink.width)
        yield from map(inert, json.dumps(found.missing_policy, indent=2).splitlines())


def _verdict(found: Checkup, ink: Ink) -> Iterator[str]:
    states = [check.state for check in found.every_check()]
    problems, notes = states.count(PROBLEM), states.count(NOTE)
    parts = [counted(number, noun) for number, noun in ((problems, PROBLEM), (notes, NOTE)) if number]
    verdict = "READY" if found.is_ready else "NOT READY"
    painted = ink.paint(verdict, "bold", "green" if found.is_ready else "red")
    length = format_duration(timedelta(seconds=found.expect_duration_s))
    text = f"{verdict} for a recording of {length}{': ' if parts else ''}{', '.join(parts)}"
    first, *others = wrap(text, ink.width)
    yield painted + first[len(verdict) :]
    yield from others


def _checks(checks: Iterable[Check], ink: Ink) -> Iterator[str]:
    is_narrow = ink.width < _NARROW
    indent = " " * (4 if is_narrow else 2 + _STATE_WIDTH + 2 + _NAME_WIDTH + 2)
    for check in checks:
        text = f"{check.target}: {check.text}" if check.target else check.text
        # The styles would count as cells: the line is broken first and painted then.
        first, *others = wrap(text, ink.width, indent=indent)
        state = ink.paint(pad(check.state, _STATE_WIDTH), *_STYLES[check.state])
        if is_narrow:
            yield from (f"  {state}  {check.name}", first)
        else:
            yield f"  {state}  {pad(check.name, _NAME_WIDTH)}  {first[len(indent) :]}"
        yield from others
        if check.remedy:
            yield from wrap(check.remedy, ink.width, indent=indent + "   ", first=indent + "-> ")


def _place(check: Check) -> int:
    return _ORDER.index(check.name) if check.name in _ORDER else len(_ORDER)
