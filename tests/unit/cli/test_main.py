"""The command's front door: help, versions, errors, exit codes."""

import os
import subprocess
import sys

import click
import pytest

from forensics import __version__
from forensics.cli import main
from forensics.errors import (
    ArchiveInUse,
    CredentialsAbsent,
    ForensicsError,
    NotAnArchive,
    SettingsError,
    Throttled,
)


def forensics(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "forensics", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def failing_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Give the program a command that raises."""

    @click.command()
    def command() -> None:
        raise error

    monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_args: command)


def test_the_version_names_the_program() -> None:
    assert forensics("--version").stdout == f"forensics {__version__}\n"


def test_help_names_every_command_without_importing_any() -> None:
    """What a person waits for is the import of things that they did not ask for."""
    script = (
        "import sys\nfrom forensics.cli.main import run_command\nrun_command(['--help'])\n"
        "heavy = ('forensics', 'boto', 'rich', 'structlog', 'msgspec')\n"
        "print(*sorted(m for m in sys.modules if m.startswith(heavy)))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60).stdout
    *help_text, modules = said.splitlines()
    assert all(any(line.split()[:1] == [name] for line in help_text) for name in main.COMMANDS)
    assert modules.split() == [
        "forensics", "forensics.cli", "forensics.cli.main", "forensics.cli.streams", "forensics.errors",
        "forensics.model", "forensics.model.inert",
    ]  # fmt: skip


def test_no_command_at_all_shows_the_help_on_stderr() -> None:
    """Nobody asked for it, so it is no data."""
    ended = forensics()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Commands:" in ended.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["wacth"], "forensics: No such command 'wacth'. Did you mean 'watch'?\n"),
        (["--verson"], "forensics: No such option '--verson'."),
        (["watch", "--stak", "x"], "forensics: No such option '--stak'."),
        (["watch", "stray"], "forensics: Got unexpected extra argument (stray)"),
    ],
    ids=["command", "flag", "command's flag", "argument"],
)
def test_a_wrong_command_line_gets_one_sentence_and_exit_code_2(args: list[str], said: str) -> None:
    ended = forensics(*args)
    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert ended.stderr.splitlines()[1].startswith("hint: `forensics")
    assert len(ended.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (SettingsError("x"), 2),
        (NotAnArchive("x"), 3),
        (ArchiveInUse("x"), 4),
        (CredentialsAbsent("x"), 253),
        (Throttled("x"), 254),
        (ForensicsError("x"), 255),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_an_error_of_ours_ends_with_the_exit_code_it_carries(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: ForensicsError, exit_code: int
) -> None:
    failing_with(monkeypatch, error)
    assert main.run_command(["watch"]) == exit_code
    assert capsys.readouterr() == ("", "forensics: x\n")


def test_an_error_says_its_hint_and_cannot_drive_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS's words, and with them anybody's, end up in messages."""
    failing_with(monkeypatch, ForensicsError("no\x1b[2J\nstack", hint="try\rthis"))
    main.run_command(["watch"])
    assert capsys.readouterr().err == "forensics: no\\x1b[2J\\x0astack\nhint: try\\x0dthis\n"


def test_what_nobody_foresaw_is_one_sentence_and_exit_code_255(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORENSICS_DEBUG", raising=False)
    failing_with(monkeypatch, ZeroDivisionError("by zero"))
    assert main.run_command(["watch"]) == 255
    said = capsys.readouterr().err
    assert said.startswith("forensics: unforeseen ZeroDivisionError: by zero\nhint: ")
    assert "Traceback" not in said


def test_the_debug_variable_adds_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORENSICS_DEBUG", "1")
    failing_with(monkeypatch, ZeroDivisionError("by zero"))
    main.run_command(["watch"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=["ctrl-c", "abort"])
def test_an_interrupt_ends_with_130_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    failing_with(monkeypatch, error)
    assert main.run_command(["watch"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`forensics events A | head` must not end in a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "forensics", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (141, b"")


def flags_of(name: str) -> list[click.Option]:
    command = main.root.get_command(click.Context(main.root), name)
    assert command is not None
    return [p for p in command.params if isinstance(p, click.Option) and p.allow_from_autoenv]


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_flag_of_ours_shows_its_variable(name: str) -> None:
    shown = "".join(forensics(name, "--help").stdout.split())
    prefix = "FORENSICS" if name in main.RECORDING else f"FORENSICS_{name.upper().replace('-', '_')}"
    for flag in flags_of(name):
        assert f"[envvar:{prefix}_{flag.name.upper()}" in shown, flag.name


def test_a_variable_of_a_recording_does_not_reach_the_commands_that_read() -> None:
    """In CI the variables of `run` are set for the whole job, and `--until` means a time to `events`."""
    ended = forensics("events", "absent", FORENSICS_UNTIL="done", FORENSICS_STACK="shop")
    assert "no such archive" in ended.stderr
