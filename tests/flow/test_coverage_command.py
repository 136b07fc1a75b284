"""`forensics coverage` over archives that the writer made."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.archive.writer import Writer
from forensics.cli.coverage import coverage
from forensics.cli.explain import explain
from forensics.model.record import Fact
from tests.flow.test_read_commands import HEAVY, run
from tests.support.clock import ManualClock
from tests.unit.analysis.records import SERVICE
from tests.unit.analysis.watched import Log
from tests.unit.report.test_coverage import story


def write(path: Path, log: Log) -> Writer:
    """Write what a recorder said; the times in it are its own."""
    writer = Writer.open(path, clock=ManualClock(), run="run-1", tool="test")
    writer.append(
        [Fact(type=item.type, source=item.source, id=item.id, data=item.payload()) for item in log.records]
    )
    return writer


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    write(tmp_path / "archive", story()).close()
    return tmp_path / "archive"


def test_the_document_says_when_each_stream_was_seen_and_why_it_was_not(archive: Path) -> None:
    found = json.loads(run(coverage, archive, "-o", "json").stdout)
    assert (found["schema_version"], found["coverage"]["gaps"]) == (
        1,
        {"recovered": 2, "lost": 1, "unknown": 1, "open": 1},
    )
    (services,) = [item for item in found["streams"] if item["source"] == "services"]
    assert services["gaps"][0]["reason"] == "window"
    assert [item["how"] for item in services["intervals"]].count("lost") == 1
    assert 0 < services["coverage"]["share"] < 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [((), 0), (("--fail-on", "lost"), 1), (("--fail-on", "gap"), 1), (("--fail-on", "missing"), 1)],
    ids=["nothing asked", "lost", "gap", "missing"],
)
def test_the_exit_code_says_whether_the_condition_holds(
    archive: Path, asked: tuple[str, ...], code: int
) -> None:
    assert run(coverage, archive, *asked).return_value == code


def test_the_condition_is_about_the_streams_that_were_asked_for(archive: Path) -> None:
    """A deployment of one service must not fail on what another one lost."""
    assert run(coverage, archive, "--stream", "stack_events", "--fail-on", "lost").return_value == 0
    assert run(coverage, archive, "--stream", "stack_events", "--fail-on", "missing").return_value == 1
    assert run(coverage, archive, "--stream", "stacks", "--fail-on", "missing").return_value == 0
    assert run(coverage, archive, "--service", SERVICE, "--fail-on", "lost").return_value == 1


@pytest.mark.parametrize(
    "asked", [(), ("-o", "markdown"), ("-o", "junit")], ids=["page", "markdown", "junit"]
)
def test_explain_tells_each_gap_in_words_with_the_least_number_of_what_is_missing(
    asked: tuple[str, ...], archive: Path
) -> None:
    """Whoever reads only the diagnosis must not need the names of kinds and reasons to learn what is lost."""
    said = " ".join(run(explain, archive, *asked).stdout.replace("`", "").split())
    assert "services of backend could not be watched from 2026-01-15T12:15:00.000Z to" in said
    assert "(AWS no longer showed all of it): at least 7 facts are missing." in said
    assert "window, lost" not in said


def test_a_name_that_nothing_has_is_said(archive: Path) -> None:
    result = run(coverage, archive, "--stack", "shpo")
    assert (result.return_value, result.stderr) == (0, "no stream matches\n")


def test_an_archive_without_a_record_is_not_called_complete(tmp_path: Path) -> None:
    """A recorder that was killed at its start has seen nothing; that is no proof that all is well."""
    Writer.open(tmp_path / "empty", clock=ManualClock(), run="run-1", tool="test").close()
    said = run(explain, tmp_path / "empty").stdout
    assert said.startswith("COULD NOT LOOK")
    assert "COVERAGE  complete" not in said
    assert "no record was ever written" in said
    assert run(explain, tmp_path / "empty", "--fail-on", "gap").return_value == 1


@pytest.mark.parametrize(("condition", "code"), [("lost", 0), ("missing", 1), ("gap", 1)])
def test_what_nobody_watched_does_not_pass_for_whole(condition: str, code: int, archive: Path) -> None:
    """A gate in a pipeline must not let a mistyped name through."""
    assert run(coverage, archive, "--stack", "shpo", "--fail-on", condition).return_value == code


def test_a_recorder_at_work_has_left_nothing_open(tmp_path: Path) -> None:
    """A run without a closing record was killed only where nobody holds the archive."""
    log = Log().start(0).open("stack_events arn:x", 0).poll(1, "stack_events arn:x")
    writer = write(tmp_path / "live", log)
    assert json.loads(run(coverage, tmp_path / "live", "-o", "json").stdout)["coverage"]["gaps"]["open"] == 0
    writer.close()
    found = json.loads(run(coverage, tmp_path / "live", "-o", "json").stdout)
    assert found["coverage"]["gaps"]["open"] == 1
    assert found["streams"][0]["gaps"][0]["is_inferred"]


def test_what_damage_took_from_the_archive_is_said(archive: Path) -> None:
    (segment,) = (archive / "seg").glob("*.jsonl")
    body = segment.read_bytes().replace(b'"lost"', b'"lust"')
    segment.write_bytes(body)
    result = run(coverage, archive)
    assert "1 record of the archive lost to damage: what they said is not counted here" in result.stdout
    assert "passed over" in result.stderr


def test_a_file_gets_the_lines_of_a_pipe(archive: Path, tmp_path: Path) -> None:
    printed = run(coverage, archive).stdout
    assert run(coverage, archive, "-O", tmp_path / "out").stdout == ""
    assert (tmp_path / "out").read_text() == printed
    assert not re.search("\x1b", printed)


def test_the_command_loads_no_heavy_library(archive: Path) -> None:
    script = (
        "import sys\nfrom forensics.cli.main import run_command\n"
        f"code = run_command(['coverage', {str(archive)!r}, '-o', 'markdown'])\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ.copy(), check=True
    )
    assert done.stderr.splitlines()[-1] == "0 []"
