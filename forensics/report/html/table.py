"""The rows of the report's table of records: the most telling ones, in the order in which they happened."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from markupsafe import escape

from forensics.analysis.notable import ERROR, INFO, WARNING, is_routine, severity
from forensics.analysis.timeline import Window
from forensics.analysis.wording import words
from forensics.model import record as facts
from forensics.model.inert import inert
from forensics.model.record import Record
from forensics.report.moments import moment_of

ROWS_SHOWN = 5000
ROWS_BYTES = 950_000
"""About so much text do all rows hold; what is routine is left out first."""
REASON_SHOWN = 2000
"""Characters of AWS's words in a row; the raw payload has the rest."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_MARKUP_BYTES = 75
_BOOKKEEPING = frozenset({facts.POLL, facts.COVERAGE, facts.STREAM})
_GRAVITY = {ERROR: 1, WARNING: 2, INFO: 3}
_NOT_NOTABLE, _ROUTINE = 4, 5
_ELSEWHEN = 6
"""Added to the rank of what did not happen during the attempt."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record as the table shows it; all texts raw."""

    seq: int
    at: str
    where: str
    what: str
    kind: str
    state: str
    reason: str
    tone: str
    """error, warning, info, "" for what is not notable, routine."""
    part: str
    """cf, ecs or us: who speaks."""
    raw: str
    """The payload, inert."""

    @property
    def size_bytes(self) -> int:
        """About how much room it takes in the page, its payload aside."""
        texts = (self.where, self.what, self.kind, self.state, self.reason)
        return _MARKUP_BYTES + sum(len(escape(text).encode(errors="replace")) for text in texts)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that are shown, and what is not."""

    rows: tuple[Row, ...]
    """In the order in which they happened."""
    total: int
    """How many records there are to show."""
    bookkeeping: int
    """How many records of the recorder's own bookkeeping are never shown."""
    records: int
    """All records."""
    first_recorded: str
    """RFC 3339; "" without any record."""
    last_recorded: str

    @property
    def size_bytes(self) -> int:
        """About how much room the rows take in the page, their payloads aside."""
        return sum(row.size_bytes for row in self.rows)

    @property
    def routine(self) -> int:
        """How many of the rows are routine."""
        return sum(row.tone == "routine" for row in self.rows)


def table(
    records: Iterable[Record],
    *,
    evidence: Collection[int],
    window: Window,
    names: Mapping[str, str],
    limit: int = ROWS_SHOWN,
) -> Table:
    """Return the table of records.

    Args:
        records: In the order of their seq.
        evidence: Numbers of the records that findings rest on: they are always shown.
        names: What nested stacks are called in their parents, by their own names.
        window: When the attempt went on: what is left out is from other times first.
        limit: The most rows to show.
    """
    ranked: dict[int, list[Record]] = {}
    count = bookkeeping = 0
    first = last = ""
    for record in records:
        count += 1
        first, last = first or record.recordedtime, record.recordedtime
        if record.type in _BOOKKEEPING:
            bookkeeping += 1
            continue
        found = ranked.setdefault(_rank(record, evidence, window), [])
        # No more than this of one rank can be shown, however large the archive.
        if len(found) < limit:
            found.append(record)
    return Table(
        rows=tuple(sorted(_fitting(ranked, names, limit), key=_when)),
        total=count - bookkeeping,
        bookkeeping=bookkeeping,
        records=count,
        first_recorded=first,
        last_recorded=last,
    )


def _rank(record: Record, evidence: Collection[int], window: Window) -> int:
    if record.seq in evidence:
        return 0
    grave = severity(record)
    rank = _GRAVITY[grave] if grave else _ROUTINE if is_routine(record) else _NOT_NOTABLE
    return rank if window.holds(record.happened_at()) else rank + _ELSEWHEN


def _fitting(ranked: dict[int, list[Record]], names: Mapping[str, str], limit: int) -> list[Row]:
    rows: list[Row] = []
    left_bytes = ROWS_BYTES
    for rank in sorted(ranked):
        for record in ranked[rank]:
            row = _row(record, names)
            left_bytes -= row.size_bytes
            if len(rows) == limit or (left_bytes < 0 and rank):
                return rows
            rows.append(row)
    return rows


def _when(row: Row) -> tuple[datetime, int]:
    # Texts do not compare as moments do: some have a fraction or an offset.
    return moment_of(row.at) or _NEVER, row.seq


def _row(record: Record, names: Mapping[str, str]) -> Row:
    said = words(record)
    reason = said.reason
    if len(reason) > REASON_SHOWN:
        reason = f"{reason[:REASON_SHOWN]} … and {len(reason) - REASON_SHOWN} more characters: see raw"
    return Row(
        seq=record.seq,
        at=record.happened_at(),
        where=names.get(said.where, said.where),
        what=said.what,
        kind=said.kind,
        state=said.state,
        reason=reason,
        tone=severity(record) or ("routine" if is_routine(record) else ""),
        part=_part(record.type),
        raw=inert(bytes(record.data).decode("utf-8", errors="backslashreplace")),
    )


def _part(kind: str) -> str:
    if kind.startswith("aws.cloudformation."):
        return "cf"
    return "ecs" if kind.startswith("aws.ecs.") else "us"
