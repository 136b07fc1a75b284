"""What can be saved of a damaged archive is saved, and what cannot is said."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.archive.reader import Archive
from forensics.archive.repair import repair
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.cli.main import run_command
from forensics.errors import UsageError
from forensics.model.record import REPAIR, Record
from tests.support.archives import SMALL, event, open_writer, read, written
from tests.support.clock import ManualClock

FILES = ["ARCHIVE.json", *(f"seg/0000000{n}{end}" for n in (1, 2, 3) for end in (".jsonl", ".seal.json"))]


def bytes_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def saved(path: Path, to: Path) -> list[Record]:
    """Repair an archive and return what the new one holds of it."""
    repair(path, to, clock=ManualClock(), run="run-2", tool="test")
    return [record for record in read(to) if record.type != REPAIR]


def facts(records: list[Record]) -> list[tuple[object, ...]]:
    """Return everything of records but their place."""
    return [(r.source, r.id, r.type, r.time, r.recordedtime, r.run, r.poll, r.payload()) for r in records]


@settings(max_examples=80)
@given(data=st.data())
def test_every_whole_record_is_kept(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever file is damaged, cut or gone: `verify` is content, and the damaged archive is as it was."""
    root = tmp_path_factory.mktemp("repair")
    path = root / "a"
    written(path, 11)
    for name in data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3, unique=True)):
        whole = (path / name).read_bytes()
        start = data.draw(st.integers(0, len(whole) - 1))
        end = data.draw(st.integers(start, len(whole)))
        splice = data.draw(st.binary(max_size=100) | st.just(b"\0" * (end - start)))
        (path / name).write_bytes(whole[:start] + splice + whole[end:])
    before, whole_records = bytes_of(path), read(path)
    kept = saved(path, root / "b")
    assert facts(kept) == facts(whole_records)
    assert [record.seq for record in kept] == list(range(1, len(kept) + 1))
    assert verify(root / "b").is_sound
    assert bytes_of(path) == before


def test_the_new_archive_says_what_is_lost(tmp_path: Path) -> None:
    """Whoever reads it alone learns that it is not the whole story, and where each record stood."""
    written(tmp_path / "a", 12)
    (tmp_path / "a/seg/00000002.jsonl").unlink()
    before = verify(tmp_path / "a")
    said = repair(tmp_path / "a", tmp_path / "b", clock=ManualClock(), run="run-2", tool="test")
    last = read(tmp_path / "b")[-1]
    first, end = before.lost[0]
    assert last.type == REPAIR
    assert last.payload() == {
        "archive_id": before.archive_id,
        "verdict": "segments missing",
        "head": before.head,
        "records": 12 - (end - first + 1),
        "lost": [[first, end]],
        "ranges": [
            {"first_seq": 1, "last_seq": first - 1, "now_from": 1},
            {"first_seq": end + 1, "last_seq": 12, "now_from": first},
        ],
    }
    assert said.head == verify(tmp_path / "b").head
    assert said.archive_id != before.archive_id


def test_polls_stay_together_and_are_never_torn_apart_by_numbers(tmp_path: Path) -> None:
    """One append there is one append here: its records have one `prev`."""
    writer = open_writer(tmp_path / "a")
    for poll in range(3):
        writer.append([event(f"{poll}-{number}") for number in range(4)], poll=f"poll-{poll}")
    writer.close()
    kept = saved(tmp_path / "a", tmp_path / "b")
    assert len({record.prev for record in kept}) == 3
    assert [record.poll for record in kept] == ["poll-0"] * 4 + ["poll-1"] * 4 + ["poll-2"] * 4


def test_a_recording_goes_on_in_the_new_archive(tmp_path: Path) -> None:
    """What it holds is known there: seeing it again is not a new fact."""
    written(tmp_path / "a", 6)
    saved(tmp_path / "a", tmp_path / "b")
    writer = Writer.open(tmp_path / "b", clock=ManualClock(), run="run-3", tool="test", options=SMALL)
    assert [record.id for record in writer.append([event(3), event("new")])] == ["new"]
    writer.close()
    assert verify(tmp_path / "b").is_sound


def test_a_target_that_exists_is_refused(tmp_path: Path) -> None:
    """Never in place, never over something else."""
    written(tmp_path / "a", 3)
    before = bytes_of(tmp_path / "a")
    for to in (tmp_path / "a", tmp_path):
        with pytest.raises(UsageError, match="exists already"):
            repair(tmp_path / "a", to, clock=ManualClock(), run="run-2", tool="test")
    assert bytes_of(tmp_path / "a") == before


def test_the_command_says_what_was_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words and as JSON."""
    written(tmp_path / "a", 6)
    segment = tmp_path / "a/seg/00000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"event 2", b"event X"))
    assert run_command(["repair", str(tmp_path / "a"), "--to", str(tmp_path / "b")]) == 0
    out = capsys.readouterr().out
    assert f"kept      5 records, now in {tmp_path / 'b'}" in out
    assert "lost      1 record: seq 3" in out
    assert run_command(["repair", str(tmp_path / "b"), "--to", str(tmp_path / "c"), "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["records"] == 6
    assert document["lost"] == []
    assert run_command(["verify", str(tmp_path / "c")]) == 0
    assert Archive.open(tmp_path / "c").archive_id == document["archive_id"]


def test_what_is_no_archive_is_not_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 3, and nothing is made."""
    assert run_command(["repair", str(tmp_path / "none"), "--to", str(tmp_path / "b")]) == 3
    assert "no such archive" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
