"""A whole archive made from a damaged one, which stays as it is."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from forensics.archive.reader import Archive
from forensics.archive.verdict import Verdict
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.errors import UsageError
from forensics.model.clock import Clock
from forensics.model.record import REPAIR, Fact, Record

_AT_ONCE = 1000
"""Records of one append, at most: a poll that saw more is written in several."""


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair has kept; the JSON document of ``forensics repair -o json``."""

    schema_version: int = 1
    repaired: str
    """The id of the archive that was damaged; "" where that could not be read."""
    archive_id: str
    """The id of the new one."""
    records: int
    """How many were kept: every one that is as it was written."""
    lost: tuple[tuple[int, int], ...]
    """First and last seq, in the damaged archive, of each range of records that is gone."""
    problems: int
    """How many things `verify` found wrong with the damaged archive."""
    head: str
    """The digest that vouches for the new archive."""


def repair(damaged: Path, to: Path, *, clock: Clock, run: str, tool: str) -> Repaired:
    """Write every whole record of an archive into a new one, and state there what is lost.

    Records keep everything but their place: `seq` is counted anew, since it has no holes. Nothing of the
    damaged archive is changed.

    Args:
        damaged: The archive; an intact one is copied.
        to: Where the new one shall be; nothing may be there yet.
        clock: Stamps the new archive and its last record.
        run: Names this process in that record.
        tool: Names this program in the manifest.

    Raises:
        UsageError: Something is at `to` already.
        ArchiveMissing: Nothing is at `damaged`.
        NotAnArchive: Something else is.
        ArchiveTooNew: It has a newer format.
        ArchiveError: It cannot be read, or the new one cannot be written.
    """
    verdict = verify(damaged)
    if to.exists() or to.is_symlink():
        raise UsageError(f"{to} exists already", hint="a repair writes a new archive: name a new directory")
    writer = Writer.open(to, clock=clock, run=run, tool=tool)
    try:
        ranges = _Ranges()
        for records in _appends(Archive.open(damaged).records()):
            ranges.add(records, now=writer.next_seq)
            writer.append_again(records)
        kept = writer.state.records
        writer.append([_statement(verdict, ranges, kept, writer)])
    finally:
        head = writer.close()
    return Repaired(
        repaired=verdict.archive_id,
        archive_id=writer.archive_id,
        records=kept,
        lost=verdict.lost,
        problems=len(verdict.problems),
        head=head,
    )


class _Ranges:
    """Which numbers the records had, and have now."""

    def __init__(self) -> None:
        self.moved: list[dict[str, int]] = []

    def add(self, records: list[Record], *, now: int) -> None:
        for place, record in enumerate(records, now):
            last = self.moved[-1] if self.moved else None
            if last is not None and record.seq == last["last_seq"] + 1:
                last["last_seq"] = record.seq
            else:
                self.moved.append({"first_seq": record.seq, "last_seq": record.seq, "now_from": place})


def _appends(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield the records as they were appended, those of one poll together."""
    for _, together in groupby(records, key=lambda record: (record.prev, record.poll, record.run)):
        waiting = list(together)
        for start in range(0, len(waiting), _AT_ONCE):
            yield waiting[start : start + _AT_ONCE]


def _statement(verdict: Verdict, ranges: _Ranges, kept: int, writer: Writer) -> Fact:
    return Fact(
        type=REPAIR,
        source=f"urn:forensics:{writer.archive_id}",
        id=f"repair-{writer.run}",
        data={
            "archive_id": verdict.archive_id,
            "verdict": verdict.verdict,
            "head": verdict.head,
            "records": kept,
            "lost": [list(span) for span in verdict.lost],
            "ranges": ranges.moved,
        },
    )
