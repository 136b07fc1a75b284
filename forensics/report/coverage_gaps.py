"""Gaps put together: one outage touches many streams, and is told once."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.analysis.blindness import outcome_of, reason_of
from forensics.analysis.coverage_statement import GapStatement
from forensics.analysis.wording import stream_name
from forensics.report.count import counted

SECTIONS = {
    "lost": ("LOST FOR EVER", "red"),
    "unknown": ("MAY BE MISSING", "yellow"),
    "open": ("NOT SEEN YET", "yellow"),
    "recovered": ("RECOVERED", "green"),
}
"""Heading and colour for each kind, the gravest first."""
_STREAMS_NAMED = 5
_DETAILS_TOLD = 3


class Group(msgspec.Struct, kw_only=True):
    """Gaps of one kind, reason and outcome that overlap in time."""

    gaps: dict[str, GapStatement]
    """By stream, the earliest first."""
    since: str
    until: str | None

    def takes(self, gap: GapStatement) -> bool:
        """Return whether a gap that begins no earlier belongs to the same outage."""
        return (self.until is None or gap.since <= self.until) and gap.stream not in self.gaps


def grouped(gaps: Iterable[GapStatement]) -> list[Group]:
    """Return gaps of one kind as groups, the earliest first; what is lost is never put together."""
    groups: list[Group] = []
    newest: dict[tuple[str, str], Group] = {}
    for gap in sorted(gaps, key=lambda gap: gap.since):
        outage = (gap.reason, outcome_of(gap))
        group = newest.get(outage)
        if group is not None and gap.kind != "lost" and group.takes(gap):
            group.gaps[gap.stream] = gap
            group.until = None if group.until is None or gap.until is None else max(group.until, gap.until)
        else:
            newest[outage] = Group(gaps={gap.stream: gap}, since=gap.since, until=gap.until)
            groups.append(newest[outage])
    return groups


def summary_of(gaps: Sequence[GapStatement]) -> str:
    """Return how many gaps there are, and how many facts are missing at least where that is known."""
    # No two gaps count the same fact: the bounds add up.
    bound = sum(gap.lower_bound or 0 for gap in gaps if gap.kind != "recovered")
    return counted(len(gaps), "gap") + (f", at least {counted(bound, 'fact')}" if bound else "")


def line_of(group: Group) -> str:
    """Return some sentences about a group: when, why, what is missing, of which streams, AWS's words."""
    span = f"since {group.since}" if group.until is None else f"{group.since} to {group.until}"
    first = next(iter(group.gaps.values()))
    left = len(group.gaps) - _STREAMS_NAMED
    more = f" and {counted(left, 'more stream')}" if left > 0 else ""
    listed = ", ".join(stream_name(name) for name in list(group.gaps)[:_STREAMS_NAMED])
    said = f"{span}, {reason_of(first)}: {outcome_of(first)} of {listed}{more}."
    details = list(dict.fromkeys(gap.detail for gap in group.gaps.values() if gap.detail))
    if len(details) <= 1:
        return " ".join([said, *details])
    told = [detail.rstrip(".") for detail in details[:_DETAILS_TOLD]]
    left = len(details) - len(told)
    return f"{said} {'; '.join([*told, *([f'and {left} others'] if left else [])])}."
