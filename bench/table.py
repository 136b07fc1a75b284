"""Rows of figures beside their targets."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure."""

    what: str
    """What was measured, against what."""
    figure: float
    target: float
    unit: str
    """Such as ``x``, ``s``, ``MB``, ``calls``."""
    ok: bool
    """Whether the figure reaches the target."""


def at_least(what: str, figure: float, target: float, unit: str) -> Row:
    """Return a row whose figure must not be below the target."""
    return Row(what, figure, target, unit, figure >= target)


def at_most(what: str, figure: float, target: float, unit: str) -> Row:
    """Return a row whose figure must not be above the target."""
    return Row(what, figure, target, unit, figure <= target)


def print_table(rows: Iterable[Row]) -> None:
    """Print the rows as an aligned table, with a verdict for each."""
    table = [("what", "measured", "target", "")]
    for row in rows:
        measured, target = f"{row.figure:.3g} {row.unit}", f"{row.target:g} {row.unit}"
        table.append((row.what, measured, target, "ok" if row.ok else "MISSED"))
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    for line in table:
        left = line[0].ljust(widths[0])
        print(f"{left}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]}".rstrip())
