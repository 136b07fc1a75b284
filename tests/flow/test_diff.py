"""`diff` as a person at a shell meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forensics.cli.diff import diff
from forensics.errors import UsageError
from tests.flow.test_read_commands import facts_of, write
from tests.unit.analysis.records import Book
from tests.unit.analysis.test_difference import deployment


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(diff, list(map(str, args)), standalone_mode=False)


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """An archive with a creation that failed and an update that went well."""
    book = deployment(Book(), seconds=10, image="web:2", ends="CREATE_FAILED", failing=2)
    book.stack("ROLLBACK_COMPLETE", second=600)
    book.stack("UPDATE_IN_PROGRESS", second=700)
    book.resource("Database", "UPDATE_IN_PROGRESS", second=701)
    book.resource("Database", "UPDATE_COMPLETE", second=702)
    book.stack("UPDATE_COMPLETE", second=800)
    write(tmp_path / "both", facts_of(book)).close()
    return tmp_path / "both"


def test_the_newest_that_failed_is_held_against_the_newest_that_went_well(both: Path) -> None:
    said = json.loads(run(both, "-o", "json").stdout)
    assert (said["failed"]["number"], said["good"]["number"]) == (1, 2)
    assert [item["path"] for item in said["failures"]] == ["Web"]
    assert run(both).stdout.startswith("FAILED  1. CREATE_STACK shop")
    assert run(both, "-o", "markdown").stdout.startswith("## What sets them apart")


def test_attempts_can_be_named(both: Path) -> None:
    said = json.loads(run(both, "--attempt", "2", "--with", "1", "-o", "json").stdout)
    assert (said["failed"]["number"], said["good"]["number"]) == (2, 1)


def test_two_archives_are_compared(both: Path, tmp_path: Path) -> None:
    write(tmp_path / "good", facts_of(deployment(Book(), seconds=10, image="web:1"))).close()
    said = json.loads(run(both, tmp_path / "good", "-o", "json").stdout)
    assert said["good"]["operation"] == "CREATE_STACK"
    assert said["services"][0]["good"]["images"] == ["web:1"]


def test_without_an_attempt_to_compare_with_it_says_which_flag_names_one(tmp_path: Path) -> None:
    book = deployment(Book(), seconds=10, image="a", ends="CREATE_FAILED", failing=1)
    write(tmp_path / "one", facts_of(book)).close()
    failed = run(tmp_path / "one").exception
    assert isinstance(failed, UsageError)
    assert failed.message == f"{tmp_path / 'one'}: no attempt went well"
    assert "--with N" in str(failed.hint)


def test_an_attempt_that_is_not_there_is_one_sentence(both: Path) -> None:
    failed = run(both, "--with", "9").exception
    assert isinstance(failed, UsageError)
    assert failed.message == f"{both}: there is no attempt 9, only 1 to 2"
