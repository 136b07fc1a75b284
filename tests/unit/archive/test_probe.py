"""Whether a directory could be recorded into, found out without a trace."""

import fcntl
import os
from pathlib import Path

import pytest

from forensics.archive.probe import probe, room_of
from forensics.errors import (
    ArchiveError,
    ArchiveInUse,
    ArchiveUnwritable,
    NotAnArchive,
)
from tests.support.archives import open_writer, written


def state_of(directory: Path) -> dict[str, tuple[int, int, int]]:
    """Return every path in a directory with what would betray a change: size, inode and time of change."""
    found = [directory, *sorted(directory.rglob("*"))]
    return {str(path): (path.stat().st_size, path.stat().st_ino, path.stat().st_ctime_ns) for path in found}


@pytest.mark.parametrize("where", ["archive", "some/where/new"])
def test_an_archive_that_is_not_there_can_be_created_and_is_not(where: str, tmp_path: Path) -> None:
    assert not probe(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_directory_is_as_good_as_none(tmp_path: Path) -> None:
    """A volume is mounted empty; looking at it must not make it look used."""
    tmp_path.chmod(0o700)
    before = state_of(tmp_path)
    assert not probe(tmp_path)
    assert state_of(tmp_path) == before


def test_an_archive_would_be_continued_and_is_left_as_it_was(tmp_path: Path) -> None:
    written(tmp_path / "archive", 5)
    before = state_of(tmp_path)
    assert probe(tmp_path / "archive")
    assert state_of(tmp_path) == before


def test_an_archive_that_is_being_written_is_refused_by_its_writers_name(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "archive")
    with pytest.raises(ArchiveInUse, match=str(os.getpid())):
        probe(tmp_path / "archive")
    writer.close()
    assert probe(tmp_path / "archive")


def test_looking_does_not_keep_a_writer_out(tmp_path: Path) -> None:
    """A preflight beside a recorder that starts at the same time must not fail it."""
    written(tmp_path / "archive", 1)
    probe(tmp_path / "archive")
    fd = os.open(tmp_path / "archive" / "LOCK", os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fd)


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary\n")
    tmp_path.chmod(0o700)
    with pytest.raises(NotAnArchive):
        probe(tmp_path)


@pytest.mark.parametrize("where", ["file", "file/archive"])
def test_a_file_in_the_way_is_refused(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotAnArchive):
        probe(tmp_path / where)


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "archive", 1)
    (tmp_path / "archive").chmod(0o770)
    with pytest.raises(ArchiveError, match="other users may write"):
        probe(tmp_path / "archive")


def test_an_archive_without_its_segments_is_damaged(tmp_path: Path) -> None:
    """A recorder would refuse it: so does the look beforehand."""
    written(tmp_path / "archive", 1)
    for path in (tmp_path / "archive" / "seg").iterdir():
        path.unlink()
    (tmp_path / "archive" / "seg").rmdir()
    with pytest.raises(ArchiveError, match="records"):
        probe(tmp_path / "archive")


def test_where_no_directory_can_be_made_is_unwritable() -> None:
    """The kernel's own directories have no nameless files either: a folder is tried instead."""
    with pytest.raises(ArchiveUnwritable):
        probe(Path("/proc/archive"))


def test_room_is_that_of_the_disk_on_which_the_archive_will_be(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    room = room_of(tmp_path / "not" / "there")
    assert room.free_bytes == pytest.approx(found.f_bavail * found.f_frsize, rel=0.2)
