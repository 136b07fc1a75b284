"""`forensics verify` says what it found, and its exit code says it again."""

import json
from pathlib import Path

import pytest

from forensics.cli.main import run_command
from tests.flow.test_coverage_command import write
from tests.support.archives import event, open_writer, written
from tests.unit.report.test_coverage import story


def test_an_intact_archive_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The head is printed, to be kept as the next checkpoint."""
    written(tmp_path / "a", 6)
    assert run_command(["verify", str(tmp_path / "a")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path / 'a'}: intact\n")
    assert "records   6 in 2 segments (2 sealed)" in out


def test_damage_ends_with_1_and_names_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline can act on it, a person can look there."""
    written(tmp_path / "a", 6)
    segment = tmp_path / "a/seg/00000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"event 2", b"event X"))
    assert run_command(["verify", str(tmp_path / "a")]) == 1
    out = capsys.readouterr().out
    assert "damaged   seg/00000001.jsonl, line 3: not what was written" in out
    assert "lost      1 record: seq 3" in out


def test_missing_segments_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly, with what they held."""
    written(tmp_path / "a", 24)
    for number in (2, 4):
        (tmp_path / f"a/seg/0000000{number}.jsonl").unlink()
    assert run_command(["verify", str(tmp_path / "a")]) == 1
    out = capsys.readouterr().out
    assert "missing   2 segments: 2, 4" in out
    assert "lost      8 records: seq 5-8, 13-16" in out


def test_an_expected_digest_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the chain: 0, with how much came later. Not there: 1. No digest at all: 2."""
    records = written(tmp_path / "a", 6)
    assert run_command(["verify", str(tmp_path / "a"), "--expect", records[4].prev]) == 0
    assert "on the chain after record 4; 2 records came later" in capsys.readouterr().out
    assert run_command(["verify", str(tmp_path / "a"), "--expect", "0" * 64]) == 1
    assert "is not on the chain" in capsys.readouterr().out
    assert run_command(["verify", str(tmp_path / "a"), "--expect", "abc"]) == 2
    assert "'abc' is no head digest" in capsys.readouterr().err


def test_json_holds_the_whole_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs; nothing is cut."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    assert run_command(["verify", str(tmp_path / "a"), "-o", "json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["schema_version"], verdict["verdict"], verdict["head"]) == (1, "intact", writer.head)
    assert verdict["writer"] is not None


def test_what_is_no_archive_ends_with_3_and_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence, not a traceback."""
    for path in (tmp_path / "nothing", tmp_path):
        assert run_command(["verify", str(path)]) == 3
        err = capsys.readouterr().err
        assert err.startswith("forensics: ")
        assert "\nhint: " in err


def test_a_hostile_path_is_shown_inert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory's name can hold terminal escapes."""
    written(tmp_path / "a\x1b[2J", 1)
    assert run_command(["verify", str(tmp_path / "a\x1b[2J")]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_gaps_are_counted_by_what_became_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Intact is not the same as complete: what was lost for ever is named beside the verdict."""
    write(tmp_path / "a", story()).close()
    assert run_command(["verify", str(tmp_path / "a")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path / 'a'}: intact with recorded gaps\n")
    assert (
        "gaps      5 recorded: 2 recovered, 1 lost, 1 unknown, 1 open; `forensics coverage` says which" in out
    )
