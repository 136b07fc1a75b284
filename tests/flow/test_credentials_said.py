"""What a person is told of credentials: at the start, at the command line, and by `credentials push`."""

import os
import pty
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.flow.shop import API, DEAD, RUNNING, SHOP, played, quick, records
from tests.flow.test_watch import wait_for
from tests.support.clock import ManualClock
from tests.support.commands import FORENSICS, environment, forensics, started
from tests.support.faults import FaultyPlayer
from tests.support.givers import ROLE
from tests.support.histories import facts

OTHER = "arn:aws:iam::123456789012:role/other"


@contextmanager
def served() -> Iterator[FaultyPlayer]:
    """Serve the shop today: a role's session ends by the endpoint's clock, and processes have their own."""
    with played(RUNNING) as (player, clock):
        clock.jump_wall((datetime.now(UTC) - clock.now()).total_seconds())
        yield player


def watched(tmp_path: Path, *flags: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Record the shop until its first failure."""
    with served() as player, started(
        "watch", "--stack", "shop", "--settings", quick(tmp_path), *flags,
        cwd=tmp_path, url=player.url, **variables,
    ) as process:  # fmt: skip
        stdout = wait_for(process, "CREATE_FAILED")
        process.send_signal(signal.SIGTERM)
        rest, stderr = process.communicate(timeout=30)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout + rest, stderr)


def test_keys_of_the_environment_are_said_to_end_at_the_start(tmp_path: Path) -> None:
    """Whoever starts a recorder is still there to do something about it, and types in another terminal."""
    ended = watched(tmp_path, AWS_SESSION_TOKEN="token", AWS_CREDENTIAL_EXPIRATION="2126-11-25T00:00:00Z")
    said = [line for line in ended.stdout.splitlines() if "only a person can renew them" in line]
    assert len(said) == 1, ended.stdout
    assert "2126-11-25T00:00:00.000Z (environment)" in said[0]
    command = said[0].rpartition("run `")[2].rstrip("`")
    assert shlex.split(command) == [
        *("forensics", "credentials", "push", "--archive"), str(tmp_path / "forensics-archive")
    ]  # fmt: skip


def test_keys_that_last_are_not_warned_of(tmp_path: Path) -> None:
    assert "only a person" not in watched(tmp_path).stdout


def identities(tmp_path: Path) -> list[tuple[str, str]]:
    told = [record.payload() for record in records(tmp_path / "forensics-archive", "forensics.identity")]
    return [(who["arn"].rpartition(":")[2], who["source"]) for who in told]


def test_a_role_by_flag_signs_every_call(tmp_path: Path) -> None:
    """Also with its variable, as every flag has one."""
    watched(tmp_path, "--session-name", "night", "--duration", "30m", FORENSICS_ROLE_ARN=ROLE)
    assert identities(tmp_path) == [("assumed-role/deployer/night", "assume-role")]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--role-arn", "deployer"), '--role-arn = "deployer": no role\'s ARN'),
        (("--github-oidc-role", "deployer"), '--github-oidc-role = "deployer": no role\'s ARN'),
        (("--role-arn", ROLE, "--duration", "5m"), "--duration = 300: expected 900 to 43200 seconds"),
        (("--external-id", "x"), "--external-id has no meaning without a role"),
        (("--duration", "1h"), "--duration has no meaning without a role"),
        (("--profile", "p", "--github-oidc-role", ROLE), "--profile and --github-oidc-role name two sources"),
    ],
)
def test_flags_that_make_no_sense_are_refused_by_name(
    tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    ended = forensics("watch", "--stack", "shop", *flags, cwd=tmp_path, url="http://127.0.0.1:1")
    assert ended.returncode == 2
    assert said in ended.stderr
    assert not (tmp_path / "forensics-archive").exists()


def test_a_flag_takes_the_place_of_the_files_sources(tmp_path: Path) -> None:
    """Whoever names a profile wants no other identity."""
    sources = quick(tmp_path, '[[credentials]]\nkind = "environment"\n')
    ended = forensics(
        "watch", "--stack", "shop", "--settings", sources, "--profile", "nobody",
        cwd=tmp_path, url="http://127.0.0.1:1",
    )  # fmt: skip
    assert ended.returncode == 253
    assert "nobody" in ended.stderr


def test_a_profile_of_aws_login_names_the_library_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile me]\nlogin_session = arn:aws:iam::1:user/me\n")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "awscrt.py").write_text("raise ImportError('not installed')\n")
    ended = forensics(
        "watch", "--stack", "shop", "--profile", "me", cwd=tmp_path, url="http://127.0.0.1:1",
        PYTHONPATH=f"{hidden}:{Path(__file__).parents[2]}",
    )  # fmt: skip
    assert ended.returncode == 253
    assert "pip install 'deploy-forensics[login]'" in ended.stderr


def test_a_start_without_an_id_token_names_the_permission_that_is_missing(tmp_path: Path) -> None:
    """Nothing can be pushed to a recorder that does not run yet."""
    ended = forensics(
        "watch", "--stack", "shop", "--github-oidc-role", ROLE, cwd=tmp_path, url="http://127.0.0.1:1"
    )
    assert ended.returncode == 253
    assert "id-token: write" in ended.stderr
    assert "credentials push" not in ended.stderr


def test_a_push_without_a_recorder_or_without_credentials_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    push = ("credentials", "push", "--archive", "archive")
    alone = forensics(*push, cwd=tmp_path)
    assert (alone.returncode, "nobody records into it" in alone.stderr) == (3, True)
    poor = forensics(*push, cwd=tmp_path, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (poor.returncode, "no AWS credentials found" in poor.stderr) == (253, True)
    lost = forensics("credentials", "push", "--archive", "absent", cwd=tmp_path)
    assert (lost.returncode, "absent: no such directory" in lost.stderr) == (3, True)


def test_a_push_that_aws_refuses_says_so_for_each_target(tmp_path: Path) -> None:
    with served() as player, started(
        "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
    ) as process:  # fmt: skip
        wait_for(process, "CREATE_FAILED")
        player.faults.fail("sts:*", error="InvalidClientTokenId", access_key="AKIDWRONG", times=None)
        pushed = forensics("credentials", "push", cwd=tmp_path, AWS_ACCESS_KEY_ID="AKIDWRONG")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert pushed.returncode == 253
    assert pushed.stdout.startswith("default: not taken: ")
    assert "InvalidClientTokenId" in pushed.stdout
    assert [source for _, source in identities(tmp_path)] == ["env"]


@pytest.mark.parametrize("allowed", [False, True], ids=["by default", "where the settings allow it"])
def test_a_push_of_another_account_is_refused_with_both_named(tmp_path: Path, allowed: bool) -> None:
    """A recording of two accounts would look whole and be neither."""
    clock = ManualClock()
    clock.advance(RUNNING)
    endpoint = Endpoint(History.of(facts(SHOP, API, DEAD)), clock)
    later = clock.now() + timedelta(days=1)
    other = endpoint.keys.lend(
        arn="arn:aws:iam::999999999999:user/x", account="999999999999", expires_at=later
    )
    settings = quick(tmp_path)
    settings.write_text(
        settings.read_text().replace("[capture]", f"[capture]\nallow_other_account = {str(allowed).lower()}")
    )
    with FaultyPlayer(endpoint) as player, started(
        "watch", "--stack", "shop", "--settings", settings, cwd=tmp_path, url=player.url
    ) as process:  # fmt: skip
        wait_for(process, "CREATE_FAILED")
        pushed = forensics("credentials", "push", cwd=tmp_path, AWS_ACCESS_KEY_ID=other.id)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    if allowed:
        assert pushed.stdout.startswith("default: account 999999999999")
    else:
        assert pushed.returncode == 253
        assert "of account 999999999999, and the recording is of 123456789012" in pushed.stdout


def test_a_push_asks_for_a_one_time_password_where_somebody_can_type_it(tmp_path: Path) -> None:
    """The recorder itself refuses such a profile at once and never asks."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        f"[profile mfa]\nrole_arn = {ROLE}\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = any\n"
    )
    with served() as player, started(
        "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
    ) as process:  # fmt: skip
        wait_for(process, "CREATE_FAILED")
        said = typed(tmp_path, player.url, "push", "--profile", "mfa")
        assumed = [seen for seen in player.faults.seen if seen.operation == "sts:AssumeRole"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert "default: account 123456789012, until" in said
    assert [seen.parameters["TokenCode"] for seen in assumed] == ["123456"]


def typed(home: Path, url: str, *args: str) -> str:
    """Run `forensics credentials` on a terminal, type a code when asked, and return what stood there."""
    terminal, end = pty.openpty()
    child = subprocess.Popen(
        [*FORENSICS, "credentials", *args],
        stdin=end, stdout=end, stderr=end, cwd=home, env=environment(home, url), start_new_session=True,
    )  # fmt: skip
    os.close(end)
    seen = b""
    # Linux says EIO when the other end is closed.
    with os.fdopen(terminal, "r+b", buffering=0) as screen, suppress(OSError):
        while piece := screen.read(1000):
            seen += piece
            if piece.endswith(b": "):
                screen.write(b"123456\n")
    child.wait(timeout=30)
    return seen.decode()
