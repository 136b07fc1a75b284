"""How credentials stand: renewing themselves, waiting for a person, or refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.aws.choice import CredentialOptions
from forensics.aws.client import Client
from forensics.aws.faults import NO_ANSWER
from forensics.aws.origin import Origin, origin_of
from forensics.aws.pushed import Keys
from forensics.aws.standing import standing_of
from forensics.errors import (
    AwsError,
    CredentialsAbsent,
    CredentialsError,
    CredentialsExpired,
    CredentialsInvalid,
    Unreachable,
)
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS
from tests.support.faults import FaultyPlayer
from tests.unit.aws.test_credentials import ask, process_profile, role_profile, write_config, write_keys

SSO = Origin(name="profile p (SSO)", renews=True, command="aws sso login --profile p")
KEYS = Origin(name="profile p")
INSTANCE = Origin(name="instance metadata", renews=True)


@pytest.mark.parametrize(
    ("origin", "trouble", "state", "command"),
    [
        (SSO, None, RENEWS, ""),
        (SSO, CredentialsExpired("token is gone"), NEEDS_PERSON, "aws sso login --profile p"),
        (SSO, Unreachable("no answer"), RENEWS, ""),
        (SSO, CredentialsInvalid("no", code="ForbiddenException"), DENIED, "aws sso login --profile p"),
        (KEYS, None, NEEDS_PERSON, "push"),
        (KEYS, CredentialsExpired("ended"), NEEDS_PERSON, "push"),
        (KEYS, CredentialsInvalid("no", code="AccessDenied"), DENIED, "push"),
        (INSTANCE, None, RENEWS, ""),
        (INSTANCE, CredentialsAbsent("no role"), NEEDS_PERSON, "push"),
        (INSTANCE, CredentialsAbsent("no answer", code=NO_ANSWER), RENEWS, ""),
    ],
)
def test_the_state_follows_from_the_source_and_the_last_trouble(
    origin: Origin, trouble: AwsError | None, state: str, command: str
) -> None:
    """A source that does not answer needs nobody; one that refuses is not helped by asking again."""
    standing = standing_of(origin, None, trouble, command="push")
    assert (standing.state, standing.command) == (state, command)
    assert standing.detail == (trouble.message if trouble else "")
    assert standing.source == origin.name


PROFILES = {
    "sso": {"sso_account_id": "1", "sso_session": "s"},
    "lasting": {"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"},
    "short": {"aws_access_key_id": "ASIA", "aws_secret_access_key": "x", "aws_session_token": "t"},
    "over-sso": {"role_arn": "r", "source_profile": "sso"},
    "over-lasting": {"role_arn": "r", "source_profile": "lasting"},
    "over-short": {"role_arn": "r", "source_profile": "short"},
    "over-role": {"role_arn": "r", "source_profile": "over-sso"},
    "over-env": {"role_arn": "r", "credential_source": "Environment"},
    "over-host": {"role_arn": "r", "credential_source": "Ec2InstanceMetadata"},
    "loop": {"role_arn": "r", "source_profile": "loop"},
    "my login": {"login_session": "arn"},
}


@pytest.mark.parametrize(
    ("profile", "method", "renews", "command"),
    [
        ("sso", "sso", True, "aws sso login --profile sso"),
        ("my login", "login", True, "aws login --profile 'my login'"),
        ("over-sso", "assume-role", True, "aws sso login --profile sso"),
        ("over-role", "assume-role", True, "aws sso login --profile sso"),
        ("over-lasting", "assume-role", True, ""),
        ("over-short", "assume-role", False, ""),
        ("over-env", "assume-role", False, ""),
        ("over-host", "assume-role", True, ""),
        ("loop", "assume-role", False, ""),
        ("short", "shared-credentials-file", False, ""),
        ("x", "env", False, ""),
        ("x", "container-role", True, ""),
    ],
)
def test_a_role_renews_itself_as_long_as_what_it_is_assumed_with(
    profile: str, method: str, renews: bool, command: str
) -> None:
    """The person has to log in where the chain of profiles begins."""
    origin = origin_of(method, profile, PROFILES, is_lasting=False)
    assert (origin.renews, origin.command) == (renews, command)


def test_before_the_first_call_nothing_is_wrong(door_to: Callable[..., Client]) -> None:
    """It is asked on every tick, also before anything was opened."""
    standing = door_to("http://127.0.0.1:1", profile=None).standing()
    assert (standing.state, standing.source, standing.detail) == (RENEWS, "AWS default chain", "")


SPARE = "aws_access_key_id = A\naws_secret_access_key = x\n"


@pytest.mark.parametrize(
    ("next_one", "state"),
    [
        ("aws_access_key_id = A\naws_secret_access_key = x\naws_session_token = t\n", NEEDS_PERSON),
        (
            "aws_access_key_id = A\naws_secret_access_key = x\nexpiration = 2026-01-15T14:00:00Z\n",
            NEEDS_PERSON,
        ),
        ("aws_access_key_id = A\naws_secret_access_key = x\n", RENEWS),
        ("credential_process = /bin/true\n", RENEWS),
    ],
    ids=["short", "noted", "lasting", "process"],
)
def test_credentials_renew_themselves_where_the_next_source_does(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], keys: None, next_one: str, state: str
) -> None:
    """The next source in the list has not been opened yet: its profile tells what it will be."""
    (home / ".aws" / "credentials").write_text(f"[spare]\n{next_one}")
    sources = [CredentialOptions(kind="environment"), CredentialOptions(kind="profile", profile="spare")]
    door = door_to(player.url, credentials=sources)
    ask(door)
    assert door.standing().source == "environment"
    assert door.standing().state == state
    door.adopt(Keys(access_key_id="ASIAPUSHED", secret_access_key="x", session_token="t"), account=None)
    assert door.standing().source == "pushed credentials"
    assert door.standing().state == state


def test_a_refused_call_is_remembered_until_aws_accepts_one(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """Reading the same ended keys anew is no improvement."""
    write_keys(home)
    door = door_to(player.url)
    ask(door)
    assert door.standing().detail == ""
    player.faults.fail("ecs:ListTasks", error="ExpiredToken")
    with pytest.raises(CredentialsExpired):
        ask(door)
    door.renew()
    standing = door.standing()
    assert (standing.state, standing.source) == (NEEDS_PERSON, "profile default")
    assert "ExpiredToken" in standing.detail
    assert not standing.works
    ask(door)
    assert door.standing().detail == ""
    assert door.standing().works


def test_a_role_that_may_not_be_assumed_is_denied(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logging in again would not help: the role's trust policy has to change."""
    role_profile(home)
    monkeypatch.setenv("AWS_ENDPOINT_URL", player.url)
    player.faults.fail("sts:AssumeRole", error="AccessDenied", times=None)
    door = door_to(None, profile="role")
    with pytest.raises(CredentialsError):
        ask(door)
    standing = door.standing()
    assert (standing.state, standing.source) == (DENIED, "profile role (role)")
    assert "AssumeRole" in standing.detail


def test_a_login_that_is_missing_names_the_command(home: Path, door_to: Callable[..., Client]) -> None:
    """The first start after a weekend."""
    write_config(
        home,
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session corp]\nsso_start_url = http://127.0.0.1:1\nsso_region = us-east-1\n",
    )
    door = door_to("http://127.0.0.1:1", profile="dev")
    with pytest.raises(CredentialsAbsent):
        ask(door)
    standing = door.standing()
    assert (standing.state, standing.command) == (NEEDS_PERSON, "aws sso login --profile dev")


def test_no_secret_of_a_failing_process_is_in_the_standing(
    home: Path, door_to: Callable[..., Client]
) -> None:
    """It goes to the log, to `status` and into the archive."""
    process_profile(home, "import sys; sys.exit('SecretAccessKey: TOPSECRETTOKEN')")
    door = door_to("http://127.0.0.1:1")
    with pytest.raises(CredentialsAbsent):
        ask(door)
    assert "TOPSECRETTOKEN" not in door.standing().detail
