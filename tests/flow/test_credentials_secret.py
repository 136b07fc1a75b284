"""Nothing secret leaves the recorder: canaries in every source, and a search of all that it wrote."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from forensics.archive.place import SOCKET
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.flow.shop import API, DEAD, RUNNING, SHOP, quick
from tests.flow.test_watch import wait_for
from tests.support.clock import ManualClock
from tests.support.commands import forensics, started
from tests.support.faults import FaultyPlayer
from tests.support.givers import ROLE, Givers, soon
from tests.support.histories import facts

CANARY = "C4n4ry"
"""Part of every secret of this test, and of nothing else."""


def secret(place: str) -> str:
    """Return a secret as they look: long, drawn by lot, and different in every place."""
    return f"{CANARY}{sha1(place.encode()).hexdigest()}{place}"


def jwt() -> str:
    return f"eyJhbGciOiJSUzI1NiJ9.{secret('claims')}.{secret('signature')}"


SOURCES = f"""
[[credentials]]
kind = "github-oidc"
role_arn = "{ROLE}"
[[credentials]]
kind = "process"
command = "{sys.executable} {{home}}/failing.py"
[[credentials]]
kind = "process"
command = "{sys.executable} {{home}}/babbling.py"
[[credentials]]
kind = "web-identity"
token_file = "{{home}}/token"
role_arn = "{ROLE}"
[[credentials]]
kind = "container"
[[credentials]]
kind = "profile"
profile = "sso"
[[credentials]]
kind = "profile"
profile = "torn"
[[credentials]]
kind = "environment"
[[credentials]]
kind = "profile"
profile = "good"
"""
CONFIG = """
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = deployer
[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = us-east-1
"""


def plant(home: Path) -> Path:
    """Put a canary wherever credentials come from; return the settings file."""
    aws = home / ".aws"
    (aws / "sso" / "cache").mkdir(parents=True)
    (aws / "config").write_text(CONFIG)
    (aws / "credentials").write_text(
        f"[torn]\naws_access_key_id = AKIDTORN\naws_session_token = {secret('torn')}\n"
        f"[good]\naws_access_key_id = AKIDGOOD\naws_secret_access_key = {secret('file-key')}\n"
        f"aws_session_token = {secret('file-token')}\n"
    )
    token = {
        "accessToken": secret("sso"), "expiresAt": soon(hours=8), "refreshToken": secret("refresh"),
        "clientId": "c", "clientSecret": secret("client"), "registrationExpiresAt": soon(days=1),
    }  # fmt: skip
    (aws / "sso" / "cache" / f"{sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))
    (home / "token").write_text(jwt())
    (home / "failing.py").write_text(
        f"import sys\nprint({secret('stdout')!r})\n"
        f"print('cannot use token', {secret('stderr')!r}, {jwt()!r}, file=sys.stderr)\nsys.exit(3)\n"
    )
    garbage = {"Version": secret("version"), "SecretAccessKey": secret("json"), "AccessKeyId": secret("id")}
    (home / "babbling.py").write_text(f"print({json.dumps(garbage)!r})\n")
    return quick(home, SOURCES.format(home=home))


@contextmanager
def served() -> Iterator[tuple[FaultyPlayer, Givers, dict[str, str]]]:
    """Serve the shop and those who give credentials, who quote what they were sent."""
    clock = ManualClock()
    clock.advance(RUNNING)
    endpoint = Endpoint(History.of(facts(SHOP, API, DEAD)), clock)
    with FaultyPlayer(endpoint) as player, Givers(endpoint, clock) as givers:
        quoting = json.dumps(
            {"message": f"{secret('quoted')} is not valid", "error": "invalid_grant"}
        ).encode()
        for path in ("/github", "/container", "/federation/credentials", "/token"):
            givers.broken[path] = (401, quoting)
        yield player, givers, {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{givers.url}/github?code={secret('url')}",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": secret("request"),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{givers.url}/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": secret("container"),
            "AWS_ENDPOINT_URL_SSO": givers.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": givers.url,
            "AWS_ACCESS_KEY_ID": "AKIDENV",
            "AWS_SECRET_ACCESS_KEY": f"{secret('env-key')}\n",  # cannot be sent as a header
            "AWS_SESSION_TOKEN": f"{secret('env-token')}\n",
            "FORENSICS_DEBUG": "1",
            "FORENSICS_LOG_LEVEL": "debug",
        }  # fmt: skip


def assert_clean(**places: str | bytes) -> None:
    for place, text in places.items():
        found = text.encode() if isinstance(text, str) else text
        assert CANARY.encode() not in found, f"a secret is in {place}: {found!r}"


def assert_archive_clean(archive: Path) -> None:
    for path in archive.rglob("*"):
        if path.is_file():
            assert_clean(**{str(path): path.read_bytes()})


@pytest.mark.timeout(100)
def test_no_secret_is_in_anything_that_a_recorder_writes(tmp_path: Path) -> None:
    """Through failing sources, one that works, refused signatures that AWS quotes, and pushed keys."""
    settings = plant(tmp_path)
    archive = tmp_path / "forensics-archive"
    with served() as (player, _givers, variables), started(
        "watch", "--stack", "shop", "--settings", settings, cwd=tmp_path, url=player.url, **variables
    ) as process:  # fmt: skip
        stdout = wait_for(process, "CREATE_FAILED")
        said: dict[str, Any] = {
            "arguments": Path(f"/proc/{process.pid}/cmdline").read_bytes(),
            "status": forensics("status", archive, cwd=tmp_path).stdout,
        }
        quoting = (
            f"The Canonical String for this request should have been x-amz-security-token:{secret('echo')}"
        )
        player.faults.fail(
            "*", error="SignatureDoesNotMatch", message=quoting, access_key="AKIDGOOD", times=None
        )
        pushed = push(tmp_path, archive, player.url)
        process.send_signal(signal.SIGTERM)
        rest, stderr = process.communicate(timeout=40)
    assert pushed.returncode == 0, pushed.stderr
    assert "CREATE_FAILED" in stdout
    assert not (archive / SOCKET).exists()
    assert_clean(stdout=stdout + rest, stderr=stderr, push=pushed.stdout + pushed.stderr, **said)
    assert_archive_clean(archive)


def push(home: Path, archive: Path, url: str) -> Any:
    keys = {"AWS_ACCESS_KEY_ID": "AKIDPUSHED", "AWS_SECRET_ACCESS_KEY": secret("push-key")}
    keys["AWS_SESSION_TOKEN"] = secret("push-token")
    return forensics("credentials", "push", "--archive", archive, cwd=home, url=url, **keys)


def test_no_secret_is_in_the_words_of_a_start_that_fails(tmp_path: Path) -> None:
    """Every source fails, and the one sentence names them all."""
    settings = plant(tmp_path)
    (tmp_path / ".aws" / "credentials").write_text(f"[torn]\naws_session_token = {secret('torn')}\n")
    with served() as (player, _givers, variables):
        del variables["AWS_ACCESS_KEY_ID"]
        without = {"AWS_ACCESS_KEY_ID": "", **variables}
        ended = forensics(
            "watch", "--stack", "shop", "--settings", settings, cwd=tmp_path, url=player.url, **without
        )
    assert ended.returncode == 253, ended.stderr
    for named in (
        "GitHub",
        "exit code 3",
        "AssumeRoleWithWebIdentity",
        "container",
        "GetRoleCredentials",
        "torn",
    ):
        assert named in ended.stderr, ended.stderr
    assert_clean(stdout=ended.stdout, stderr=ended.stderr)
