"""`forensics report` over archives that the writer made."""

import json
import re
from pathlib import Path

import pytest

from forensics.archive.verify import verify
from forensics.demo.incident import facts
from forensics.model.record import Fact
from tests.support.big_story import big_story
from tests.support.commands import forensics
from tests.support.reports import archive_of, report_of


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    """The demo's incident as an archive."""
    return archive_of(facts(), tmp_path)


def test_a_page_is_written_to_stdout_or_to_a_file_of_its_owner(incident: Path, tmp_path: Path) -> None:
    printed = forensics("report", incident, cwd=tmp_path)
    written = forensics("report", incident, "-O", "report.html", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (written.returncode, written.stderr) == (0, "")
    assert printed.stdout.startswith("<!DOCTYPE html>")
    assert (tmp_path / "report.html").read_text() == printed.stdout
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600


def test_the_same_archive_gives_the_same_bytes_wherever_it_is(incident: Path, tmp_path: Path) -> None:
    """Two people who compare their reports compare their archives."""
    first = forensics("report", incident, cwd=tmp_path, PYTHONHASHSEED="1")
    moved = incident.rename(tmp_path / "moved")
    assert first.stdout == forensics("report", moved, cwd=tmp_path, PYTHONHASHSEED="2").stdout


def test_the_page_names_the_digest_that_vouches_for_its_records(incident: Path, tmp_path: Path) -> None:
    assert verify(incident).head in forensics("report", incident, cwd=tmp_path).stdout


def test_only_what_is_to_blame_is_marked_as_the_cause(incident: Path, tmp_path: Path) -> None:
    """Facts beside the cause have evidence too; a mark on each of them would hide the one."""
    page = forensics("report", incident, cwd=tmp_path).stdout
    assert re.findall(r'id="at-cause"><th scope="row" align="left"><a href="#e\d+">(\w+)', page) == [
        "BackendService0F9E6D3B"
    ]
    assert page.count('<use href="#cause" x="') == 2, "once in the legend"


def test_five_thousand_events_stay_under_one_and_a_half_megabytes(tmp_path: Path) -> None:
    """A mail takes it, and every event is listed with its payload."""
    told = big_story(5000)
    page = report_of(told, tmp_path)
    assert page.stat().st_size < 1_500_000
    text = page.read_text()
    assert len(re.findall(r"<tr id=\"e\d+\"", text)) == len(told)
    assert text.count(" data-p>") + text.count("<details><summary>raw") == len(told)
    assert "200 of 998 resources are drawn" in text


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Silence about the rest would be a lie; failures are never among it."""
    told = big_story(5300)
    text = report_of(told, tmp_path).read_text()
    assert f"5,000 of {len(told):,} records are listed" in text
    assert "AccessDenied" in text[text.index('id="events"') :]


def test_an_attempt_is_asked_for_by_its_number(incident: Path, tmp_path: Path) -> None:
    second = forensics("report", incident, "--attempt", "2", cwd=tmp_path).stdout
    assert "<title>Succeeded: DELETE_STACK" in second
    first = forensics("report", incident, "--attempt", "1", cwd=tmp_path).stdout
    assert "<title>Failed: CREATE_STACK" in first
    unknown = forensics("report", incident, "--attempt", "9", cwd=tmp_path)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "there is no attempt 9" in unknown.stderr


def test_saved_output_of_the_aws_cli_is_reported_without_a_digest(tmp_path: Path) -> None:
    """Nobody vouches for a file that somebody saved."""
    events = [fact.data for fact in facts() if fact.type == "aws.cloudformation.stack_event"]
    (tmp_path / "events.json").write_text(json.dumps({"StackEvents": events}))
    page = forensics("report", "events.json", cwd=tmp_path)
    assert page.returncode == 0
    assert "BackendService0F9E6D3B" in page.stdout
    assert "Head digest" not in page.stdout


def test_an_archive_without_anything_to_explain_is_a_page_all_the_same(tmp_path: Path) -> None:
    polled = {"streams": ["stack_events arn:aws:cloudformation:x"], "to": "2026-01-15T12:00:00.000Z"}
    quiet = [Fact(type="forensics.poll", source="urn:forensics:a", id="poll-1", data=polled)]
    page = report_of(quiet, tmp_path).read_text()
    assert "Nothing found" in page
    assert '<svg class="plot"' not in page


def test_an_archive_without_a_record_is_a_page_that_says_so(tmp_path: Path) -> None:
    page = report_of([], tmp_path).read_text()
    assert "no record was ever written" in page
    assert "Nothing found" not in page
