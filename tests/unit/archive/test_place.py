"""What is at the path decides, and what is not ours is left alone."""

import json
import os
from pathlib import Path

import pytest

from forensics.archive import statement
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.errors import (
    ArchiveError,
    ArchiveMissing,
    ArchiveTooNew,
    ArchiveUnwritable,
    NotAnArchive,
    SegmentDamaged,
)
from tests.support.archives import abandon, event, ids, open_writer, written


def contents(path: Path) -> dict[str, bytes | None]:
    return {
        str(file.relative_to(path)): file.read_bytes() if file.is_file() else None for file in path.rglob("*")
    }


def test_parent_directories_are_made(tmp_path: Path) -> None:
    """The default place need not exist."""
    open_writer(tmp_path / "x/y/a").close()
    assert verify(tmp_path / "x/y/a").is_sound


def test_an_archive_is_gone_on_with_under_its_own_name(tmp_path: Path) -> None:
    """A restart is the same archive, with the next number."""
    first = open_writer(tmp_path / "a")
    first.append([event(1)])
    first.close()
    second = open_writer(tmp_path / "a")
    assert (second.archive_id, second.next_seq) == (first.archive_id, 2)


FOREIGN = {
    "a directory with other files": {"notes.txt": b"mine", "seg": None},
    "a directory with another ARCHIVE.json": {"ARCHIVE.json": b'{"zip": true}\n'},
    "files that look half-made and one that does not": {"LOCK": b"", "x": b""},
}


@pytest.mark.parametrize("files", FOREIGN.values(), ids=FOREIGN)
def test_a_directory_that_is_no_archive_is_refused_unchanged(
    tmp_path: Path, files: dict[str, bytes | None]
) -> None:
    """--archive ~ must not spread files over a home directory."""
    (tmp_path / "a").mkdir()
    for name, content in files.items():
        if content is None:
            (tmp_path / "a" / name).mkdir()
        else:
            (tmp_path / "a" / name).write_bytes(content)
    before = contents(tmp_path / "a")
    with pytest.raises(NotAnArchive) as refused:
        open_writer(tmp_path / "a")
    assert refused.value.hint
    assert contents(tmp_path / "a") == before


def test_a_plain_file_is_no_archive(tmp_path: Path) -> None:
    """Neither to write nor to read."""
    (tmp_path / "a").write_bytes(b"mine")
    with pytest.raises(NotAnArchive):
        open_writer(tmp_path / "a")
    with pytest.raises(NotAnArchive):
        Archive.open(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_reading_what_is_not_there_says_how_to_record_it(tmp_path: Path) -> None:
    """And makes nothing."""
    with pytest.raises(ArchiveMissing) as missing:
        Archive.open(tmp_path / "a")
    assert "forensics watch" in (missing.value.hint or "")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("files", [{}, {"x": b""}, {"ARCHIVE.json": b"x", "seg": None}], ids=str)
def test_reading_another_directory_is_refused(tmp_path: Path, files: dict[str, bytes | None]) -> None:
    """Also one whose creation was cut short: it has no records."""
    (tmp_path / "a").mkdir()
    for name, content in files.items():
        (tmp_path / "a" / name).mkdir() if content is None else (tmp_path / "a" / name).write_bytes(content)
    with pytest.raises((NotAnArchive, SegmentDamaged)) as refused:
        Archive.open(tmp_path / "a")
    assert refused.value.hint


def renumbered(path: Path, archive_format: int) -> None:
    content = json.loads((path / "ARCHIVE.json").read_text())
    del content["digest"]
    (path / "ARCHIVE.json").write_bytes(statement.close_statement(content | {"format": archive_format})[0])


def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    """Half-understood evidence is worse than none."""
    written(tmp_path / "a", 2)
    renumbered(tmp_path / "a", 2)
    before = contents(tmp_path / "a")
    for use in (open_writer, Archive.open, verify):
        with pytest.raises(ArchiveTooNew, match="format 2"):
            use(tmp_path / "a")
    assert contents(tmp_path / "a") == before


def test_a_newer_format_may_vouch_for_itself_in_another_way(tmp_path: Path) -> None:
    """What a later version writes is called newer, not damaged, whatever its manifest looks like."""
    written(tmp_path / "a", 2)
    (tmp_path / "a/ARCHIVE.json").write_bytes(b'{"format":2,"archive_id":"x","signature":"y"}')
    for use in (open_writer, Archive.open, verify):
        with pytest.raises(ArchiveTooNew, match="format 2"):
            use(tmp_path / "a")


def test_a_damaged_manifest_stops_writing_but_not_reading(tmp_path: Path) -> None:
    """A writer must not go on under a name that it cannot read."""
    written(tmp_path / "a", 2)
    manifest = tmp_path / "a/ARCHIVE.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"format":1', b'"format":2'))
    with pytest.raises(ArchiveError, match="damaged"):
        open_writer(tmp_path / "a")
    manifest.unlink()
    with pytest.raises(ArchiveError, match="is gone"):
        open_writer(tmp_path / "a")
    assert ids(tmp_path / "a") == ["0", "1"]


def test_an_archive_without_its_segments_folder_is_not_begun_anew(tmp_path: Path) -> None:
    """Starting again at record 1 would hide that everything was lost."""
    written(tmp_path / "a", 2)
    for file in (tmp_path / "a/seg").iterdir():
        file.unlink()
    (tmp_path / "a/seg").rmdir()
    for use in (open_writer, Archive.open, verify):
        with pytest.raises(SegmentDamaged):
            use(tmp_path / "a")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777], ids=oct)
def test_a_directory_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Evidence that anybody can change is none."""
    written(tmp_path / "a", 1)
    (tmp_path / "a").chmod(mode)
    with pytest.raises(ArchiveError, match="other users may write") as refused:
        open_writer(tmp_path / "a")
    assert "chmod 0700" in (refused.value.hint or "")
    (tmp_path / "a").chmod(0o700)
    open_writer(tmp_path / "a").close()


def test_a_directory_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files made there would be out of the owner's reach."""
    written(tmp_path / "a", 1)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ArchiveError, match=f"belongs to user {owner}, this process runs as {owner + 1}"):
        open_writer(tmp_path / "a")


@pytest.mark.parametrize("name", ["seg/00000001.jsonl", "LOCK", "ARCHIVE.json", "seg"])
def test_symbolic_links_inside_are_not_followed(tmp_path: Path, name: str) -> None:
    """Somebody who could plant a link must not make us write elsewhere."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    abandon(writer)
    (tmp_path / "a" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "a" / name).symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    with pytest.raises(ArchiveError):
        open_writer(tmp_path / "a").append([event(2)])
    assert contents(tmp_path) == before


def test_a_pipe_under_a_segments_name_does_not_hang_a_reader(tmp_path: Path) -> None:
    """Opening a pipe waits for somebody to write into it."""
    written(tmp_path / "a", 1)
    (tmp_path / "a/seg/00000001.jsonl").unlink()
    os.mkfifo(tmp_path / "a/seg/00000001.jsonl")
    with pytest.raises(ArchiveError, match="not a plain file"):
        list(Archive.open(tmp_path / "a").records())
    with pytest.raises(ArchiveError, match="not a plain file"):
        verify(tmp_path / "a")


def test_a_path_that_cannot_be_made_is_unwritable(tmp_path: Path) -> None:
    """Such as one below a file."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((ArchiveUnwritable, NotAnArchive)) as refused:
        open_writer(tmp_path / "file/a")
    assert refused.value.hint
