"""Read commands take a bundle where they take an archive, and `verify` says whether it is one."""

import json
from pathlib import Path

import pytest

from forensics.cli.main import run_command
from tests.support.bundles import bundle_at, members_of, packed, record

RECORDS = [record(3), record(4, "(service backend) was unable to place a task."), record(9)]


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    return bundle_at(tmp_path / "ticket.zip", RECORDS, policy="standard 1")


def test_events_of_a_bundle_are_listed(ticket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the numbers that the archive gave them."""
    assert run_command(["events", str(ticket), "--all", "-o", "json"]) == 0
    assert [item["seq"] for item in json.loads(capsys.readouterr().out)] == [3, 4, 9]


def test_a_reader_is_told_that_it_is_an_extract(ticket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr: what is explained is the same as of the archive."""
    assert run_command(["explain", str(ticket), "-o", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["findings"]
    assert f"{ticket}: a bundle holds an extract: 3 of 3 records of archive" in printed.err
    assert "hidden by the policy standard 1" in printed.err


def test_verify_says_that_a_bundle_is_whole(ticket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Redacted or not, and from which archive."""
    assert run_command(["verify", str(ticket)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{ticket}: VERIFIED-REDACTED\n")
    assert "records   3, seq 3 to 9" in out
    assert run_command(["verify", str(ticket), "-o", "json", "--expect", "b" * 64]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "VERIFIED-REDACTED"
    assert run_command(["verify", str(ticket), "--expect", "c" * 64]) == 1
    assert "is not the head of the archive" in capsys.readouterr().out


def test_verify_names_the_rule_that_a_bundle_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, as for a damaged archive."""
    path = tmp_path / "ticket.zip"
    path.write_bytes(packed({**members_of(RECORDS), "README.md": b"changed\n"}))
    assert run_command(["verify", str(path)]) == 1
    assert "refused: README.md is not what manifest.json vouches for" in capsys.readouterr().out
    assert run_command(["verify", str(path), "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "REFUSED"


def test_reading_refuses_a_zip_that_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 3."""
    path = tmp_path / "ticket.zip"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    assert run_command(["explain", str(path)]) == 3
    assert "refused: it is no zip that can be read" in capsys.readouterr().err


def test_a_bundle_is_read_alone(ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two extracts are two stories."""
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert run_command(["explain", str(ticket), str(other)]) == 2
    assert "is a bundle among several inputs" in capsys.readouterr().err
