"""A bundle, made from nothing but redacted records."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Protocol

import msgspec

from forensics.analysis.course import course_behind
from forensics.analysis.coverage import Coverage
from forensics.analysis.coverage_statement import statement
from forensics.analysis.diagnose import judge
from forensics.analysis.timeline import Timeline
from forensics.bundle.container import Packer
from forensics.bundle.events import read_lines, write_lines
from forensics.bundle.manifest import VOUCHED_FOR, Predicate, Source, as_json, encode, sums
from forensics.bundle.members import COVERAGE, EVENTS, MANIFEST, README, REDACTION, REPORT, SUMMARY, SUMS
from forensics.errors import UsageError
from forensics.model.finding import Diagnosis
from forensics.model.record import JsonObject, Record
from forensics.report.html.page import Origin, page
from forensics.report.html.subject import attempt_of, course_of_attempt
from forensics.report.markdown import document
from forensics.sharing.room import left_out, size_of, weigh
from forensics.sharing.words import readme

_SHARES = (0.9, 0.8, 0.5, 0.0, 0.0)
"""How much of the room that the other members leave is used, try after try: how well lines can be packed is
only known of all of them together."""


class Redaction(Protocol):
    """Hides what a record must not tell."""

    @property
    def policy_id(self) -> str:
        """The policy's name and version, such as ``standard 1``; ``off`` where nothing is hidden."""
        ...

    def learn(self, record: Record) -> None:
        """Note a record's names before any is told, so that a name is told alike before and after."""
        ...

    def record(self, record: Record) -> Record | None:
        """Return the record as it may be told; None where none of it may."""
        ...

    def summary(self) -> JsonObject:
        """Return what was hidden, by rule and field; never a value."""
        ...


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that was written."""

    predicate: Predicate
    digests: dict[str, str]
    """SHA-256, hex, of each member."""
    redaction: JsonObject


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle is made of, beside its records."""

    tool: str
    source: Source
    origin: Origin | None
    """What vouches for the archive, for the report; None where the records come from no archive."""
    selection: JsonObject
    """What was asked for, as it may be told."""
    attempt: int | None = None
    max_bytes: int | None = None
    """What the zip may take; None: whatever it needs."""


def compose(
    records: Callable[[], Iterable[Record]], redaction: Redaction, asked: Asked, out: IO[bytes]
) -> Made:
    """Write a bundle.

    Everything in it is computed from the records as they were redacted, so that nothing can tell what they
    do not. They stand in a file without a name meanwhile.

    Args:
        records: Gives what was selected, in the order of their seq, each time it is called.
        redaction: Hides what must not be told.
        asked: Everything else.
        out: Where the zip goes; must be able to seek.

    Raises:
        UsageError: There is no attempt of that number in the records, or no bundle can be so small.
    """
    with tempfile.TemporaryFile() as kept:
        for record in records():
            redaction.learn(record)
        refused = _keep(records(), redaction, kept)
        gone: frozenset[int] = frozenset()
        for share in _SHARES:
            out.seek(0)
            out.truncate()
            story = _Story(kept, gone, asked.attempt)
            with Packer(out) as packer:
                made = _pack(story, redaction, asked, (refused, len(gone)), packer)
            zip_bytes = out.tell()
            if asked.max_bytes is None or zip_bytes <= asked.max_bytes:
                return made
            room_bytes = max(0, asked.max_bytes - zip_bytes + packer.packed[EVENTS]) * share
            gone |= story.too_much(room_bytes / packer.packed[EVENTS])
    raise UsageError(
        f"no bundle of {asked.max_bytes} bytes can be made: without any records it takes {zip_bytes}",
        hint="allow more with --max-size, or ask for less with --attempt, --stack, --since",
    )


class _Story:
    """The redacted records, and what they come down to."""

    def __init__(self, kept: IO[bytes], gone: frozenset[int], attempt: int | None) -> None:
        self._kept = kept
        self._gone = gone
        timeline = Timeline.of(self.records())
        self.diagnosis: Diagnosis = judge(timeline, attempt=attempt)
        self.attempt = attempt_of(self.diagnosis, attempt)
        self.course = course_of_attempt(timeline, self.attempt)
        self.behind = course_behind(timeline, self.diagnosis)

    def records(self) -> Iterator[Record]:
        """Yield the records that stay."""
        self._kept.seek(0)
        return (record for record in read_lines(self._kept, EVENTS) if record.seq not in self._gone)

    def too_much(self, share: float) -> frozenset[int]:
        """Return the records to leave out so that the others are no more than a share of all, 0 to 1."""
        evidence = frozenset(item.seq for finding in self.diagnosis.findings for item in finding.evidence)
        first = next((item for finding in self.diagnosis.findings for item in finding.evidence), None)
        cause_at = first.at if first is not None else ""
        weighed = [
            weigh(record, size_of(record), evidence=evidence, cause_at=cause_at) for record in self.records()
        ]
        return left_out(weighed, int(share * sum(item.size_bytes for item in weighed)))


def _keep(records: Iterable[Record], redaction: Redaction, kept: IO[bytes]) -> int:
    """Write the redacted records to a file, and return how many were not told at all."""
    refused = 0

    def told() -> Iterator[Record]:
        nonlocal refused
        for record in records:
            hidden = redaction.record(record)
            if hidden is None:
                refused += 1
            else:
                yield hidden

    kept.writelines(write_lines(told()))
    return refused


def _pack(story: _Story, redaction: Redaction, asked: Asked, gone: tuple[int, int], packer: Packer) -> Made:
    seqs = [record.seq for record in story.records()]
    predicate = Predicate(
        tool=asked.tool,
        source=asked.source,
        selection=asked.selection,
        policy=redaction.policy_id,
        records=len(seqs),
        first_seq=min(seqs, default=0),
        last_seq=max(seqs, default=0),
        left_out={
            "the policy has no rule for their kind": gone[0],
            "for want of room, the farthest from the cause": gone[1],
        },
    )
    summary = redaction.summary()
    packer.add(README, [readme(predicate).encode()])
    packer.add(SUMMARY, [document(story.diagnosis, story.behind).encode()])
    packer.add(REPORT, [_report(story, asked).encode()])
    packer.add(EVENTS, write_lines(story.records()))
    packer.add(COVERAGE, [as_json(statement(Coverage(story.records())))])
    packer.add(REDACTION, [as_json(summary)])
    said = encode({name: packer.digests[name] for name in VOUCHED_FOR}, predicate)
    packer.add(MANIFEST, [said])
    packer.add(SUMS, [sums(packer.digests)])
    return Made(predicate=predicate, digests=dict(packer.digests), redaction=summary)


def _report(story: _Story, asked: Asked) -> str:
    return page(story.records, story.diagnosis, story.course, attempt=story.attempt, origin=asked.origin)
