"""Gaps put together: one outage touches many streams, and is told once."""

from collections.abc import Iterable

import msgspec

from forensics.analysis.blindness import outcome_of, reason_of
from forensics.analysis.coverage_statement import GapStatement
from forensics.analysis.wording import stream_name

SECTIONS = {
    "lost": ("LOST FOR EVER", "red"),
    "unknown": ("MAY BE MISSING", "yellow"),
    "open": ("NOT SEEN YET", "yellow"),
    "recovered": ("RECOVERED", "green"),
}
"""Heading and colour for each kind, the gravest first."""
_STREAMS_NAMED = 5


class Group(msgspec.Struct, kw_only=True):
    """Gaps of one kind and reason that overlap in time."""

    gaps: list[GapStatement]
    since: str
    until: str | None

    def takes(self, gap: GapStatement) -> bool:
        """Return whether a gap that begins no earlier belongs to the same outage."""
        first = self.gaps[0]
        is_alike = gap.reason == first.reason and gap.kind != "lost"
        return is_alike and (self.until is None or gap.since <= self.until) and gap.stream not in self.names()

    def names(self) -> list[str]:
        """Return the streams, in order."""
        return [gap.stream for gap in self.gaps]


def grouped(gaps: Iterable[GapStatement]) -> list[Group]:
    """Return gaps of one kind as groups, the earliest first; what is lost is never put together."""
    groups: list[Group] = []
    newest: dict[str, Group] = {}
    for gap in sorted(gaps, key=lambda gap: gap.since):
        group = newest.get(gap.reason)
        if group is not None and group.takes(gap):
            group.gaps.append(gap)
            group.until = None if group.until is None or gap.until is None else max(group.until, gap.until)
        else:
            newest[gap.reason] = Group(gaps=[gap], since=gap.since, until=gap.until)
            groups.append(newest[gap.reason])
    return groups


def line_of(group: Group) -> str:
    """Return one sentence or two about a group; all of it, whatever the streams' number leaves out."""
    span = f"since {group.since}" if group.until is None else f"{group.since} to {group.until}"
    first = group.gaps[0]
    names = [stream_name(name) for name in group.names()]
    more = f" and {len(names) - _STREAMS_NAMED} more streams" if len(names) > _STREAMS_NAMED else ""
    listed = ", ".join(names[:_STREAMS_NAMED])
    said = f"{span}, {reason_of(first)}: {outcome_of(first)} of {listed}{more}."
    details = list(dict.fromkeys(gap.detail for gap in group.gaps if gap.detail))
    return f"{said} {details[0]}" if details else said
