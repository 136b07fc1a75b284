"""The rows of the report's table of records."""

from collections.abc import Iterable

import msgspec

from forensics.analysis.notable import severity
from forensics.analysis.wording import words
from forensics.model import record as facts
from forensics.model.record import Record

_BOOKKEEPING = frozenset({facts.POLL, facts.COVERAGE, facts.STREAM})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record as the table shows it; all texts raw."""

    seq: int
    at: str
    where: str
    what: str
    kind: str
    state: str
    reason: str
    severity: str
    """error, warning, info, or "" for what is routine."""


def rows(records: Iterable[Record]) -> list[Row]:
    """Return the rows of records, but for the recorder's own bookkeeping."""
    return [_row(record) for record in records if record.type not in _BOOKKEEPING]


def _row(record: Record) -> Row:
    said = words(record)
    return Row(
        seq=record.seq,
        at=record.happened_at(),
        where=said.where,
        what=said.what,
        kind=said.kind,
        state=said.state,
        reason=said.reason,
        severity=severity(record) or "",
    )
