"""Bad input gets one clear sentence and its exit code, and changes nothing."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from forensics.archive import manifest
from tests.flow.shop import RUNNING, played, quick, records
from tests.support.commands import FORENSICS, environment, forensics, started

READING = ["events", "status", "explain", "verify"]


def everything_in(directory: Path) -> dict[str, bytes | None]:
    """Return every path below a directory with its bytes; None for a directory."""
    found = sorted(directory.rglob("*"))
    return {str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None for path in found}


def refused(ended: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """Check that a command ended with one sentence and at most one hint, and said nothing else."""
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    sentence, *hints = ended.stderr.splitlines()
    assert sentence.startswith("forensics: ")
    assert all(hint.startswith("hint: ") for hint in hints)
    assert len(hints) <= 1
    for word in words:
        assert word in ended.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive that a recording left."""
    home = tmp_path_factory.mktemp("recorded")
    with played(RUNNING) as (player, _):
        ended = forensics(
            "watch", "--stack", "shop", "--max-duration", "1s", "--settings", quick(home),
            cwd=home, url=player.url,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return home / "forensics-archive"


@pytest.mark.parametrize("command", READING)
def test_no_such_archive(command: str, tmp_path: Path) -> None:
    refused(forensics(command, "absent", cwd=tmp_path), 3, "absent")
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("kind", ["file", "directory", "other JSON"])
def test_what_is_no_archive(command: str, kind: str, tmp_path: Path) -> None:
    thing = tmp_path / "thing"
    if kind == "file":
        thing.write_text("Dear diary\n")
    else:
        thing.mkdir()
        (thing / ("ARCHIVE.json" if kind == "other JSON" else "notes.txt")).write_text('{"name": "x"}')
    before = everything_in(tmp_path)
    refused(forensics(command, "thing", cwd=tmp_path), 3, "thing")
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_recording_into_what_is_no_archive(kind: str, tmp_path: Path) -> None:
    """Somebody's directory of something else must not fill up with segments."""
    thing = tmp_path / "thing"
    if kind == "file":
        thing.write_text("Dear diary\n")
    else:
        thing.mkdir()
        (thing / "notes.txt").write_text("Dear diary\n")
    before = everything_in(tmp_path)
    with played() as (player, _):
        ended = forensics("watch", "--stack", "shop", "--archive", "thing", cwd=tmp_path, url=player.url)
    refused(ended, 3, "thing")
    assert everything_in(tmp_path) == before


def test_an_archive_in_use_names_its_holder(tmp_path: Path) -> None:
    with (
        played(RUNNING) as (player, _),
        started("watch", "--stack", "shop", cwd=tmp_path, url=player.url) as holder,
    ):
        assert holder.stdout is not None
        holder.stdout.readline()
        ended = forensics("watch", "--stack", "shop", cwd=tmp_path, url=player.url)
    refused(ended, 4, str(holder.pid))


@pytest.mark.parametrize("command", [*READING, "watch"])
def test_a_newer_format(command: str, recorded: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(recorded, newer)
    ours = manifest.decode((recorded / "ARCHIVE.json").read_bytes())
    theirs, _ = manifest.encode(msgspec.structs.replace(ours, format=2))
    (newer / "ARCHIVE.json").write_bytes(theirs)
    before = everything_in(newer)
    with played() as (player, _):
        where = ["--stack", "shop", "--archive", "newer"] if command == "watch" else ["newer"]
        refused(forensics(command, *where, cwd=tmp_path, url=player.url), 3, "format 2")
    assert everything_in(newer) == before


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    # To root no permission says no; the kernel's own directories do.
    where = locked / "archive" if os.getuid() else Path("/proc/archive")
    with played() as (player, _):
        ended = forensics("watch", "--stack", "shop", "--archive", where, cwd=tmp_path, url=player.url)
    refused(ended, 3, str(where))
    assert everything_in(tmp_path) == {"locked": None}


def with_room_for(blocks: int, *args: str | Path) -> list[str]:
    """Return a command line that may write so many blocks of 512 bytes into a file, as on a full disk."""
    return ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *FORENSICS, *map(str, args)]


def test_a_disk_that_is_full_at_the_start(tmp_path: Path) -> None:
    with played() as (player, _):
        ended = subprocess.run(
            with_room_for(0, "watch", "--stack", "shop"),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=environment(tmp_path, player.url, PYTHONDONTWRITEBYTECODE="1"),
        )
    refused(ended, 3, "forensics-archive")


def test_a_disk_that_fills_up_is_said_and_told_and_what_was_written_stays_whole(tmp_path: Path) -> None:
    """The recorder neither exits nor corrupts: polls wait in memory until there is room.

    The limit is a file's, so a later segment may have room again: both ends are right.
    """
    on_event = "sh -c 'ulimit -f unlimited; cat >> told'"
    command = with_room_for(
        10, "watch", "--stack", "shop", "--settings", quick(tmp_path), "--on-event", on_event
    )
    with (
        played(RUNNING) as (player, _),
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(tmp_path, player.url, PYTHONDONTWRITEBYTECODE="1"),
        ) as process,
    ):
        assert process.stdout is not None
        while "TROUBLE" not in (line := process.stdout.readline()):
            assert line
        process.terminate()
        _, stderr = process.communicate(timeout=25)
    assert "archive: " in line
    assert '"kind":"recording_trouble"' in (tmp_path / "told").read_text()
    assert process.returncode in (0, 3), stderr
    assert forensics("verify", "forensics-archive", cwd=tmp_path).returncode == 0


def test_an_unknown_stack_with_no_wait(tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics("watch", "--stack", "shpo", "--no-wait", cwd=tmp_path, url=player.url)
    refused(ended, 254, "stack shpo does not exist in us-east-1")
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("flag", "name"),
    [("--service", "main/apy"), ("--service", "mian/api"), ("--cluster", "mian")],
    ids=["service", "service's cluster", "cluster"],
)
def test_an_unknown_service_or_cluster_with_no_wait(flag: str, name: str, tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics("watch", flag, name, "--no-wait", cwd=tmp_path, url=player.url)
    refused(ended, 254, f"{name} does not exist in us-east-1")
    assert everything_in(tmp_path) == {}


def test_no_region(tmp_path: Path) -> None:
    ended = forensics("watch", "--stack", "shop", cwd=tmp_path, AWS_REGION="")
    refused(ended, 2, "no AWS region", "--region")
    assert everything_in(tmp_path) == {}


def test_no_credentials(tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics(
            "watch", "--stack", "shop", cwd=tmp_path, url=player.url,
            AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
        )  # fmt: skip
    refused(ended, 253, "no AWS credentials found")
    assert everything_in(tmp_path) == {}


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    refused(forensics("watch", "--stack", "shop", "--profile", "absent", cwd=tmp_path), 253, "absent")
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[capture]\nworker = 4\n", ("unknown key capture.worker", "did you mean capture.workers?")),
        ('[capture]\nworkers = "four"\n', ('capture.workers = "four"', "expected int")),
        ("[capture\n", ("not TOML", "line 1")),
    ],
    ids=["wrong key", "wrong type", "bad TOML"],
)
def test_wrong_settings(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(text)
    ended = forensics("watch", "--stack", "shop", "--settings", "my.toml", cwd=tmp_path)
    refused(ended, 2, "my.toml", *words)
    assert list(everything_in(tmp_path)) == ["my.toml"]


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    refused(forensics("watch", "--settings", "my.toml", cwd=tmp_path), 2, "my.toml: no such settings file")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ("nothing to watch", "--stack")),
        (["--service", "api"], ("'api' is not a service", "CLUSTER/NAME")),
        (["--stack", "arn:aws:ecs:us-east-1:123456789012:cluster/main"], ("is not a stack",)),
        (["--stack", "shop", "--max-duration", "2 hours"], ("'2 hours' is not a duration", "1h30m")),
        (["--stack", "shop", "--until", "dawn"], ("dawn",)),
        (["--stack", "shop", "--on-event", "sh -c 'open"], ("cannot be split",)),
    ],
    ids=["nothing", "service", "ARN of another kind", "duration", "until", "on-event"],
)
def test_a_selection_that_can_never_match_or_a_flag_that_means_nothing(
    flags: list[str], words: tuple[str, ...], tmp_path: Path
) -> None:
    refused(forensics("watch", *flags, cwd=tmp_path), 2, *words)
    assert everything_in(tmp_path) == {}


@contextmanager
def silent() -> Iterator[str]:
    """Listen and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["silent", "closed"])
def test_an_endpoint_that_does_not_answer_with_no_wait(kind: str, tmp_path: Path) -> None:
    with silent() as url:
        where = url if kind == "silent" else "http://127.0.0.1:9"
        ended = forensics(
            "watch", "--stack", "shop", "--no-wait", "--settings", quick(tmp_path), cwd=tmp_path, url=where
        )
    refused(ended, 254, "127.0.0.1")
    assert list(everything_in(tmp_path)) == ["quick.toml"]


def test_an_endpoint_that_does_not_answer_is_said_and_tried_again(tmp_path: Path) -> None:
    """A recorder does not give up: the network may come back before the deployment ends."""
    with silent() as url:
        ended = forensics(
            "watch", "--stack", "shop", "--max-duration", "6s", "--settings", quick(tmp_path),
            cwd=tmp_path, url=url,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "TROUBLE    default: AWS (us-east-1) has not answered yet" in ended.stdout
    assert records(tmp_path / "forensics-archive")[-1].payload()["phase"] == "ended"


def test_access_denied_on_one_source_names_the_action_once(tmp_path: Path) -> None:
    with played(RUNNING) as (player, _):
        player.faults.fail("ecs:DescribeServices", error="AccessDenied", times=None)
        ended = forensics(
            "watch", "--stack", "shop", "--max-duration", "4s", "--settings", quick(tmp_path),
            cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert ended.returncode == 0
    assert sum("ecs:DescribeServices" in line for line in ended.stdout.splitlines()) == 1
    archive = tmp_path / "forensics-archive"
    assert [r.payload()["action"] for r in records(archive, "forensics.refusal")] == ["ecs:DescribeServices"]
    assert records(archive, "aws.cloudformation.stack_event")
    assert records(archive, "aws.ecs.task")


@pytest.mark.parametrize("given", ["foo", "127.0.0.1:4566", "http://", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_url(given: str, tmp_path: Path) -> None:
    """A recorder waits for what does not answer; what can never answer is a mistake."""
    refused(forensics("watch", "--stack", "shop", cwd=tmp_path, url=given), 2, given)
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("command", READING)
def test_a_closed_stdout_is_no_surprise(command: str, recorded: Path) -> None:
    line = f'exec "$@" {command} {recorded} >&-'
    ended = subprocess.run(["sh", "-c", line, "sh", *FORENSICS], capture_output=True, text=True, timeout=60)
    assert "unforeseen" not in ended.stderr
    assert ended.returncode in (0, 1)


def test_a_closed_stdout_does_not_fail_the_deploy(tmp_path: Path) -> None:
    line = 'exec "$@" run --settings nowhere -- sh -c "exit 7" >&-'
    ended = subprocess.run(
        ["sh", "-c", line, "sh", *FORENSICS], capture_output=True, text=True, timeout=60,
        cwd=tmp_path, env=environment(tmp_path),
    )  # fmt: skip
    assert ended.returncode == 7, ended.stderr


def test_a_full_disk_behind_stdout_is_said_in_a_sentence(recorded: Path) -> None:
    line = f'exec "$@" events {recorded} --all > /dev/full'
    ended = subprocess.run(["sh", "-c", line, "sh", *FORENSICS], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "no space is left" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_recorder_that_never_got_through_is_not_explained_as_all_well(tmp_path: Path) -> None:
    """Silence of the network must not read like silence of the deployment."""
    flags = ("--stack", "shop", "--max-duration", "1s", "--settings", quick(tmp_path))
    ended = forensics("watch", *flags, cwd=tmp_path, url="http://127.0.0.1:1")
    assert ended.returncode == 0, ended.stderr
    said = forensics("explain", "forensics-archive", cwd=tmp_path).stdout
    assert said.startswith("COULD NOT LOOK")
    assert "COVERAGE  has gaps" in said
    assert "AWS never answered" in said


def test_explain_says_that_records_are_lost_to_damage(recorded: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(recorded, copy)
    segment = copy / "seg" / "00000001.jsonl"
    body = bytearray(segment.read_bytes())
    body[len(body) // 2] ^= 1
    segment.write_bytes(body)
    said = forensics("explain", "copy", cwd=tmp_path).stdout
    assert "COVERAGE  complete" not in said
    assert "1 record of the archive is lost to damage" in said
