"""Whether an archive is what was written."""

from pathlib import Path

from forensics.archive import manifest
from forensics.archive.check import Check
from forensics.archive.expect import check_digest, find_digest
from forensics.archive.reader import Archive, readable
from forensics.archive.segment import numbers_in
from forensics.archive.streams import Removed
from forensics.archive.verdict import Problem, Verdict, name_verdict


def verify(path: Path, expect: str | None = None) -> Verdict:
    """Check every byte of an archive; nothing is written, a writer at work is not disturbed.

    Args:
        path: The archive.
        expect: A head digest that was printed earlier, 64 hexadecimal digits; None for none.

    Raises:
        UsageError: `expect` is no digest.
        ArchiveMissing: Nothing is at the path.
        NotAnArchive: Something else is.
        ArchiveTooNew: It has a newer format.
        ArchiveError: It cannot be read.
    """
    digest = check_digest(expect) if expect is not None else None
    archive = Archive.open(path)
    writer = archive.holder()
    with readable(path):
        while True:
            removed = archive.state().removed
            verdict = _check(archive, writer, digest)
            # What a writer removed during the check is not missing.
            if archive.state().removed == removed:
                return verdict


def _check(archive: Archive, writer: int | None, digest: str | None) -> Verdict:
    genesis = archive.genesis
    state = archive.state()
    check = Check(
        archive.segments,
        archive_id=archive.archive_id,
        genesis=genesis,
        removed=state.removed,
        is_live=lambda: writer is not None or archive.holder() is not None,
    )
    segments, seals = numbers_in(archive.segments.names())
    last = max(segments[-1:] + seals[-1:], default=0)
    first = state.removed.segment + 1 if state.removed else 1
    for number in range(first, last + 1):
        check.segment(number, is_last=number == last)
    manifest_problems = [
        Problem(kind="damaged", file=manifest.NAME, text=damage.text) for damage in archive.damages
    ]
    problems = (*manifest_problems, *check.problems)
    expected = (
        find_digest(digest, archive.segments, _beginnings(genesis, state.removed), check.spans)
        if digest
        else None
    )
    gap_count = state.gap_count
    return Verdict(
        verdict=name_verdict(problems, expected, gap_count),
        archive_id=archive.archive_id,
        segments=len(check.spans),
        sealed=check.sealed_count,
        records=check.record_count,
        last_seq=(check.missing.next_seq or 1) - 1,
        size_bytes=sum(span.size_bytes for span in check.spans),
        head=check.before or genesis or "",
        gap_count=gap_count,
        gap_kinds=state.gap_kinds,
        removed=state.removed,
        missing_segments=tuple(check.missing_segments),
        lost=tuple(check.missing.ranges),
        problems=problems,
        expected=expected,
        writer=writer,
    )


def _beginnings(genesis: str | None, removed: Removed | None) -> dict[str, int]:
    """Return the digests at which the chain can begin, with the last record before each."""
    found = {} if genesis is None else {genesis: 0}
    return found if removed is None else {**found, removed.sha256: removed.seq}
