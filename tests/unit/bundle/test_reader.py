"""The lines of a bundle: what was written comes back, and every change of them is noticed."""

from pathlib import Path

import msgspec
import pytest

from forensics.bundle.manifest import Manifest
from forensics.bundle.members import EVENTS, MANIFEST, SUMS
from forensics.bundle.reader import Bundle
from forensics.errors import BundleRefused
from tests.support.bundles import bundle_at, members_of, packed, record

RECORDS = [record(seq) for seq in (3, 4, 9, 12)]


def changed(path: Path, name: str, content: bytes) -> Path:
    """Write a bundle with one member's content replaced and everything that vouches for it made anew."""
    members = {**members_of(RECORDS), name: content}
    path.write_bytes(packed(members))
    return path


def test_records_come_back_with_the_numbers_that_they_had(tmp_path: Path) -> None:
    """Evidence names records of the archive: the extract keeps their seq."""
    bundle = Bundle.open(bundle_at(tmp_path / "t.zip", RECORDS))
    found = list(bundle.records())
    assert [item.seq for item in found] == [3, 4, 9, 12]
    assert [item.payload() for item in found] == [item.payload() for item in RECORDS]
    assert [item.seq for item in bundle.records(since_seq=4)] == [9, 12]


def test_a_redacted_bundle_says_so(tmp_path: Path) -> None:
    """Whoever reads it must know that names and values are not what they were."""
    bundle = Bundle.open(bundle_at(tmp_path / "t.zip", RECORDS, policy="standard 1"))
    verdict = bundle.verify()
    assert verdict.verdict == "VERIFIED-REDACTED"
    assert (verdict.records, verdict.first_seq, verdict.last_seq) == (4, 3, 12)
    assert any("hidden by the policy standard 1" in note for note in bundle.notes)


def test_an_extract_without_records_is_a_bundle_too(tmp_path: Path) -> None:
    """A selection may match nothing."""
    assert Bundle.open(bundle_at(tmp_path / "t.zip", [])).verify().records == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:1], *lines[2:]],
        lambda lines: lines[:-1],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[0].replace(b"event 3", b"event 7"), *lines[1:]],
        lambda lines: [b"{}\n", *lines],
    ],
    ids=["left out", "end cut off", "exchanged", "repeated", "changed", "added"],
)
def test_a_change_of_lines_is_noticed_though_the_zip_is_whole(tmp_path: Path, change: object) -> None:
    """Somebody unpacked it, edited, and packed it again."""
    lines = members_of(RECORDS)[EVENTS].splitlines(keepends=True)
    path = changed(tmp_path / "t.zip", EVENTS, b"".join(change(lines)))  # type: ignore[operator]
    with pytest.raises(BundleRefused):
        Bundle.open(path).verify()


def test_reading_notices_a_changed_line_without_being_asked_to_verify(tmp_path: Path) -> None:
    """`explain ticket.zip` must not explain what somebody has written into it."""
    lines = members_of(RECORDS)[EVENTS].splitlines(keepends=True)
    path = changed(tmp_path / "t.zip", EVENTS, lines[0] + lines[2])
    bundle = Bundle.open(path)
    with pytest.raises(BundleRefused, match=r"line 2 of events\.jsonl does not follow"):
        list(bundle.records())


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"_type":"https://in-toto.io/Statement/v1"}', b"\xff", b"[" * 100_000],
    ids=["empty", "object", "list", "part", "no text", "deep"],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in its place."""
    with pytest.raises(BundleRefused, match=r"manifest\.json"):
        Bundle.open(changed(tmp_path / "t.zip", MANIFEST, content))


def test_sums_that_do_not_agree_are_refused(tmp_path: Path) -> None:
    """People without this program rely on them."""
    with pytest.raises(BundleRefused, match="SHA256SUMS"):
        Bundle.open(changed(tmp_path / "t.zip", SUMS, b"0" * 64 + b"  README.md\n"))


def test_the_manifest_is_an_in_toto_statement() -> None:
    """Tools that know the form find subjects and predicate where they look for them."""
    document = msgspec.json.decode(members_of(RECORDS)[MANIFEST])
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert set(document) == {"_type", "subject", "predicateType", "predicate"}
    assert all(set(subject) == {"name", "digest"} for subject in document["subject"])
    assert all(len(subject["digest"]["sha256"]) == 64 for subject in document["subject"])
    assert msgspec.json.decode(msgspec.json.encode(document), type=Manifest).predicate.records == 4
