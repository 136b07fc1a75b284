"""Old segments go where limits ask for it, and the archive says so itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.archive.disk import Disk
from forensics.archive.reader import Archive
from forensics.archive.retention import RetentionOptions
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.cli.main import run_command
from forensics.errors import ArchiveUnwritable
from forensics.model.record import RETENTION
from tests.support.archives import SMALL, abandon, event, open_writer, read
from tests.support.clock import ManualClock

LAST = 1 << 40
"""No record must stay."""


def filled(
    path: Path, batches: int = 30, clock: ManualClock | None = None, disk: Disk | None = None
) -> Writer:
    """Return an open writer of an archive with several sealed segments."""
    clock = clock or ManualClock()
    writer = Writer.open(path, clock=clock, run="run-1", tool="test", options=SMALL, disk=disk)
    for number in range(batches):
        clock.advance(60)
        writer.append([event(number)])
    return writer


def segments(path: Path) -> list[int]:
    return sorted(int(file.name[:8]) for file in (path / "seg").glob("*.jsonl"))


def size_of(path: Path) -> int:
    return sum(file.stat().st_size for file in (path / "seg").glob("*.jsonl"))


def test_the_oldest_segments_go_until_the_limit_holds(tmp_path: Path) -> None:
    """Whole ones, and no more than is needed."""
    writer = filled(tmp_path / "a")
    before = segments(tmp_path / "a")
    limit = size_of(tmp_path / "a") // 2
    record = writer.remove_oldest(RetentionOptions(max_bytes=limit), keep_from_seq=LAST)
    assert record is not None
    gone = record.payload()["removed"]
    assert gone["segments"][0] == 1
    assert segments(tmp_path / "a") == before[gone["segments"][1] :]
    assert size_of(tmp_path / "a") - len(bytes(record.data)) <= limit + 1000
    assert writer.remove_oldest(RetentionOptions(max_bytes=limit + 1000), keep_from_seq=LAST) is None


def test_what_is_left_verifies_and_says_what_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Removed is not missing: the archive is intact, and names the number of records that are gone."""
    writer = filled(tmp_path / "a")
    writer.remove_oldest(RetentionOptions(max_bytes=4000), keep_from_seq=LAST)
    writer.close()
    verdict = verify(tmp_path / "a")
    assert verdict.verdict == "intact"
    assert verdict.removed is not None
    first = segments(tmp_path / "a")[0]
    assert verdict.removed.segment == first - 1
    records = read(tmp_path / "a")
    assert records[0].seq == verdict.removed.seq + 1
    assert verdict.removed.records + len(records) == records[-1].seq
    archive = Archive.open(tmp_path / "a")
    assert list(archive.records())
    assert archive.lost == []
    assert run_command(["verify", str(tmp_path / "a")]) == 0
    said = f"removed   {first - 1} segments with {verdict.removed.records} records by retention"
    assert said in capsys.readouterr().out


def test_a_segment_that_is_missing_is_still_missing(tmp_path: Path) -> None:
    """Retention explains the beginning only."""
    writer = filled(tmp_path / "a")
    writer.remove_oldest(RetentionOptions(max_bytes=6000), keep_from_seq=LAST)
    writer.close()
    left = segments(tmp_path / "a")
    (tmp_path / f"a/seg/{left[0]:08d}.jsonl").unlink()
    verdict = verify(tmp_path / "a")
    assert verdict.verdict == "segments missing"
    assert verdict.missing_segments == (left[0],)


def test_segments_of_an_open_failure_stay(tmp_path: Path) -> None:
    """The record that must stay is named by its number; what holds it and what follows is not touched."""
    writer = filled(tmp_path / "a")
    writer.remove_oldest(RetentionOptions(max_bytes=1), keep_from_seq=10)
    assert 10 in [record.seq for record in read(tmp_path / "a")]
    assert read(tmp_path / "a")[0].seq > 1


def test_age_and_room_are_limits_too(tmp_path: Path) -> None:
    """Sealed before so many seconds; as long as the disk has less room than asked for."""

    class Full(Disk):
        def free_bytes(self, fd: int) -> int:
            return 500

    clock = ManualClock()
    writer = filled(tmp_path / "a", clock=clock)
    assert writer.remove_oldest(RetentionOptions(max_age_s=86_400), keep_from_seq=LAST) is None
    assert writer.remove_oldest(RetentionOptions(max_age_s=600), keep_from_seq=LAST) is not None
    oldest = json.loads((tmp_path / f"a/seg/{segments(tmp_path / 'a')[0]:08d}.seal.json").read_text())[
        "sealed"
    ]
    assert oldest >= (clock.now() - timedelta(seconds=601)).strftime("%Y-%m-%dT%H:%M:%S")
    writer = filled(tmp_path / "b", disk=Full())
    record = writer.remove_oldest(RetentionOptions(min_free_bytes=1000), keep_from_seq=LAST)
    assert record is not None
    assert record.payload()["because"] == "min_free_bytes"
    assert record.payload()["removed"]["segments"] == [1, 1]


def test_the_newest_sealed_segment_stays(tmp_path: Path) -> None:
    """A start reads its seal: without it every position would be forgotten."""
    writer = filled(tmp_path / "a")
    writer.state.sources.append("kept")
    writer.remove_oldest(RetentionOptions(max_bytes=1), keep_from_seq=LAST)
    assert len(list((tmp_path / "a/seg").glob("*.seal.json"))) >= 1
    abandon(writer)
    again = open_writer(tmp_path / "a", options=SMALL)
    assert again.state.removed is not None
    again.append([event("more")])
    again.close()
    assert verify(tmp_path / "a").is_sound


@pytest.mark.parametrize("failing", range(1, 8))
def test_a_removal_that_is_cut_short_is_finished_by_the_next(tmp_path: Path, failing: int) -> None:
    """Whichever file could not be removed: nothing is missing meanwhile, and it goes the next time."""

    class Stubborn(Disk):
        calls = 0

        def remove(self, name: str, *, folder: int) -> None:
            Stubborn.calls += 1
            if Stubborn.calls == failing:
                raise OSError(5, "Input/output error")
            super().remove(name, folder=folder)

    writer = filled(tmp_path / "a", disk=Stubborn())
    Stubborn.calls = 0
    options = RetentionOptions(max_bytes=size_of(tmp_path / "a") // 2)
    with pytest.raises(ArchiveUnwritable):
        writer.remove_oldest(options, keep_from_seq=LAST)
    assert verify(tmp_path / "a").is_sound
    records = read(tmp_path / "a")
    assert records[-1].type == RETENTION
    abandon(writer)
    again = open_writer(tmp_path / "a", options=SMALL)
    assert again.remove_oldest(RetentionOptions(max_bytes=LAST), keep_from_seq=LAST) is None
    again.close()
    verdict = verify(tmp_path / "a")
    assert verdict.is_sound
    assert verdict.removed is not None
    assert segments(tmp_path / "a")[0] == verdict.removed.segment + 1


@settings(max_examples=30)
@given(limits=st.lists(st.tuples(st.integers(1, 12_000), st.integers(1, 60)), min_size=1, max_size=5))
def test_any_course_of_removals_keeps_the_chain(
    tmp_path_factory: pytest.TempPathFactory, limits: list[tuple[int, int]]
) -> None:
    """Between removals the archive grows, is closed and opened; what is left is always whole."""
    path = tmp_path_factory.mktemp("retention") / "a"
    filled(path, 20).close()
    for step, (limit, keep) in enumerate(limits):
        writer = open_writer(path, options=SMALL)
        writer.append([event(f"{step}-{number}") for number in range(5)])
        head, before = writer.head, [record.seq for record in read(path)]
        writer.remove_oldest(RetentionOptions(max_bytes=limit), keep_from_seq=keep)
        writer.close()
        verdict = verify(path, head)
        assert verdict.is_sound, verdict
        left = {record.seq for record in read(path)}
        assert {seq for seq in before if seq >= keep} <= left
