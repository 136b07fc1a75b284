"""`forensics report` over archives that the writer made."""

from pathlib import Path

import pytest

from forensics.archive.writer import Writer
from forensics.demo.incident import facts
from tests.support.clock import ManualClock
from tests.support.commands import forensics


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    """The demo's incident as an archive."""
    writer = Writer.open(tmp_path / "incident", clock=ManualClock(), run="0123456789abcdef", tool="test")
    writer.append(facts())
    writer.close()
    return tmp_path / "incident"


def test_a_page_is_written_to_stdout_or_to_a_file_of_its_owner(incident: Path, tmp_path: Path) -> None:
    printed = forensics("report", incident, cwd=tmp_path)
    written = forensics("report", incident, "-O", "report.html", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (written.returncode, written.stderr) == (0, "")
    assert printed.stdout.startswith("<!DOCTYPE html>")
    assert (tmp_path / "report.html").read_text() == printed.stdout
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600


def test_the_same_archive_gives_the_same_bytes(incident: Path, tmp_path: Path) -> None:
    """Two people who compare their reports compare their archives."""
    first = forensics("report", incident, cwd=tmp_path, PYTHONHASHSEED="1")
    assert first.stdout == forensics("report", incident, cwd=tmp_path, PYTHONHASHSEED="2").stdout
