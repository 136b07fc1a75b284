"""What a crash leaves is mended, and nothing acknowledged is lost."""

import shutil
from pathlib import Path

import pytest

from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.model.record import RECOVERY
from tests.support.archives import SMALL, abandon, event, ids, open_writer, read

SEGMENT = "seg/00000001.jsonl"


def crashed(path: Path, records: int = 3) -> Path:
    """Return the open segment of an archive whose writer was killed after so many appends."""
    writer = open_writer(path)
    for number in range(records):
        writer.append([event(number)])
    abandon(writer)
    return path / SEGMENT


def quarantined(path: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((path / "quarantine").iterdir())]


def test_a_tail_torn_at_any_byte_is_cut_to_the_last_whole_record(tmp_path: Path) -> None:
    """The cut bytes are kept aside, and a record says how many there were."""
    whole = crashed(tmp_path / "whole").read_bytes()
    durable = len(b"".join(whole.splitlines(keepends=True)[:2]))
    for length in range(durable + 1, len(whole)):
        path = tmp_path / f"torn-{length}"
        shutil.copytree(tmp_path / "whole", path)
        (path / SEGMENT).write_bytes(whole[:length])
        writer = open_writer(path)
        assert writer.recovery is not None
        assert writer.recovery.data["cut_bytes"] == length - durable
        assert quarantined(path) == [whole[durable:length]]
        writer.append([event("next")])
        writer.close()
        found = read(path)
        assert [record.id for record in found if record.type != RECOVERY] == ["0", "1", "next"]
        assert [record.seq for record in found] == [1, 2, 3, 4]
        assert found[2].payload() == writer.recovery.data
        assert verify(path).is_sound


GARBAGE = {
    "zeros": b"\0" * 5000,
    "zeros after half a line": b'{"specversion":"1.0","type":"aws' + b"\0" * 4096,
    "half a character": b'{"specversion":"1.0","subject":"\xc3',
    "half an escape": b'{"specversion":"1.0","subject":"\\u00',
    "a line that is no JSON": b"%PDF-1.7\n",
    "several such lines": b"\0\0\n\n{}\nx\n",
    "another program's line": b'{"specversion":"1.0"}\n',
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_whatever_a_crash_has_put_at_the_end_goes_to_quarantine(tmp_path: Path, garbage: bytes) -> None:
    """File systems fill the end of a file with zeros or with old blocks after a loss of power."""
    segment = crashed(tmp_path / "a")
    with segment.open("ab") as file:
        file.write(garbage)
    open_writer(tmp_path / "a").close()
    assert ids(tmp_path / "a") == ["0", "1", "2"]
    assert quarantined(tmp_path / "a") == [garbage]
    assert verify(tmp_path / "a").is_sound


def test_nothing_is_mended_where_nothing_is_torn(tmp_path: Path) -> None:
    """A kill between two appends leaves a whole archive."""
    crashed(tmp_path / "a")
    writer = open_writer(tmp_path / "a")
    assert writer.recovery is None
    assert quarantined(tmp_path / "a") == []
    assert writer.next_seq == 4


def test_a_crash_between_quarantine_and_cut_keeps_the_bytes_once(tmp_path: Path) -> None:
    """Recovery that is itself interrupted can be done again."""
    segment = crashed(tmp_path / "a")
    durable = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(b"torn")
    (tmp_path / f"a/quarantine/00000001-{durable}-1.bin").write_bytes(b"torn")
    (tmp_path / f"a/quarantine/00000001-{durable}-1.bin.tmp").write_bytes(b"to")
    open_writer(tmp_path / "a").close()
    assert quarantined(tmp_path / "a") == [b"torn"]


def test_other_bytes_cut_at_the_same_place_get_another_name(tmp_path: Path) -> None:
    """Quarantine never overwrites."""
    segment = crashed(tmp_path / "a")
    (tmp_path / f"a/quarantine/00000001-{segment.stat().st_size}-1.bin").write_bytes(b"older")
    with segment.open("ab") as file:
        file.write(b"newer")
    open_writer(tmp_path / "a").close()
    assert quarantined(tmp_path / "a") == [b"older", b"newer"]


def test_a_segment_that_is_torn_from_its_first_byte_starts_again(tmp_path: Path) -> None:
    """The first append of a segment can be the one that was cut short."""
    segment = crashed(tmp_path / "a", records=1)
    torn = segment.read_bytes()[:-2]
    segment.write_bytes(torn)
    writer = open_writer(tmp_path / "a")
    writer.append([event("next")])
    writer.close()
    assert [record.seq for record in read(tmp_path / "a")] == [1, 2]
    assert quarantined(tmp_path / "a") == [torn]
    assert verify(tmp_path / "a").is_sound


def test_a_segment_without_a_byte_is_gone_on_with(tmp_path: Path) -> None:
    """A crash between making a segment and its first write."""
    crashed(tmp_path / "a", records=1)
    open_writer(tmp_path / "a").close()
    (tmp_path / "a/seg/00000002.jsonl").touch(mode=0o600)
    assert ids(tmp_path / "a") == ["0"]
    assert verify(tmp_path / "a").is_sound
    writer = open_writer(tmp_path / "a")
    writer.append([event("next")])
    writer.close()
    assert ids(tmp_path / "a") == ["0", "next"]
    assert verify(tmp_path / "a").is_sound


def test_a_seal_under_its_temporary_name_is_written_again(tmp_path: Path) -> None:
    """A crash between writing a seal and renaming it."""
    crashed(tmp_path / "a")
    (tmp_path / "a/seg/00000001.seal.json.tmp").write_bytes(b'{"format":1,')
    assert verify(tmp_path / "a").is_sound
    writer = open_writer(tmp_path / "a", options=SMALL)
    writer.append([event("next")])
    writer.close()
    assert not list((tmp_path / "a/seg").glob("*.tmp"))
    assert verify(tmp_path / "a").sealed == 1


def test_a_crash_between_seal_and_next_segment_needs_nothing(tmp_path: Path) -> None:
    """That is how every closed archive looks."""
    crashed(tmp_path / "a")
    writer = open_writer(tmp_path / "a", options=WriterOptions(segment_bytes=1))
    writer.append([event("next")])
    abandon(writer)
    (tmp_path / "a/seg/00000002.jsonl").unlink()
    writer = open_writer(tmp_path / "a")
    assert writer.recovery is None
    writer.append([event("again")])
    writer.close()
    assert ids(tmp_path / "a") == ["0", "1", "2", "again"]
    assert verify(tmp_path / "a").is_sound


HALF_MADE: dict[str, list[str]] = {
    "an empty directory": [],
    "a lock": ["LOCK"],
    "one folder": ["LOCK", "seg/"],
    "both folders": ["LOCK", "seg/", "quarantine/"],
    "a manifest under its temporary name": ["LOCK", "seg/", "quarantine/", "ARCHIVE.json.tmp"],
    "an empty manifest": ["LOCK", "seg/", "quarantine/", "ARCHIVE.json"],
}


@pytest.mark.parametrize("names", HALF_MADE.values(), ids=HALF_MADE)
def test_a_creation_that_was_cut_short_is_completed(tmp_path: Path, names: list[str]) -> None:
    """A crash at any step of making an archive leaves nothing that a person must clean up."""
    (tmp_path / "a").mkdir(mode=0o700)
    for name in names:
        file = tmp_path / "a" / name
        file.mkdir() if name.endswith("/") else file.touch()
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    writer.close()
    assert ids(tmp_path / "a") == ["1"]
    assert verify(tmp_path / "a").is_sound


def test_damage_in_the_open_segment_is_recorded_and_the_segment_closed(tmp_path: Path) -> None:
    """What was acknowledged and is damaged now is said so; what follows goes to a fresh segment."""
    segment = crashed(tmp_path / "a", records=4)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(lines[0] + lines[1].replace(b"event 1", b"evil  1") + lines[2] + lines[3])
    writer = open_writer(tmp_path / "a")
    assert writer.recovery is not None
    assert writer.recovery.data["damaged_lines"] == [2]
    assert [record.id for record in writer.tail()] == ["0", "2", "3"]
    writer.append([event("next")])
    writer.close()
    assert ids(tmp_path / "a") == ["0", "2", "3", "next"]
    archive = Archive.open(tmp_path / "a")
    list(archive.records())
    assert archive.lost == [(2, 2)]
    verdict = verify(tmp_path / "a")
    assert verdict.verdict == "damaged"
    assert [(problem.segment, problem.line) for problem in verdict.problems] == [(1, 2)]
    assert len(list((tmp_path / "a/seg").glob("*.jsonl"))) == 2


def test_a_damaged_seal_does_not_stop_recording(tmp_path: Path) -> None:
    """State comes from the records when a seal cannot be read; the damage is reported, not spread."""
    crashed(tmp_path / "a")
    open_writer(tmp_path / "a").close()
    seal = tmp_path / "a/seg/00000001.seal.json"
    seal.write_bytes(seal.read_bytes().replace(b'"count":3', b'"count":4'))
    writer = open_writer(tmp_path / "a")
    assert (writer.next_seq, writer.state.records) == (4, 3)
    writer.append([event("next")])
    writer.close()
    assert ids(tmp_path / "a") == ["0", "1", "2", "next"]
    assert [problem.file for problem in verify(tmp_path / "a").problems] == ["seg/00000001.seal.json"]


@pytest.mark.parametrize("damaged", [0, 3, 6], ids=["its first line", "a middle one", "the last but one"])
def test_an_append_that_lost_blocks_in_the_middle_keeps_its_other_records(
    tmp_path: Path, damaged: int
) -> None:
    """After a loss of power later blocks of an append can be there and earlier ones not."""
    segment = crashed(tmp_path / "a")
    before = segment.stat().st_size
    writer = open_writer(tmp_path / "a")
    writer.append([event(f"b{number}") for number in range(8)], poll="p")
    abandon(writer)
    whole = segment.read_bytes()
    lines = whole[before:].splitlines(keepends=True)
    lines[damaged] = b"\0" * (len(lines[damaged]) - 1) + b"\n"
    segment.write_bytes(whole[:before] + b"".join(lines))
    writer = open_writer(tmp_path / "a")
    assert writer.recovery is not None
    assert writer.recovery.data["salvaged"] == 7 - damaged
    assert [record.id for record in writer.tail()][-1] == "b7"
    writer.close()
    left = [f"b{number}" for number in range(8) if number != damaged]
    assert ids(tmp_path / "a") == ["0", "1", "2", *left]
    salvaged = next(record for record in read(tmp_path / "a") if record.id == "b7")
    assert (salvaged.poll, salvaged.payload()) == ("p", {"id": "b7", "message": "event b7"})
    assert verify(tmp_path / "a").is_sound
    assert quarantined(tmp_path / "a") == [b"".join(lines[damaged:])]


def test_damage_to_what_was_flushed_before_is_not_taken_for_an_interrupted_append(tmp_path: Path) -> None:
    """The last append's prev no longer fits the bytes before it: it is whole and stays where it is."""
    segment = crashed(tmp_path / "a", records=2)
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b"event 0", b"event X"))
    writer = open_writer(tmp_path / "a")
    assert writer.recovery is not None
    assert (writer.recovery.data["salvaged"], writer.recovery.data["damaged_lines"]) == (0, [1])
    writer.close()
    assert segment.read_bytes().splitlines()[1] == whole.splitlines()[1]
