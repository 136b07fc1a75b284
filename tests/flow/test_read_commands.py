"""The read commands over archives that the writer made, as a person at a shell meets them."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.cli.explain import explain
from forensics.cli.inspect import events
from forensics.cli.main import root
from forensics.cli.status import status
from forensics.demo.incident import STACK_ARN, facts
from forensics.model.clock import SystemClock
from forensics.model.record import Fact
from forensics.report.status import head_of
from tests.support.clock import ManualClock
from tests.unit.analysis.records import CLUSTER, SERVICE, STACK, Book, at
from tests.unit.analysis.test_diagnose import failed_service
from tests.unit.report.hostile import EVIL, unsafe_in

# What a fresh interpreter must not have loaded after a read command: each costs a tenth of a second or more.
HEAVY = ("boto3", "botocore", "structlog", "rich", "starlette", "uvicorn", "tenacity", "orjson", "jinja2")


def facts_of(book: Book) -> list[Fact]:
    return [
        Fact(
            type=item.type,
            source=item.source,
            id=item.id,
            data=item.payload(),
            time=item.time,
            subject=item.subject,
        )
        for item in book.records
    ]


def write(path: Path, written: list[Fact], clock: ManualClock | SystemClock | None = None) -> Writer:
    writer = Writer.open(path, clock=clock or ManualClock(), run="0123456789abcdef", tool="test")
    writer.append(written)
    return writer


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    """The demo's incident as an archive."""
    write(tmp_path / "incident", facts()).close()
    return tmp_path / "incident"


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(
        command, [str(item) for item in arguments], catch_exceptions=False, standalone_mode=False
    )


def test_the_demo_incident_is_explained_by_the_secret(incident: Path) -> None:
    """Thirty-eight minutes, a rollback, a deleted stack: the cause is in the stopped tasks."""
    document = json.loads(run(explain, incident, "-o", "json").stdout)
    first = document["findings"][0]
    assert document["outcome"] == "failed"
    assert (first["rule"], first["category"], first["count"]) == (
        "ecs-secret-unreadable",
        "secret-or-parameter",
        53,
    )
    assert any("invalid character '!' in string escape code" in item["text"] for item in first["evidence"])
    assert document["attempts"][0]["stack"] == STACK_ARN
    assert document["consequences"]["count"] > 0
    seqs = {record.seq for record in Archive.open(incident).records()}
    assert all(item["seq"] in seqs for item in first["evidence"])


def test_the_page_of_the_demo_incident_says_the_cause_below_its_heading(incident: Path) -> None:
    lines = run(explain, incident).stdout.split("\n")
    assert lines[0].startswith("FAILED")
    assert lines[3].startswith("CAUSE  A secret's value is not the JSON")


def test_attempts_are_numbered_and_can_be_asked_for(incident: Path) -> None:
    """The demo's stack was created, failed, and was deleted."""
    page = run(explain, incident).stdout
    assert " 1. CREATE_STACK CourtCaseManagementStack: failed" in page
    assert " 2. DELETE_STACK CourtCaseManagementStack: succeeded" in page
    deleted = json.loads(run(explain, incident, "--attempt", 2, "-o", "json").stdout)
    assert (deleted["outcome"], deleted["findings"]) == ("succeeded", [])
    every = json.loads(run(explain, incident, "--attempt", "all", "-o", "json").stdout)
    assert {item["attempt"] for item in every["findings"]} == {1}


def test_a_file_gets_what_stdout_would_have_got_and_only_its_owner_may_read_it(
    incident: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answer.json"
    printed = run(explain, incident, "-o", "json").stdout
    assert run(explain, incident, "-o", "json", "-O", out).stdout == ""
    assert out.read_text() == printed
    assert out.stat().st_mode & 0o777 == 0o600


def test_jsonl_is_the_archive_byte_for_byte(incident: Path) -> None:
    """Whoever takes evidence out of an archive must get what AWS said, unknown fields included."""
    result = run(events, incident, "--all", "-o", "jsonl")
    segments = sorted((incident / "seg").glob("*.jsonl"))
    assert result.stdout_bytes == b"".join(segment.read_bytes() for segment in segments)


def test_routine_records_are_hidden_and_counted_on_stderr(incident: Path) -> None:
    shown = run(events, incident, "-o", "jsonl")
    every = run(events, incident, "--all", "-o", "jsonl")
    hidden = len(every.stdout.splitlines()) - len(shown.stdout.splitlines())
    assert hidden > 0
    assert shown.stderr == f"{hidden} routine records hidden; --all shows them\n"
    assert every.stderr == ""


@pytest.mark.parametrize(
    ("flags", "types"),
    [
        (["--type", "aws.ecs.task"], {"aws.ecs.task"}),
        (["--type", "task"], {"aws.ecs.task"}),
        (["--service", "court-case-backend", "--type", "service_event"], {"aws.ecs.service_event"}),
        (
            ["--stack", "CourtCaseManagementStack"],
            {"aws.cloudformation.stack_event", "aws.cloudformation.stack_description"},
        ),
        (["--resource", "CourtCaseDatabaseF7BBE8D0"], {"aws.cloudformation.stack_event"}),
    ],
    ids=["type", "last part of a type", "service", "stack", "resource"],
)
def test_filters_keep_only_what_was_asked_for(incident: Path, flags: list[str], types: set[str]) -> None:
    shown = [
        json.loads(line) for line in run(events, incident, "--all", "-o", "jsonl", *flags).stdout.splitlines()
    ]
    assert shown
    assert {item["type"] for item in shown} == types


def test_a_selection_that_matches_nothing_is_said(incident: Path) -> None:
    """An empty table might as well be a mistyped filter."""
    shown = run(events, incident, "--type", "aws.ecs.taks")
    assert shown.exit_code == 0
    assert shown.stderr == "no record matches\n"


def test_times_are_awss_own_and_bounds_belong_to_the_span(incident: Path) -> None:
    since, until = "2026-01-15T02:32:50.000Z", "2026-01-15T02:33:00.000Z"
    result = run(events, incident, "--since", since, "--until", until, "--all", "-o", "json")
    times = [item["time"] for item in json.loads(result.stdout)]
    assert times
    assert all(since <= moment <= until for moment in times)


def test_failed_shows_failures_alone(incident: Path) -> None:
    lines = run(events, incident, "--failed", "-o", "jsonl").stdout.splitlines()
    statuses = {json.loads(line)["data"].get("ResourceStatus") for line in lines}
    assert "CREATE_FAILED" in statuses
    assert not {"CREATE_COMPLETE", "CREATE_IN_PROGRESS"} & statuses


@pytest.mark.parametrize(
    "arguments",
    [
        ["events", "{}", "--since", "yesterday-ish"],
        ["events", "{}", "-f", "-o", "json"],
        ["events", "{}", "-o", "xml"],
        ["status", "{}", "--max-lag", "soon"],
        ["explain", "{}", "-O", "/nonexistent/folder/file"],
        ["explain", "{}", "--attempt", "0"],
        ["explain", "{}", "--attempt", "99"],
        ["events"],
    ],
    ids=[
        "bad time",
        "endless array",
        "unknown format",
        "bad duration",
        "unwritable file",
        "attempt 0",
        "no such attempt",
        "no archive",
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(incident: Path, arguments: list[str]) -> None:
    process = forensics(*[item.replace("{}", str(incident)) for item in arguments])
    assert process.returncode == 2
    assert process.stdout == ""
    assert process.stderr.startswith("forensics: ")
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", ["events", "explain", "status"])
def test_what_is_no_archive_is_exit_code_3(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("hello")
    (tmp_path / "folder").mkdir()
    for name in ("absent", "file", "folder"):
        process = forensics(command, str(tmp_path / name))
        assert process.returncode == 3
        assert "hint: " in process.stderr
        assert process.stdout == ""
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("command", [[events, "--all"], [explain], [status], [events, "--failed"]], ids=str)
def test_hostile_texts_are_inert_in_every_command(tmp_path: Path, command: list[Any]) -> None:
    book = Book()
    failed_service(book)
    book.resource(EVIL, "CREATE_FAILED", EVIL, kind=EVIL, second=1)
    book.task(EVIL, containers=[{"name": EVIL, "exitCode": 1, "reason": EVIL}])
    book.said(EVIL)
    book.gap(f"stack_events {STACK}{EVIL}", 0, None, reason=EVIL, kind="open")
    book.add(
        "forensics.stream",
        STACK,
        "stream-1",
        {"number": 1, "stream": f"stack_events {EVIL}", "opened_because": EVIL},
    )
    book.add(
        "forensics.identity",
        "urn:forensics:x",
        "i",
        {"arn": EVIL, "region": EVIL, "account": EVIL, "expires_at": EVIL},
    )
    write(tmp_path / "a", facts_of(book)).close()
    result = run(command[0], tmp_path / "a", *command[1:])
    assert unsafe_in(result.stdout.replace("\n", "")) == []


def test_a_damaged_line_is_passed_over_and_said(incident: Path) -> None:
    segment = next((incident / "seg").glob("*.jsonl"))
    lines = segment.read_bytes().split(b"\n")
    lines[3] = lines[3][:-9] + b"X" + lines[3][-8:]
    segment.write_bytes(b"\n".join(lines))
    result = run(explain, incident)
    assert "passed over" in result.stderr
    assert "secret" in result.stdout


def test_an_archive_that_is_closed_is_not_healthy(incident: Path) -> None:
    result = run(status, incident)
    assert result.return_value == 1
    assert "no recorder is at work" in result.stdout


def living(path: Path, book: Book) -> Writer:
    """An archive that a writer holds, its stream read just now."""
    now = SystemClock().now()
    stream = f"stack_events {STACK}"
    book.add(
        "forensics.stream", STACK, "stream-1", {"number": 1, "stream": stream, "opened_because": "wanted"}
    )
    span = {"from": (now - timedelta(seconds=60)).isoformat(), "to": now.isoformat()}
    book.add("forensics.coverage", "urn:forensics:x", "c-1", {**span, "streams": "1", "polls": 1, "calls": 1})
    return write(path, facts_of(book), SystemClock())


def test_an_archive_that_is_written_and_read_lately_is_healthy(tmp_path: Path) -> None:
    writer = living(tmp_path / "a", Book())
    result = run(status, tmp_path / "a", "-o", "json")
    document = json.loads(result.stdout)
    head = writer.head
    writer.close()
    assert result.return_value == 0
    assert (document["is_alive"], document["pid"], document["problems"]) == (True, os.getpid(), [])
    assert document["head"] == head


def test_an_open_gap_makes_a_living_recorder_unhealthy(tmp_path: Path) -> None:
    book = Book()
    writer = living(tmp_path / "a", book)
    book.gap(f"stack_events {STACK}", 0, None, kind="open")
    writer.append(facts_of(book)[-1:])
    result = run(status, tmp_path / "a")
    writer.close()
    assert result.return_value == 1
    assert "1 stream cannot be watched now (the credentials did not work)" in result.stdout


def test_a_lag_beyond_the_limit_makes_a_living_recorder_unhealthy(tmp_path: Path) -> None:
    book = Book()
    stream = f"services {SERVICE}"
    book.add(
        "forensics.stream", SERVICE, "stream-1", {"number": 1, "stream": stream, "opened_because": "wanted"}
    )
    book.add("forensics.coverage", "urn:forensics:x", "c", {"from": at(0), "to": at(1), "streams": "1"})
    writer = write(tmp_path / "a", facts_of(book), SystemClock())
    result = run(status, tmp_path / "a")
    writer.close()
    assert result.return_value == 1
    assert "1 stream behind by more than 5m: services of backend" in result.stdout


def test_quiet_status_says_nothing(incident: Path) -> None:
    result = run(status, incident, "--quiet")
    assert (result.return_value, result.stdout, result.stderr) == (1, "", "")


def test_thousands_of_streams_are_summed_up_by_source(tmp_path: Path) -> None:
    book = Book()
    for number in range(1, 1001):
        stream = f"services {SERVICE}{number}"
        book.add(
            "forensics.stream",
            f"{SERVICE}{number}",
            f"stream-{number}",
            {"number": number, "stream": stream, "opened_because": "wanted"},
        )
    book.add("forensics.coverage", "urn:forensics:x", "c", {"from": at(0), "to": at(1), "streams": "1-1000"})
    write(tmp_path / "a", facts_of(book)).close()
    text = run(status, tmp_path / "a").stdout
    assert len(text.split("\n")) < 20
    assert len(json.loads(run(status, tmp_path / "a", "-o", "json").stdout)["streams"]) == 1000


def test_the_head_is_the_writers_own_and_the_seals(tmp_path: Path) -> None:
    book = Book()
    failed_service(book)
    writer = write(tmp_path / "a", facts_of(book))
    assert head_of(Archive.open(tmp_path / "a")) == writer.head
    closed = writer.close()
    assert head_of(Archive.open(tmp_path / "a")) == closed


def test_following_shows_what_is_written_later_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    """A person at a shell ends it with Ctrl-C: exit code 130, no traceback."""
    book = Book()
    book.said("(service backend) is unable to consistently start tasks successfully.")
    writer = write(tmp_path / "a", facts_of(book))
    process = subprocess.Popen(
        [sys.executable, "-m", "forensics", "events", str(tmp_path / "a"), "-f", "-o", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["seq"] == 1
        book.said("(service backend) is unable to place a task.")
        writer.append(facts_of(book)[-1:])
        assert json.loads(process.stdout.readline())["seq"] == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert "Traceback" not in process.stderr.read()
    writer.close()


def test_a_reader_that_leaves_early_is_no_error(incident: Path) -> None:
    """As in ``forensics events … | head -1``."""
    script = f'"{sys.executable}" -m forensics events "{incident}" --all | head -1'
    process = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert process.stdout.startswith("TIME")
    assert "Traceback" not in process.stderr


def test_reading_loads_nothing_heavy(incident: Path) -> None:
    """boto3 alone would cost a second; a person reads during an outage."""
    script = (
        "import sys; from forensics.cli.main import run_command; code = run_command(sys.argv[1:]); "
        "print('loaded', *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); "
        "sys.exit(code)"
    )
    for command in ("events", "explain", "status", "verify"):
        process = subprocess.run(
            [sys.executable, "-c", script, command, str(incident)], capture_output=True, text=True
        )
        assert process.returncode in {0, 1}
        loaded = next(line for line in process.stderr.splitlines() if line.startswith("loaded")).split()
        assert not set(HEAVY) & set(loaded), command


def test_every_read_command_is_in_the_front_doors_table() -> None:
    ctx = root.make_context("forensics", ["events"], resilient_parsing=True)
    assert root.get_command(ctx, "events") is events
    assert root.get_command(ctx, "explain") is explain
    assert root.get_command(ctx, "status") is status


def test_nothing_is_written_beside_an_archive_that_is_read(incident: Path) -> None:
    before = {item: item.stat().st_mtime_ns for item in incident.rglob("*")}
    for command in (events, explain, status):
        run(command, incident)
    assert {item: item.stat().st_mtime_ns for item in incident.rglob("*")} == before


def test_an_archive_whose_tasks_were_refused_says_so(tmp_path: Path) -> None:
    book = Book()
    failed_service(book, tasks=0)
    stream = f"stopped_tasks {CLUSTER}"
    book.add(
        "forensics.stream", CLUSTER, "stream-1", {"number": 1, "stream": stream, "opened_because": "wanted"}
    )
    refused = {
        "stream": stream,
        "operation": "ecs:ListTasks",
        "action": "ecs:ListTasks",
        "code": "AccessDeniedException",
        "message": "no",
    }
    book.add("forensics.refusal", CLUSTER, "refusal-1", refused)
    write(tmp_path / "a", facts_of(book)).close()
    assert "ecs:ListTasks is not allowed" in " ".join(run(explain, tmp_path / "a").stdout.split())


def forensics(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "forensics", *arguments], capture_output=True, text=True)
