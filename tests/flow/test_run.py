"""`forensics run`: the command comes first, whatever the recording does."""

import re
import signal
import sys
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from tests.flow.shop import ENDED, RUNNING, played, quick, records
from tests.support.commands import forensics, started

SOUND = ("intact", "intact with recorded gaps")


def command_facts(archive: Path) -> list[dict[str, object]]:
    return [record.payload() for record in records(archive, "forensics.command")]


def test_it_records_while_the_command_runs_and_after_it(tmp_path: Path) -> None:
    """What CloudFormation says last often comes after the deploy tool has given up."""
    with played(RUNNING) as (player, clock), started(
        "run", "--stack", "shop", "--settle", "30s", "--until", "done", "--settings", quick(tmp_path),
        "--", sys.executable, "-c", "print('deployed'); input()",
        cwd=tmp_path, url=player.url, popen={"stdin": -1},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "deployed\n"
        while "CREATE_FAILED" not in process.stderr.readline():
            pass
        process.stdin.write("\n")
        process.stdin.flush()
        clock.advance(ENDED)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, "")
    assert "ROLLBACK_COMPLETE" in stderr
    assert "FAILED  CREATE_STACK shop" in stderr
    head = re.findall(r"^head (\w+)$", stderr, re.M)[0]
    assert verify(tmp_path / "forensics-archive", expect=head).verdict in SOUND


def test_on_github_the_first_and_the_last_head_are_notices_on_stderr(tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics(
            "run", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path), "--", "true",
            cwd=tmp_path, url=player.url, GITHUB_ACTIONS="true",
        )  # fmt: skip
    heads = re.findall(r"^::notice title=forensics head::head (\w{64})(.*)$", ended.stderr, re.M)
    assert [when for _, when in heads] == [" (before this recording)", ""]
    assert verify(tmp_path / "forensics-archive", expect=heads[-1][0]).verdict in SOUND


@pytest.mark.parametrize("code", [0, 3, 125])
def test_the_exit_code_is_the_commands_own(code: int, tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics(
            "run", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path),
            "--", "sh", "-c", f"exit {code}", cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert ended.returncode == code


def test_stdout_holds_the_commands_words_alone(tmp_path: Path) -> None:
    """Pipelines read the output of the deploy tool."""
    with played() as (player, _):
        ended = forensics(
            "run", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path),
            "--", "echo", "outputs: {}", cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert ended.stdout == "outputs: {}\n"
    assert "archive ./forensics-archive" in ended.stderr


def test_the_archive_names_the_command_and_its_end_but_no_argument(tmp_path: Path) -> None:
    """Deploy tools take secrets as parameters."""
    with played() as (player, _):
        forensics(
            "run", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path),
            "--", "sh", "-c", "exit 4", "Password=hunter2", cwd=tmp_path, url=player.url,
        )  # fmt: skip
    archive = tmp_path / "forensics-archive"
    started, ended = command_facts(archive)
    assert started.pop("at") <= ended.pop("at")
    assert started == {"phase": "started", "argv0": "sh"}
    assert ended == {"phase": "ended", "argv0": "sh", "exit_code": 4}
    assert not any(b"hunter2" in path.read_bytes() for path in archive.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["no-such-command"], 127, "no-such-command: command not found"),
        (["/etc"], 126, "/etc: Permission denied"),
    ],
    ids=["not found", "not executable"],
)
def test_a_command_that_cannot_start_is_said_and_recorded(
    argv: list[str], code: int, said: str, tmp_path: Path
) -> None:
    with played() as (player, _):
        ended = forensics(
            "run", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path), "--", *argv,
            cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert ended.returncode == code
    assert f"forensics: {said}\n" in ended.stderr
    assert command_facts(tmp_path / "forensics-archive")[-1]["exit_code"] == code


def test_a_cancelled_pipeline_ends_the_command_and_seals_the_archive(tmp_path: Path) -> None:
    """CI sends SIGTERM and kills soon after: there is no time for the settle time."""
    with played(RUNNING) as (player, _), started(
        "run", "--stack", "shop", "--settle", "600s", "--settings", quick(tmp_path),
        "--", sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()",
        cwd=tmp_path, url=player.url,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=25)
    assert process.returncode == 143, stderr
    archive = tmp_path / "forensics-archive"
    assert verify(archive).verdict in SOUND
    assert command_facts(archive)[-1]["exit_code"] == 143


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["INT", "TERM", "HUP"])
def test_a_signal_in_the_settle_time_ends_it_and_keeps_the_exit_code(
    signum: signal.Signals, tmp_path: Path
) -> None:
    with played(RUNNING) as (player, _), started(
        "run", "--stack", "shop", "--settle", "600s", "--settings", quick(tmp_path),
        "--", "sh", "-c", "exit 3",
        cwd=tmp_path, url=player.url,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        while "CREATE_FAILED" not in process.stderr.readline():
            pass
        archive = Archive.open(tmp_path / "forensics-archive")
        while not any(r.type == "forensics.command" and b"ended" in bytes(r.data) for r in archive.records()):
            pass
        process.send_signal(signum)
        process.communicate(timeout=25)
    assert process.returncode == 3
    assert verify(tmp_path / "forensics-archive").verdict in SOUND


TROUBLES = {
    "no region": ([], {"AWS_REGION": ""}, "no AWS region given"),
    "no profile": (["--profile", "absent"], {}, "absent"),
    "nothing to watch": (None, {}, "nothing to watch"),
    "bad settings": (["--settings", "bad.toml"], {}, "unknown key captur"),
    "no archive": (["--archive", "file/archive"], {}, "file"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_with_the_recording_never_fails_the_deploy(name: str, tmp_path: Path) -> None:
    flags, variables, said = TROUBLES[name]
    (tmp_path / "bad.toml").write_text("captur.workers = 1")
    (tmp_path / "file").write_text("")
    target = [] if flags is None else ["--stack", "shop"]
    with played() as (player, _):
        ended = forensics(
            "run", *target, *(flags or []), "--settle", "0s", "--", "sh", "-c", "echo out; exit 3",
            cwd=tmp_path, url=player.url, **variables,
        )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (3, "out\n")
    assert ended.stderr.startswith("forensics: not recording: ")
    assert said in ended.stderr


@pytest.mark.parametrize("name", TROUBLES)
def test_with_strict_the_command_does_not_run_unrecorded(name: str, tmp_path: Path) -> None:
    flags, variables, said = TROUBLES[name]
    (tmp_path / "bad.toml").write_text("captur.workers = 1")
    (tmp_path / "file").write_text("")
    target = [] if flags is None else ["--stack", "shop"]
    with played() as (player, _):
        ended = forensics(
            "run", "--strict", *target, *(flags or []), "--", "echo", "out",
            cwd=tmp_path, url=player.url, **variables,
        )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (125, "")
    assert said in ended.stderr


def test_an_archive_in_use_never_fails_the_deploy(tmp_path: Path) -> None:
    with (
        played(RUNNING) as (player, _),
        started(
            "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
        ) as watching,
    ):
        assert watching.stdout is not None
        watching.stdout.readline()
        ended = forensics("run", "--stack", "shop", "--", "sh", "-c", "exit 3", cwd=tmp_path, url=player.url)
    assert ended.returncode == 3
    assert "not recording" in ended.stderr
    assert str(watching.pid) in ended.stderr


def test_credentials_that_are_missing_do_not_fail_the_deploy(tmp_path: Path) -> None:
    """They may come while the command runs; until then the archive says why it is blind."""
    with played() as (player, _):
        ended = forensics(
            "run", "--stack", "shop", "--settle", "1s", "--settings", quick(tmp_path), "--", "true",
            cwd=tmp_path, url=player.url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
        )  # fmt: skip
    assert ended.returncode == 0
    assert "no AWS credentials found" in ended.stderr


def test_with_strict_a_gap_at_the_end_fails_what_the_command_did_not(tmp_path: Path) -> None:
    with played(RUNNING) as (player, _), started(
        "run", "--strict", "--stack", "shop", "--settle", "0s", "--settings", quick(tmp_path),
        "--", sys.executable, "-c", "input()", cwd=tmp_path, url=player.url, popen={"stdin": -1},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        while "CREATE_FAILED" not in process.stderr.readline():
            pass
        player.faults.status("*", 500, times=None)
        process.communicate("\n", timeout=60)
    assert process.returncode == 125


def test_the_time_limit_ends_the_recording_and_not_the_command(tmp_path: Path) -> None:
    with played(RUNNING) as (player, _), started(
        "run", "--stack", "shop", "--max-duration", "1s", "--settings", quick(tmp_path),
        "--", sys.executable, "-c", "input(); print('still here')",
        cwd=tmp_path, url=player.url, popen={"stdin": -1},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        while "recording ended" not in process.stderr.readline():
            pass
        stdout, _ = process.communicate("\n", timeout=60)
    assert (process.returncode, stdout) == (0, "still here\n")
