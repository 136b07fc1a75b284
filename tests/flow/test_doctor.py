"""`forensics doctor` as a pipeline runs it: it says beforehand what would fail, and leaves nothing behind."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.cli.main import COMMANDS
from forensics.model.clock import SystemClock
from forensics.serve.credentials import AccessKey
from forensics.serve.endpoint import Endpoint, EndpointOptions
from forensics.serve.history import History
from tests.flow.shop import RUNNING, played, quick
from tests.flow.test_bad_input import everything_in, refused, silent, with_room_for
from tests.support.commands import FORENSICS, environment, forensics, started
from tests.support.faults import FaultyPlayer

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@contextmanager
def on_time(at: float = RUNNING, *, off: timedelta = timedelta(0)) -> Iterator[FaultyPlayer]:
    """Serve the shop with the machine's own time in every answer, or one that is off by so much."""
    with played(at) as (player, _):
        player.faults.date = lambda: datetime.now(UTC) - off
        yield player


def examined(*flags: str | Path, cwd: Path, url: str | None, code: int = 0, **more: str) -> dict[str, Any]:
    """Return the document that doctor prints."""
    ended = forensics("doctor", *flags, "-o", "json", cwd=cwd, url=url, **more)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert SECRET not in ended.stdout
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def every(found: dict[str, Any], state: str) -> list[tuple[str, str]]:
    """Return name and text of all checks in a state."""
    checks = [check for site in found["sites"] for check in site["checks"]] + found["checks"]
    return [(check["name"], check["text"]) for check in checks if check["state"] == state]


def test_all_is_well_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with on_time() as player:
        found = examined("--stack", "shop", "--archive", "new/archive", cwd=tmp_path, url=player.url)
    assert everything_in(tmp_path) == {}
    assert (found["schema_version"], found["is_ready"], found["missing_policy"]) == (1, True, None)
    assert found["expect_duration_s"] == 3600
    (site,) = found["sites"]
    assert (site["label"], site["region"]) == ("default", "us-east-1")
    assert site["identity"]["arn"] == "arn:aws:iam::123456789012:user/replay"
    assert {action["outcome"] for action in site["actions"]} == {"allowed"}
    names = [check["name"] for check in site["checks"]]
    assert names == ["region", "endpoint", "clock", "credentials", "target", "permissions"]
    assert [check["name"] for check in found["checks"]] == ["archive", "disk"]
    assert every(found, "problem") == every(found, "note") == []


def test_what_is_missing_is_printed_as_a_policy_to_paste(tmp_path: Path) -> None:
    """Pasted, it holds exactly what was refused: what is needed, and apart from it what adds details."""
    with on_time() as player:
        player.faults.fail("ecs:DescribeTasks", error="AccessDenied", times=None)
        player.faults.fail("ecs:DescribeTaskDefinition", error="AccessDenied", times=None)
        ended = forensics("doctor", "--stack", "shop", cwd=tmp_path, url=player.url)
    assert ended.returncode == 1
    assert ended.stdout.startswith("NOT READY for a recording of 1h: 1 problem, 1 note\n")
    policy = json.loads(ended.stdout[ended.stdout.index("\n{") :])
    assert [(part["Sid"], part["Action"]) for part in policy["Statement"]] == [
        ("DeployForensicsNeeds", ["ecs:DescribeTasks"]),
        ("DeployForensicsUsesWhereAllowed", ["ecs:DescribeTaskDefinition"]),
    ]
    assert all(len(line) <= 100 for line in ended.stdout.splitlines())


def test_keys_that_have_expired_do_not_hide_the_other_checks(tmp_path: Path) -> None:
    keys = (AccessKey(id="AKIAIOSFODNN7EXAMPLE", expires_at=datetime(2020, 1, 1, tzinfo=UTC)),)
    endpoint = Endpoint(History.of([]), SystemClock(), EndpointOptions(keys=keys))
    with FaultyPlayer(endpoint) as player:
        found = examined("--stack", "shop", cwd=tmp_path, url=player.url, code=1)
    ((name, text),) = every(found, "problem")
    assert name == "credentials"
    assert "expired" in text
    assert "credentials push" not in found["sites"][0]["checks"][-1]["remedy"]
    assert found["sites"][0]["actions"] == []
    assert [check["state"] for check in found["checks"]] == ["ok", "ok"]


def test_the_environments_credentials_that_have_ended_are_named_with_when(tmp_path: Path) -> None:
    """No login reaches a process's environment: what helps is to export new ones before it starts."""
    expired = {"AWS_SESSION_TOKEN": "secret-token", "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}
    with on_time() as player:
        found = examined("--stack", "shop", cwd=tmp_path, url=player.url, code=1, **expired)
        watched = forensics("watch", "--stack", "shop", cwd=tmp_path, url=player.url, **expired)
    ((name, text),) = every(found, "problem")
    assert (name, text) == ("credentials", "those of the environment ended at 2020-01-01T00:00:00.000Z")
    (remedy,) = [check["remedy"] for check in found["sites"][0]["checks"] if check["name"] == "credentials"]
    assert remedy.startswith("export new ones")
    assert "secret-token" not in json.dumps(found)
    assert watched.returncode == 253
    assert "those of the environment ended at 2020-01-01T00:00:00.000Z" in watched.stderr
    assert "picked up" not in watched.stderr


def test_the_environments_credentials_that_aws_calls_expired_are_not_waited_for(tmp_path: Path) -> None:
    with on_time() as player:
        player.faults.fail("*", error="ExpiredToken", times=None)
        found = examined("--stack", "shop", cwd=tmp_path, url=player.url, code=1)
    (check,) = [check for check in found["sites"][0]["checks"] if check["name"] == "credentials"]
    assert "ExpiredToken" in check["text"]
    assert check["remedy"].startswith("export new ones")


def test_a_profile_that_does_not_exist_is_said_without_a_word_twice(tmp_path: Path) -> None:
    found = examined("--stack", "shop", "--profile", "nope", cwd=tmp_path, url=None, code=1)
    assert every(found, "problem") == [("credentials", "The config profile (nope) could not be found")]


def test_on_a_narrow_terminal_texts_have_the_whole_width(tmp_path: Path) -> None:
    """Beside two columns of words there would be sixteen cells for a sentence, and broken names."""
    with on_time() as player:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 40, 0, 0))
        process = subprocess.Popen(
            [*FORENSICS, "doctor", "--stack", "shop", "--profile", "nope"],
            stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, cwd=tmp_path,
            # Who runs the tests may say how wide a terminal is; here it says so itself.
            env=environment(tmp_path, player.url, COLUMNS="", LINES=""),
        )  # fmt: skip
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        process.wait(timeout=30)
        os.close(ours)
    printed = re.sub("\x1b\\[[0-9;]*m", "", seen.decode()).splitlines()
    assert max(map(len, printed)) <= 40
    assert "    The config profile (nope) could not" in printed
    assert any("AWS_ACCESS_KEY_ID" in line for line in printed)


def test_credentials_that_nobody_renews_must_last(tmp_path: Path) -> None:
    """A login tool noted when its keys end: in forty minutes, and a little that the check itself may take."""
    (tmp_path / ".aws").mkdir()
    ends_at = (datetime.now(UTC) + timedelta(minutes=40, seconds=30)).isoformat()
    (tmp_path / ".aws/credentials").write_text(
        f"[deploy]\naws_access_key_id = ASIAX\naws_secret_access_key = {SECRET}\n"
        f"aws_session_token = secret-token\naws_expiration = {ends_at}\n"
    )
    with on_time() as player:
        found = examined(
            "--stack", "shop", "--profile", "deploy", "--expect-duration", "2h",
            cwd=tmp_path, url=player.url, code=1, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
        )  # fmt: skip
    ((name, text),) = every(found, "problem")
    assert name == "credentials"
    assert "they end in 40m" in text
    assert "expected to take 2h, nobody renews them" in text
    assert "secret-token" not in json.dumps(found)


def test_a_recording_of_no_time_is_not_taken_for_one_of_an_hour(tmp_path: Path) -> None:
    """Keys of forty minutes are enough for it."""
    ends_at = (datetime.now(UTC) + timedelta(minutes=40)).isoformat()
    with on_time() as player:
        found = examined(
            "--stack", "shop", "--expect-duration", "0s",
            cwd=tmp_path, url=player.url, AWS_SESSION_TOKEN="x", AWS_CREDENTIAL_EXPIRATION=ends_at,
        )  # fmt: skip
    assert found["expect_duration_s"] == 0


def test_a_role_is_renewed_by_itself(tmp_path: Path) -> None:
    """Its session is shorter than the recording, and nobody needs to do anything."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(
        "[profile base]\n[profile deploy]\nrole_arn = arn:aws:iam::123456789012:role/deploy\n"
        "source_profile = base\n"
    )
    (tmp_path / ".aws/credentials").write_text(
        f"[base]\naws_access_key_id = AKIAX\naws_secret_access_key = {SECRET}\n"
    )
    with FaultyPlayer(Endpoint(History.of([]), SystemClock())) as player:
        found = examined(
            "--stack", "shop", "--profile", "deploy", "--expect-duration", "5h",
            cwd=tmp_path, url=player.url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
        )  # fmt: skip
    (said,) = [text for name, text in every(found, "ok") if name == "credentials"]
    assert "assumed-role/deploy" in said
    assert "are renewed without anybody's help" in said


def test_a_clock_that_is_off_is_a_problem_with_its_size(tmp_path: Path) -> None:
    with on_time(off=timedelta(minutes=15)) as player:
        found = examined("--stack", "shop", cwd=tmp_path, url=player.url, code=1)
    ((name, text),) = every(found, "problem")
    assert name == "clock"
    assert "is 15m" in text
    assert "ahead of AWS's" in text


def test_an_endpoint_that_is_closed_is_named(tmp_path: Path) -> None:
    found = examined(
        "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url="http://127.0.0.1:9", code=1
    )
    problems = every(found, "problem")
    assert {name for name, _ in problems} == {"endpoint"}
    assert "127.0.0.1:9" in problems[0][1]


def test_an_endpoint_that_is_silent_is_not_waited_for_longer_than_said(tmp_path: Path) -> None:
    """It would be given up after ten seconds; the report comes after two, and says what hangs."""
    with silent() as url:
        found = examined("--stack", "shop", "--timeout", "2s", cwd=tmp_path, url=url, code=1)
    ((name, text),) = every(found, "problem")
    assert name == "time"
    assert "within 2s: still waiting for sts:GetCallerIdentity" in text


def test_each_target_is_looked_at_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    """One region is silent, one profile does not exist; the third is well."""
    with on_time() as player, silent() as url:
        targets = (
            f'name = "dead"\nregion = "eu-west-1"\nendpoint_url = "{url}"',
            'name = "lost"\nprofile = "absent"',
            f'name = "well"\nregion = "us-east-1"\nendpoint_url = "{player.url}"',
        )
        text = "".join(f'[[targets]]\nstacks = ["shop"]\n{target}\n' for target in targets)
        (tmp_path / "forensics.toml").write_text(text)
        found = examined(
            "--settings", "forensics.toml", "--timeout", "4s", cwd=tmp_path, url=None, code=1, AWS_REGION=""
        )
    states = {site["label"]: {check["state"] for check in site["checks"]} for site in found["sites"]}
    assert list(states) == ["dead", "lost", "well"]
    assert states["well"] == {"ok"}
    assert "problem" in states["dead"]
    assert states["lost"] == {"problem"}
    assert "absent" in found["sites"][1]["checks"][0]["text"]
    assert [site["region"] for site in found["sites"]] == ["eu-west-1", "", "us-east-1"]


def test_what_does_not_exist_fails_where_it_is_not_waited_for(tmp_path: Path) -> None:
    with on_time() as player:
        found = examined("--stack", "shpo", "--no-wait", cwd=tmp_path, url=player.url, code=1)
    ((name, text),) = every(found, "problem")
    assert name == "target"
    assert "does not exist in us-east-1" in text
    (target,) = [check for check in found["sites"][0]["checks"] if check["name"] == "target"]
    assert (target["target"], target["remedy"]) == ("stack shpo", "did you mean shop?")


def test_an_archive_that_somebody_writes_is_a_problem(tmp_path: Path) -> None:
    with (
        on_time() as player,
        started("watch", "--stack", "shop", cwd=tmp_path, url=player.url) as holder,
    ):
        assert holder.stdout is not None
        holder.stdout.readline()
        found = examined("--stack", "shop", cwd=tmp_path, url=player.url, code=1)
        assert holder.poll() is None
    ((name, text),) = every(found, "problem")
    assert (name, str(holder.pid) in text) == ("archive", True)


def test_an_archive_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    # To root no permission says no; the kernel's own directories do.
    where = locked / "archive" if os.getuid() else Path("/proc/archive")
    with on_time() as player:
        found = examined("--stack", "shop", "--archive", where, cwd=tmp_path, url=player.url, code=1)
    assert [str(where) in text for name, text in every(found, "problem") if name == "archive"] == [True]
    assert everything_in(tmp_path) == {"locked": None}


def test_a_full_disk_is_a_problem(tmp_path: Path) -> None:
    """No block may be written, as on a disk without room: what opening an archive would find first."""
    with on_time() as player:
        ended = subprocess.run(
            with_room_for(0, "doctor", "--stack", "shop", "-o", "json"),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=environment(tmp_path, player.url, PYTHONDONTWRITEBYTECODE="1"),
        )
    assert ended.returncode == 1, ended.stderr
    assert {name for name, _ in every(json.loads(ended.stdout), "problem")} == {"archive", "disk"}
    assert everything_in(tmp_path) == {}


def test_a_command_for_events_that_cannot_be_run_is_a_problem(tmp_path: Path) -> None:
    """It would be missed only when the deployment has failed."""
    with on_time() as player:
        flags = ("--stack", "shop", "--on-event", "notify-nobody --now")
        found = examined(*flags, cwd=tmp_path, url=player.url, code=1)
    assert every(found, "problem") == [("on_event", "notify-nobody cannot be run")]


@pytest.mark.parametrize(
    ("flags", "more", "words"),
    [
        ((), {}, ("nothing to watch", "--stack")),
        (("--stack", "shop"), {"AWS_REGION": ""}, ("no AWS region", "--region")),
    ],
    ids=["nothing", "region"],
)
def test_what_a_recording_would_refuse_is_refused_in_the_same_words(
    flags: tuple[str, ...], more: dict[str, str], words: tuple[str, ...], tmp_path: Path
) -> None:
    refused(forensics("doctor", *flags, cwd=tmp_path, **more), 2, *words)


def test_a_terminal_shows_what_is_waited_for_and_keeps_only_the_report(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with on_time() as player:
        player.faults.hang("ecs:*", times=None)
        process = subprocess.Popen(
            [*FORENSICS, "doctor", "--stack", "shop", "--timeout", "3s"],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment(tmp_path, player.url),
        )  # fmt: skip
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        assert process.wait(timeout=30) == 1
    os.close(ours)
    assert b"\r\x1b[2Kchecking default: ecs:ListTasks" in seen
    progress, _, report = seen.rpartition(b"\r\x1b[2K")
    assert b"NOT READY" in report
    assert b"NOT READY" not in progress


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # the other end is closed
        return b""


def test_the_same_flags_and_variables_as_for_watch(tmp_path: Path) -> None:
    """A pipeline puts `doctor` where `watch` will stand, and changes nothing else."""
    assert "doctor" in COMMANDS
    with on_time() as player:
        found = examined(
            cwd=tmp_path, url=player.url, FORENSICS_STACK="shop", FORENSICS_ARCHIVE="kept",
            FORENSICS_MAX_DURATION="3h", FORENSICS_UNTIL="done",
        )  # fmt: skip
    assert found["expect_duration_s"] == 3 * 3600
    assert ("archive", "kept can be created") in every(found, "ok")
