"""Records as they are written."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from tests.support.archives import SMALL, abandon, event, open_writer, written
from tests.support.clock import NOON, ManualClock


class ActingClock(ManualClock):
    """Runs the next of some actions whenever somebody waits."""

    def __init__(self, actions: list[Callable[[], object]]) -> None:
        super().__init__()
        self._actions = iter(actions)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        next(self._actions, event.set)()
        return super().wait(event, timeout_s)


def test_new_records_come_as_they_are_written_across_segments(tmp_path: Path) -> None:
    """Each once, in order, while segments are closed and begun."""
    writer = open_writer(tmp_path / "a", options=SMALL)
    writer.append([event("first")])
    actions: list[Callable[[], object]] = [
        lambda number=number: [writer.append([event(f"{number}-{part}")]) for part in range(3)]
        for number in range(5)
    ]
    clock = ActingClock(actions)
    found = [record.seq for record in Archive.open(tmp_path / "a").follow(threading.Event(), clock)]
    assert found == list(range(1, 17))
    assert clock.now() - NOON < timedelta(seconds=10)


def test_following_from_a_seq_leaves_out_what_came_before(tmp_path: Path) -> None:
    """A reader that shows the past already follows from there."""
    written(tmp_path / "a", 12)
    stop = threading.Event()
    stop.set()
    found = [record.seq for record in Archive.open(tmp_path / "a").follow(stop, ManualClock(), since_seq=9)]
    assert found == [10, 11, 12]


def test_a_half_written_line_is_waited_for(tmp_path: Path) -> None:
    """A look may fall into the middle of a write."""
    writer = open_writer(tmp_path / "a", options=WriterOptions())
    writer.append([event(1)])
    writer.append([event(2)])
    abandon(writer)
    segment = tmp_path / "a/seg/00000001.jsonl"
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    clock = ActingClock([lambda: segment.write_bytes(whole)])
    found = [record.id for record in Archive.open(tmp_path / "a").follow(threading.Event(), clock)]
    assert found == ["1", "2"]


def test_an_archive_without_records_is_waited_for(tmp_path: Path) -> None:
    """`events -f` may start before the first fact."""
    writer = open_writer(tmp_path / "a")
    clock = ActingClock([lambda: writer.append([event(1)])])
    assert [r.id for r in Archive.open(tmp_path / "a").follow(threading.Event(), clock)] == ["1"]
