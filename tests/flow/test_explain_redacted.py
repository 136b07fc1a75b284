"""`explain --redact`: what a bundle says; with the values put back, what the archive says."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from forensics.cli.main import run_command
from forensics.demo import incident
from tests.support.reports import archive_of

POLICIES = ("standard", "strict")
FORMATS = ("json", "text", "junit")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of(incident.facts(), tmp_path_factory.mktemp("incident"))


@pytest.fixture(autouse=True)
def own_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep cases where the test is."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run_command(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("policy", POLICIES)
def test_explaining_a_bundle_is_explaining_the_archive_redacted(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    """Byte for byte, in every format; the page is the bundle's own."""
    ticket, page = str(tmp_path / "ticket.zip"), tmp_path / "page.html"
    hidden = ["--redact", policy, "--case", "one"]
    assert run_command(["bundle", str(archive), "-O", ticket, *hidden]) == 0
    for form in FORMATS:
        of_archive = said(["explain", str(archive), "-o", form, *hidden], capsys)
        assert of_archive == said(["explain", ticket, "-o", form], capsys)
        assert incident.ACCOUNT not in of_archive
    assert said(["report", str(archive), "-o", "incident", *hidden], capsys) == said(
        ["report", ticket, "-o", "incident"], capsys
    )
    assert run_command(["report", str(archive), "-O", str(page), *hidden]) == 0
    assert page.read_text() == member(ticket, "report.html")


def member(ticket: str, name: str) -> str:
    with zipfile.ZipFile(ticket) as file:
        return file.read(name).decode()


@pytest.mark.parametrize("policy", POLICIES)
def test_an_answer_to_a_bundle_can_be_held_against_the_archive(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    """Word for word: `reveal` puts back what support never saw."""
    answer = tmp_path / "answer.json"
    answer.write_text(
        said(["explain", str(archive), "-o", "json", "--redact", policy, "--case", "one"], capsys)
    )
    given = said(["explain", str(archive), "-o", "json"], capsys)
    assert answer.read_text() != given
    assert said(["reveal", str(answer), "--case", "one"], capsys) == given


def test_names_of_ones_own_are_hidden(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a bundle."""
    words = tmp_path / "words.txt"
    words.write_text("court-case-backend\n")
    arguments = ["explain", str(archive), "--redact", "standard"]
    assert "court-case-backend" in said(arguments, capsys)
    assert "court-case-backend" not in said([*arguments, "--also", str(words)], capsys).lower()


@pytest.mark.parametrize("flags", [["--case", "one"], ["--also", "words.txt"]], ids=["case", "also"])
def test_a_flag_that_would_do_nothing_is_refused(
    archive: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    """Whoever gives a case believes that something is hidden."""
    assert run_command(["explain", str(archive), *flags]) == 2
    shown = capsys.readouterr()
    assert f"{flags[0]} goes with --redact" in shown.err
    assert shown.out == ""


def test_a_bundle_is_redacted_already(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another policy needs the archive."""
    ticket = str(tmp_path / "ticket.zip")
    assert run_command(["bundle", str(archive), "-O", ticket]) == 0
    assert run_command(["explain", ticket, "--redact", "strict"]) == 2
    assert "is a bundle already" in capsys.readouterr().err


def test_a_closed_pipe_is_not_the_fault_of_the_case(archive: Path) -> None:
    """`| head -1` ends quietly, and the case is kept."""
    command = [
        sys.executable,
        "-m",
        "forensics",
        "explain",
        str(archive),
        "--redact",
        "strict",
        "--case",
        "p",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        talk = process.stderr.read().decode()
    assert "case" not in talk
