"""Every kind of damage is seen, named, and costs no more than it touched."""

import hashlib
import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.archive import statement
from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.segment import blocks
from forensics.archive.verify import verify
from forensics.errors import ForensicsError
from tests.support.archives import SMALL, abandon, event, ids, open_writer, ours, read, written


def flips(content: bytes) -> list[bytes]:
    return [
        content[:index] + bytes([content[index] ^ (1 << bit)]) + content[index + 1 :]
        for index in range(len(content))
        for bit in range(8)
    ]


def is_noticed(path: Path) -> bool:
    try:
        return not verify(path).is_sound
    except ForensicsError:
        return True


@pytest.mark.parametrize(
    "name",
    ["ARCHIVE.json", "seg/00000001.jsonl", "seg/00000001.seal.json", "seg/00000002.jsonl"],
    ids=["manifest", "sealed segment", "seal", "open segment"],
)
def test_every_flipped_bit_is_noticed(tmp_path: Path, name: str) -> None:
    """In sealed and live parts, seals and manifest alike."""
    writer = open_writer(tmp_path / "a", options=WriterOptions(segment_bytes=1))
    for number in range(2):
        writer.append([event(number)])
    abandon(writer)
    file = tmp_path / "a" / name
    assert (tmp_path / "a/seg/00000001.seal.json").exists()
    assert not (tmp_path / "a/seg/00000002.seal.json").exists()
    unnoticed = 0
    whole = file.read_bytes()
    for flipped in flips(whole):
        file.write_bytes(flipped)
        unnoticed += not is_noticed(tmp_path / "a")
    assert unnoticed == 0
    file.write_bytes(whole)
    assert verify(tmp_path / "a").is_sound


@settings(max_examples=150)
@given(data=st.data())
def test_damage_costs_only_the_records_that_it_touched(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Overwritten, zeroed, cut out or inserted: the reader finds its feet at the next line."""
    path = tmp_path_factory.mktemp("damage") / "a"
    writer = open_writer(path)
    writer.append([event(number) for number in range(12)])
    writer.close()
    segment = path / "seg/00000001.jsonl"
    whole = segment.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start, min(len(whole), start + 900)))
    splice = data.draw(st.binary(max_size=300) | st.just(b"\0" * (end - start)) | st.just(b"\n"))
    damaged = whole[:start] + splice + whole[end:]
    segment.write_bytes(damaged)
    undamaged = set(whole.splitlines(keepends=True)) & set(damaged.splitlines(keepends=True))
    expected = [seq for seq, line in enumerate(whole.splitlines(keepends=True), 1) if line in undamaged]
    archive = Archive.open(path)
    found = [record.seq for record in archive.records()]
    assert found == expected
    verdict = verify(path)
    assert verdict.is_sound == (damaged == whole)
    lost = [seq for first, last in verdict.lost for seq in range(first, last + 1)]
    assert sorted(lost + found) == list(range(1, 13))


def test_damage_is_named_by_segment_and_line(tmp_path: Path) -> None:
    """A person can look at the place."""
    written(tmp_path / "a", 12)
    segment = tmp_path / "a/seg/00000002.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], lines[1].replace(b"event", b"evend"), *lines[2:]]))
    verdict = verify(tmp_path / "a")
    assert verdict.verdict == "damaged"
    assert [(problem.file, problem.line) for problem in verdict.problems] == [("seg/00000002.jsonl", 2)]
    assert verdict.lost == ((6, 6),)


def subsets() -> list[tuple[int, ...]]:
    return [chosen for count in range(1, 7) for chosen in itertools.combinations(range(1, 7), count)]


def test_deleted_segments_are_counted_exactly(tmp_path: Path) -> None:
    """All 63 ways to delete some of six segments; their seals say what they held."""
    written(tmp_path / "six", 24)
    assert len(list((tmp_path / "six/seg").glob("*.jsonl"))) == 6
    for chosen in subsets():
        path = tmp_path / "-".join(map(str, chosen))
        shutil.copytree(tmp_path / "six", path)
        for number in chosen:
            (path / f"seg/{number:08d}.jsonl").unlink()
        verdict = verify(path)
        assert verdict.missing_segments == chosen
        assert verdict.verdict == "segments missing"
        assert sum(last - first + 1 for first, last in verdict.lost) == 4 * len(chosen)
        assert verdict.records == 24 - 4 * len(chosen)


def test_segments_deleted_with_their_seals_are_counted_below_the_last_one_left(tmp_path: Path) -> None:
    """Numbers and seqs have no holes; a missing end shows only against a head printed earlier."""
    records = written(tmp_path / "six", 24)
    head = verify(tmp_path / "six").head
    early = records[3].prev
    for chosen in subsets():
        path = tmp_path / "-".join(map(str, chosen))
        shutil.copytree(tmp_path / "six", path)
        for number in chosen:
            (path / f"seg/{number:08d}.jsonl").unlink()
            (path / f"seg/{number:08d}.seal.json").unlink()
        last = max(set(range(7)) - set(chosen))
        verdict = verify(path)
        assert verdict.missing_segments == tuple(number for number in chosen if number < last)
        assert verdict.is_sound == (not verdict.missing_segments)
        assert not verify(path, expect=head).is_sound or last == 6
        if 1 in chosen:
            assert not verify(path, expect=early).is_sound


def test_seals_that_are_gone_are_damage(tmp_path: Path) -> None:
    """Stripped of its seals an archive must not pass with less."""
    written(tmp_path / "a", 12)
    for seal in (tmp_path / "a/seg").glob("*.seal.json"):
        seal.unlink()
    verdict = verify(tmp_path / "a")
    assert verdict.verdict == "damaged"
    assert {problem.file for problem in verdict.problems} == {
        "seg/00000001.seal.json",
        "seg/00000002.seal.json",
    }
    assert verdict.records == 12


@pytest.mark.parametrize("cut", [1, 10, 100, 400])
def test_a_seal_that_is_cut_short_is_damage(tmp_path: Path, cut: int) -> None:
    """Half a seal is no seal."""
    written(tmp_path / "a", 3)
    seal = tmp_path / "a/seg/00000001.seal.json"
    seal.write_bytes(seal.read_bytes()[:-cut])
    assert verify(tmp_path / "a").verdict == "damaged"
    assert ids(tmp_path / "a") == ["0", "1", "2"]


def test_whole_lines_taken_from_a_sealed_segment_are_counted(tmp_path: Path) -> None:
    """Every line that is left is whole, and still the seal says otherwise."""
    written(tmp_path / "a", 3)
    segment = tmp_path / "a/seg/00000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:2]))
    verdict = verify(tmp_path / "a")
    assert (verdict.verdict, verdict.lost) == ("damaged", ((3, 3),))


def test_lines_that_changed_places_are_noticed_and_read_once(tmp_path: Path) -> None:
    """A line's own checksum holds anywhere: the chain and the seqs do not."""
    written(tmp_path / "a", 3, options=None)
    segment = tmp_path / "a/seg/00000001.jsonl"
    first, second, third = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(first + third + second + second)
    assert sorted(ids(tmp_path / "a")) == ["0", "1", "2"]
    assert verify(tmp_path / "a").verdict == "damaged"


def test_the_seal_of_another_archive_is_noticed(tmp_path: Path) -> None:
    """Each seal names its archive and follows the one before it."""
    written(tmp_path / "a", 12)
    written(tmp_path / "b", 12)
    for name in ("00000002.jsonl", "00000002.seal.json"):
        shutil.copy(tmp_path / "b/seg" / name, tmp_path / "a/seg" / name)
    assert verify(tmp_path / "a").verdict == "damaged"


def test_a_head_printed_earlier_is_found_at_every_place(tmp_path: Path) -> None:
    """Any checkpoint in any log will do, and the answer says how much came later."""
    writer = open_writer(tmp_path / "a", options=SMALL)
    heads = [writer.head]
    for number in range(10):
        writer.append([event(number)])
        heads.append(writer.head)
    for is_closed in (False, True):
        for seq, head in enumerate(heads):
            verdict = verify(tmp_path / "a", expect=head.upper())
            assert verdict.is_sound
            assert verdict.expected is not None
            assert (verdict.expected.seq, verdict.expected.records_after) == (seq, 10 - seq)
        if not is_closed:
            writer.close()


def test_a_tail_cut_off_shows_against_a_later_head(tmp_path: Path) -> None:
    """What is left looks like an archive that was never longer: only the checkpoint tells."""
    records = written(tmp_path / "a", 12)
    head = verify(tmp_path / "a").head
    for name in ("00000003.jsonl", "00000003.seal.json"):
        (tmp_path / "a/seg" / name).unlink()
    assert verify(tmp_path / "a").is_sound
    assert verify(tmp_path / "a", expect=records[5].prev).is_sound
    verdict = verify(tmp_path / "a", expect=head)
    assert verdict.verdict == "digest not on the chain"
    assert not verdict.is_sound


def test_an_archive_rewritten_whole_is_noticed_only_against_a_checkpoint(tmp_path: Path) -> None:
    """Somebody with write access can make every digest anew; docs/reference/archive-format.md says so."""
    records = written(tmp_path / "a", 12)
    heads = [record.prev for record in records[1:]] + [verify(tmp_path / "a").head]
    forged = open_writer(tmp_path / "forged", options=SMALL)
    for record in records:
        data = record.payload() if record.seq != 5 else {"message": "nothing happened"}
        forged.append([event(record.id, data)])
    forged.close()
    (tmp_path / "a/LOCK").rename(tmp_path / "lock")
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "forged").rename(tmp_path / "a")
    assert verify(tmp_path / "a").is_sound
    assert not any(verify(tmp_path / "a", expect=head).is_sound for head in heads)


def test_a_prev_planted_by_a_forger_does_not_vouch_for_changed_bytes(tmp_path: Path) -> None:
    """The bytes before a checkpoint are hashed anew: carrying its text is not enough."""
    writer = open_writer(tmp_path / "a")
    for number in range(4):
        writer.append([event(number)])
    head = writer.head
    writer.append([event("later")])
    abandon(writer)
    segment = tmp_path / "a/seg/00000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], lines[0], *lines[2:]]))
    verdict = verify(tmp_path / "a", expect=head)
    assert verdict.expected is not None
    assert not verdict.expected.is_on_chain


def test_gaps_that_the_recorder_recorded_are_no_damage(tmp_path: Path) -> None:
    """Blindness that is admitted is part of an intact archive."""
    writer = open_writer(tmp_path / "a")
    stream = "services arn:x"
    gap = {
        "stream": stream,
        "from": "2026-01-15T11:00:00Z",
        "to": None,
        "reason": "credentials",
        "kind": "open",
    }
    writer.append([ours("stream", "s", {"number": 1, "stream": stream}), ours("gap", "g", gap)])
    writer.close()
    verdict = verify(tmp_path / "a")
    assert (verdict.verdict, verdict.gap_count, verdict.is_sound) == ("intact with recorded gaps", 1, True)
    assert verdict.gap_kinds == {"open": 1}


def test_a_torn_tail_is_told_from_damage(tmp_path: Path) -> None:
    """It is what a crash leaves, and the next writer mends it."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    abandon(writer)
    with (tmp_path / "a/seg/00000001.jsonl").open("ab") as segment:
        segment.write(b'{"specver')
    verdict = verify(tmp_path / "a")
    assert (verdict.verdict, verdict.records, verdict.is_sound) == ("torn tail", 1, False)


def test_half_a_line_is_no_tear_while_a_writer_is_at_work(tmp_path: Path) -> None:
    """A check may look in the middle of a write."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    with (tmp_path / "a/seg/00000001.jsonl").open("ab") as segment:
        segment.write(b'{"specver')
    verdict = verify(tmp_path / "a")
    assert verdict.is_sound
    assert verdict.writer is not None
    assert verdict.head == writer.head


def test_the_rest_of_a_line_that_comes_while_its_beginning_is_read_is_no_line(tmp_path: Path) -> None:
    """It came from a writer at work, and made a whole record look like a damaged one."""
    path = tmp_path / "seg"
    path.write_bytes(b"first\nsec")
    with path.open("rb") as reading, path.open("ab", buffering=0) as writing:
        got = blocks(reading)
        assert next(got) == b"first\nsec"
        writing.write(b"ond\nthird\n")
        assert list(got) == []


def test_a_copy_elsewhere_verifies_alike(tmp_path: Path) -> None:
    """Nothing in an archive knows where it lies."""
    written(tmp_path / "a", 12)
    before = verify(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "moved")
    assert verify(tmp_path / "moved") == before


def test_checking_changes_nothing(tmp_path: Path) -> None:
    """A check of evidence must not touch it."""
    written(tmp_path / "a", 12)
    before = {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert verify(tmp_path / "a") == verify(tmp_path / "a")
    assert {path: path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()} == before


def test_records_are_readable_though_the_manifest_is_damaged(tmp_path: Path) -> None:
    """A flipped bit in ARCHIVE.json must not cost the records."""
    written(tmp_path / "a", 6)
    (tmp_path / "a/ARCHIVE.json").write_bytes(b"garbage")
    assert len(read(tmp_path / "a")) == 6
    verdict = verify(tmp_path / "a")
    assert (verdict.verdict, verdict.problems[0].file) == ("damaged", "ARCHIVE.json")


def test_a_statement_closes_with_the_digest_of_what_stands_before_it() -> None:
    """So anybody can check it with standard tools."""
    content, digest = statement.close_statement({"a": 1})
    assert content == b'{"a":1,"digest":"%b"}\n' % hashlib.sha256(b'{"a":1').hexdigest().encode()
    assert statement.digest_of(content) == digest
