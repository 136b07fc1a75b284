"""The user's command is told, and never in the recorder's way."""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import telemetry
from forensics.errors import SettingsError
from forensics.model.clock import SystemClock
from forensics.notify import Notice, Notifier, NotifyOptions, split_command
from tests.support.clock import ManualClock

ROLLBACK = Notice(
    kind="rollback_started",
    severity="error",
    at="2026-01-15T02:16:07.000Z",
    text="shop ROLLBACK_IN_PROGRESS: the following resource(s) failed",
    source="arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1",
    subject="shop",
    archive="forensics-archive",
    seq=7,
)


@pytest.fixture(autouse=True)
def log() -> Iterator[StringIO]:
    lines = StringIO()
    telemetry.configure(log_format="json", stream=lines)
    yield lines
    telemetry.configure()


def python(script: str, *args: str) -> str:
    """Return an on-event command that runs a Python script."""
    return shlex.join((sys.executable, "-S", "-c", script, *args))


def appender(path: Path) -> str:
    return python("import sys; open(sys.argv[1], 'a').write(sys.stdin.read())", str(path))


def told(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_command_reads_one_json_object_with_every_field(tmp_path: Path) -> None:
    notifier = Notifier(NotifyOptions(command=appender(tmp_path / "told")), SystemClock())
    assert notifier.tell(ROLLBACK)
    assert notifier.close(30)
    assert told(tmp_path / "told") == [
        {
            "schema_version": 1,
            "kind": "rollback_started",
            "severity": "error",
            "at": "2026-01-15T02:16:07.000Z",
            "text": "shop ROLLBACK_IN_PROGRESS: the following resource(s) failed",
            "source": "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1",
            "subject": "shop",
            "archive": "forensics-archive",
            "seq": 7,
            "dropped": 0,
        }
    ]


def test_a_kind_that_was_not_asked_for_is_not_told(tmp_path: Path) -> None:
    notifier = Notifier(
        NotifyOptions(command=appender(tmp_path / "told"), kinds=("stack_ended",)), SystemClock()
    )
    assert not notifier.tell(ROLLBACK)
    notifier.close(30)
    assert not (tmp_path / "told").exists()


def test_no_shell_stands_between(tmp_path: Path) -> None:
    """What looks like shell stays an argument."""
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    notifier = Notifier(
        NotifyOptions(command=python(script, str(tmp_path / "arg"), "$(id); a|b")), SystemClock()
    )
    notifier.tell(ROLLBACK)
    notifier.close(30)
    assert (tmp_path / "arg").read_text() == "$(id); a|b"


def test_a_command_that_fails_is_logged_with_its_last_words(log: StringIO) -> None:
    notifier = Notifier(NotifyOptions(command="sh -c 'echo no such channel >&2; exit 3'"), SystemClock())
    notifier.tell(ROLLBACK)
    notifier.close(30)
    line = json.loads(log.getvalue())
    assert (line["event"], line["exit_code"], line["said"]) == (
        "on-event command failed",
        3,
        "no such channel",
    )


def test_a_command_that_cannot_be_started_is_logged(log: StringIO) -> None:
    notifier = Notifier(NotifyOptions(command="no-such-program-anywhere"), SystemClock())
    notifier.tell(ROLLBACK)
    notifier.close(30)
    assert json.loads(log.getvalue())["event"] == "on-event command not started"


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, log: StringIO) -> None:
    """Else every event would leave a process behind."""
    script = f"echo $$ > '{tmp_path}/pid'; sleep 600 & sleep 600"
    notifier = Notifier(NotifyOptions(command=f'sh -c "{script}"', timeout_s=0.3), SystemClock())
    notifier.tell(ROLLBACK)
    assert notifier.close(30)
    group = int((tmp_path / "pid").read_text())
    assert json.loads(log.getvalue())["exit_code"] == -15
    assert os.getpgid(0) != group
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break


def test_a_command_that_floods_its_output_is_not_held_in_memory(log: StringIO) -> None:
    flood = python("import sys; sys.stdout.write('x' * 5_000_000 + 'end'); sys.exit(1)")
    notifier = Notifier(NotifyOptions(command=flood), SystemClock())
    notifier.tell(ROLLBACK)
    assert notifier.close(30)
    said = json.loads(log.getvalue())["said"]
    assert said.endswith("xend")
    assert len(said) <= 2000


def test_a_command_that_never_reads_is_no_trouble_however_long_the_text(log: StringIO) -> None:
    """A failure reason can be larger than a pipe holds."""
    notifier = Notifier(NotifyOptions(command="true"), SystemClock())
    notifier.tell(
        Notice(kind="stack_ended", severity="info", at="", text="x" * 1_000_000, source="", archive="")
    )
    assert notifier.close(30)
    assert log.getvalue() == ""


def test_telling_never_waits_and_what_did_not_fit_is_counted(tmp_path: Path) -> None:
    """The recording goes on at its own speed while the command is stuck on the first notice."""
    os.mkfifo(tmp_path / "go")
    go = os.open(tmp_path / "go", os.O_RDWR)
    script = (
        "import os, sys; os.read(os.open(sys.argv[1], os.O_RDONLY), 1);"
        "open(sys.argv[2], 'a').write(sys.stdin.read())"
    )
    command = python(script, str(tmp_path / "go"), str(tmp_path / "told"))
    notifier = Notifier(NotifyOptions(command=command, waiting=2, per_minute=1000), SystemClock())
    results = [notifier.tell(ROLLBACK) for _ in range(20)]
    assert results.count(False) >= 17
    os.write(go, b"x" * results.count(True))
    while not notifier.tell(ROLLBACK):
        results.append(False)
    os.write(go, b"x")
    assert notifier.close(30)
    os.close(go)
    assert told(tmp_path / "told")[-1]["dropped"] == results.count(False)


def test_a_storm_of_events_starts_few_commands_a_minute(tmp_path: Path) -> None:
    """A hundred failing tasks must not become a hundred processes at once."""
    clock = ManualClock()
    began = clock.now()
    notifier = Notifier(NotifyOptions(command=appender(tmp_path / "told"), per_minute=2), clock)
    for _ in range(6):
        notifier.tell(ROLLBACK)
    while not (tmp_path / "told").exists() or len(told(tmp_path / "told")) < 6:
        os.sched_yield()
    assert (clock.now() - began).total_seconds() >= 4 * 30
    assert notifier.close(30)


def test_the_end_does_not_wait_for_the_rate(tmp_path: Path) -> None:
    """The notice that a stack has ended often comes last, just before the recorder goes."""
    notifier = Notifier(NotifyOptions(command=appender(tmp_path / "told"), per_minute=1), SystemClock())
    for _ in range(4):
        notifier.tell(ROLLBACK)
    assert notifier.close(60)
    assert len(told(tmp_path / "told")) == 4


@pytest.mark.parametrize("command", ["", "  ", "sh -c 'open"])
def test_a_command_that_cannot_be_split_is_refused_at_the_start(command: str) -> None:
    with pytest.raises(SettingsError):
        Notifier(NotifyOptions(command=command), SystemClock())


@given(st.text())
def test_any_command_is_split_or_refused_in_our_own_words(command: str) -> None:
    try:
        words = split_command(command)
    except SettingsError:
        return
    assert words
