"""Whether there is room for what a recording is expected to write."""

from datetime import timedelta

import pytest

from forensics.archive.probe import Room
from forensics.model.checkup import NOTE, OK, PROBLEM
from forensics.preflight.storage import disk, size

MIB, GIB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("room", "state", "words"),
    [
        (Room(free_bytes=100 * GIB, free_files=10**6, longest_file_bytes=None), OK, "100 GiB free, 96 MiB"),
        (Room(free_bytes=100 * GIB, free_files=None, longest_file_bytes=None), OK, "100 GiB free"),
        (Room(free_bytes=95 * MIB, free_files=10**6, longest_file_bytes=None), PROBLEM, "95 MiB free"),
        (Room(free_bytes=0, free_files=10**6, longest_file_bytes=None), PROBLEM, "0 bytes free"),
        (Room(free_bytes=200 * MIB, free_files=10**6, longest_file_bytes=None), NOTE, "not much"),
        (Room(free_bytes=GIB, free_files=100, longest_file_bytes=None), NOTE, "only 100 more files"),
        (Room(free_bytes=GIB, free_files=0, longest_file_bytes=None), PROBLEM, "only 0 more files"),
        (Room(free_bytes=GIB, free_files=10**6, longest_file_bytes=5 * MIB), PROBLEM, "grow to 5 MiB only"),
    ],
)
def test_room_is_measured_against_what_two_targets_write_in_two_hours(
    room: Room, state: str, words: str
) -> None:
    check = disk(room, expect=timedelta(hours=2), targets=2, segment_bytes=16 * MIB)
    assert check.state == state
    assert words in check.text
    assert check.facts["free_bytes"] == room.free_bytes


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (64 * MIB, "64 MiB"), (77.8 * GIB, "77.8 GiB")],
)
def test_sizes_are_written_for_people(count: float, text: str) -> None:
    assert size(int(count)) == text
