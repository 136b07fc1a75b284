"""What a check of an archive says."""

import msgspec

from forensics.archive.streams import Removed

INTACT = "intact"
WITH_GAPS = "intact with recorded gaps"
NOT_ON_THE_CHAIN = "digest not on the chain"
TORN_TAIL = "torn tail"
MISSING = "segments missing"
DAMAGED = "damaged"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was written."""

    kind: str
    """damaged, missing or torn."""
    file: str
    """Relative to the archive, such as ``seg/00000001.jsonl``."""
    segment: int | None = None
    line: int | None = None
    """From 1; None where it concerns the whole file."""
    text: str
    """What is wrong."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a digest that was printed earlier."""

    digest: str
    is_on_chain: bool
    seq: int | None = None
    """The last record that the digest vouches for, 0 for none; None where it is not on the chain."""
    records_after: int | None = None
    """How many records have come since."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found; the JSON document of ``forensics verify -o json``."""

    schema_version: int = 1
    verdict: str
    """The gravest that holds: intact, intact with recorded gaps, digest not on the chain, torn tail,
    segments missing, damaged."""
    archive_id: str
    segments: int
    """How many are there."""
    sealed: int
    """How many of them have a seal that is whole."""
    records: int
    """How many are there."""
    last_seq: int
    size_bytes: int
    """Of all segments."""
    head: str
    """The digest that vouches for what is there."""
    gap_count: int
    """Times that the recorder itself says it could not look."""
    gap_kinds: dict[str, int]
    """How many of them are recovered, lost, unknown or open; none where there is no such."""
    removed: Removed | None = None
    """What retention has removed, as the archive itself says; None where nothing."""
    missing_segments: tuple[int, ...]
    lost: tuple[tuple[int, int], ...]
    """First and last seq of each range of records that is not there."""
    problems: tuple[Problem, ...]
    expected: Expectation | None
    signed_by: str | None = None
    """The key whose signature over `expected.digest` was checked; None where none was asked for."""
    writer: int | None
    """The process that was writing meanwhile; None where none was."""

    @property
    def is_sound(self) -> bool:
        """Tell whether everything is as it was written, and as expected."""
        return self.verdict in (INTACT, WITH_GAPS)


def name_verdict(problems: tuple[Problem, ...], expected: Expectation | None, gap_count: int) -> str:
    """Return the gravest verdict that holds."""
    kinds = {problem.kind for problem in problems}
    for kind, verdict in (("damaged", DAMAGED), ("missing", MISSING), ("torn", TORN_TAIL)):
        if kind in kinds:
            return verdict
    if expected is not None and not expected.is_on_chain:
        return NOT_ON_THE_CHAIN
    return WITH_GAPS if gap_count else INTACT
