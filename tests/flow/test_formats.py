"""`explain` in every form, as a pipeline's step meets it."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forensics.cli.explain import explain
from forensics.cli.formats import FORMATS
from forensics.errors import UsageError
from tests.flow.test_read_commands import facts_of, write
from tests.unit.analysis.records import STACK, Book
from tests.unit.analysis.test_diagnose import failed_service
from tests.unit.report.hostile import EVIL, unsafe_in


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    book = Book()
    failed_service(book)
    write(tmp_path / "archive", facts_of(book)).close()
    return tmp_path / "archive"


def run(*args: str | Path, **variables: str) -> Result:
    clean = {"GITHUB_STEP_SUMMARY": None, "CI_JOB_URL": None, "BUILD_URL": None, "GITHUB_RUN_ID": None}
    return CliRunner(env={**clean, **variables}).invoke(explain, list(map(str, args)), standalone_mode=False)


@pytest.mark.parametrize("output", FORMATS)
def test_every_form_says_the_cause_and_obeys_nobody(tmp_path: Path, output: str) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", f"{EVIL} ::set-output name=a::b ##[error]c\n::add-mask::d")
    book.stack("ROLLBACK_IN_PROGRESS")
    write(tmp_path / "hostile", facts_of(book)).close()
    printed = run(tmp_path / "hostile", "-o", output).stdout
    assert unsafe_in(printed) == []
    assert "##[" not in printed
    orders = [line for line in printed.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith("::error title=Topic%3A ") for line in orders)
    assert len(orders) == (1 if output == "github" else 0)


def test_a_github_step_gets_a_summary_in_its_file_and_annotations_on_stdout(
    archive: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Built\n")
    printed = run(archive, "-o", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text().startswith("# Built\n## FAILED: `CREATE_STACK shop`")
    assert printed.stdout.startswith("::error title=Backend%3A ")
    assert len(printed.stdout.splitlines()) == 1


def test_a_github_summary_stays_within_what_others_left_of_the_step(archive: Path, tmp_path: Path) -> None:
    """GitHub drops a summary of more than 1 MiB, the whole of it."""
    summary = tmp_path / "summary.md"
    summary.write_text("x" * (1_048_576 - 2_000))
    run(archive, "-o", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert 1_048_576 - 1_000 < summary.stat().st_size <= 1_048_576
    assert summary.read_text().rstrip().endswith(".")
    assert "Left out for lack of room:" in summary.read_text()


def test_a_github_summary_can_go_elsewhere(archive: Path, tmp_path: Path) -> None:
    printed = run(
        archive, "-o", "github", "-O", tmp_path / "own.md", GITHUB_STEP_SUMMARY=str(tmp_path / "no")
    )
    assert (tmp_path / "own.md").read_text().startswith("## FAILED")
    assert not (tmp_path / "no").exists()
    assert printed.stdout.startswith("::error ")


def test_annotations_are_there_although_the_summary_has_no_room(archive: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * 1_048_570)
    printed = run(archive, "-o", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert isinstance(printed.exception, UsageError)
    assert printed.stdout.startswith("::error ")


def test_a_summary_file_that_cannot_be_written_is_one_sentence(archive: Path, tmp_path: Path) -> None:
    failed = run(archive, "-o", "github", GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "such"))
    assert isinstance(failed.exception, UsageError)
    assert "the step's summary cannot be written: No such file or directory" in failed.exception.message


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"CI_JOB_URL": "https://gitlab.example/j/1"}, "https://gitlab.example/j/1"),
        ({"BUILD_URL": "http://jenkins.example/job/x/1/"}, "http://jenkins.example/job/x/1/"),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "https://github.com/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "javascript:alert(1)"}, None),
    ],
    ids=["gitlab", "jenkins", "github", "no address"],
)
def test_a_slack_message_leads_back_to_the_job(
    archive: Path, variables: dict[str, str], address: str | None
) -> None:
    message = json.loads(run(archive, "-o", "slack", **variables).stdout)
    buttons = [item["url"] for item in message["blocks"][-1]["elements"] if item["text"]["text"] == "Job"]
    assert buttons == ([address] if address else [])


def test_the_forms_for_machines_are_whole_documents(archive: Path, tmp_path: Path) -> None:
    run(archive, "-o", "junit", "-O", tmp_path / "junit.xml")
    assert ET.parse(tmp_path / "junit.xml").getroot().attrib["failures"] == "2"
    assert json.loads(run(archive, "-o", "gitlab").stdout)
    assert json.loads(run(archive, "-o", "json").stdout)["outcome"] == "failed"


def test_a_limit_is_kept_and_refused_where_it_means_nothing(archive: Path) -> None:
    assert len(run(archive, "-o", "markdown", "--max-bytes", "900").stdout.encode()) <= 900
    refused = run(archive, "-o", "junit", "--max-bytes", "900").exception
    assert isinstance(refused, UsageError)
    assert refused.message == "--max-bytes does not go with -o junit"


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ((), 0),
        (("--fail-on", "never"), 0),
        (("--fail-on", "failure"), 1),
        (("--fail-on", "gap"), 0),
        (("--fail-on", "gap", "--fail-on", "failure"), 1),
    ],
    ids=["no flag", "never", "failure", "gap", "gap or failure"],
)
def test_a_failure_ends_with_1_where_it_was_asked_about(
    archive: Path, flags: tuple[str, ...], code: int
) -> None:
    assert run(archive, *flags).return_value == code


def test_a_gap_ends_with_1_where_it_was_asked_about(tmp_path: Path) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.stack("CREATE_COMPLETE")
    book.gap(f"stack_events {STACK}", 0, 1)
    write(tmp_path / "gap", facts_of(book)).close()
    assert run(tmp_path / "gap", "--fail-on", "gap").return_value == 1
    assert run(tmp_path / "gap", "--fail-on", "failure").return_value == 0
