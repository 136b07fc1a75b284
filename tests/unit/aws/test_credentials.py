"""Credentials from where people have them: renewed when they change, never asked for at a prompt."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forensics.aws.chain import Chain
from forensics.aws.client import Client
from forensics.aws.sessions import ChainOptions
from forensics.errors import (
    CredentialsAbsent,
    CredentialsError,
    CredentialsExpired,
    CredentialsInvalid,
    UsageError,
)
from forensics.model.credentials import NEEDS_PERSON
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.unit.aws.conftest import API, KEY, SECRET

TASKS = "ecs:ListTasks"
NEW_KEY = "AKIDFORTESTS00000002"


def write_keys(home: Path, key: str = KEY, *, more: str = "", profile: str = "default") -> None:
    text = f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n{more}"
    (home / ".aws" / "credentials").write_text(text)


def write_config(home: Path, text: str) -> None:
    (home / ".aws" / "config").write_text(text)


def ask(door: Client) -> None:
    door.call(TASKS, cluster=API.cluster_arn)


def keys_seen(player: FaultyPlayer) -> list[str]:
    return [seen.access_key for seen in player.faults.seen]


def test_no_region_is_a_usage_error_with_a_hint(door_to: Callable[..., Client]) -> None:
    """The first thing that a new user runs into."""
    with pytest.raises(UsageError, match="no AWS region") as caught:
        door_to(None, region=None)
    assert "--region" in str(caught.value.hint)


@pytest.mark.parametrize(
    "give",
    [
        lambda patch, home: patch.setenv("AWS_REGION", "eu-west-3"),
        lambda patch, home: patch.setenv("AWS_DEFAULT_REGION", "eu-west-3"),
        lambda patch, home: write_config(home, "[default]\nregion = eu-west-3\n"),
    ],
    ids=["AWS_REGION", "AWS_DEFAULT_REGION", "profile"],
)
def test_the_region_comes_from_where_people_set_it(
    give: Callable[[pytest.MonkeyPatch, Path], None],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    door_to: Callable[..., Client],
) -> None:
    """Botocore alone does not read AWS_REGION, which containers and Lambda set."""
    give(monkeypatch, home)
    assert door_to(None, region=None).region == "eu-west-3"
    assert door_to(None, region="us-west-2").region == "us-west-2"


def test_no_credentials_at_all_are_said_with_a_hint(door_to: Callable[..., Client]) -> None:
    """Nothing must be tried without."""
    with pytest.raises(CredentialsAbsent) as caught:
        ask(door_to("http://127.0.0.1:1"))
    assert "--profile" in str(caught.value.hint)


def test_a_profile_that_does_not_exist_is_named(door_to: Callable[..., Client]) -> None:
    """A typing error in --profile."""
    with pytest.raises(CredentialsAbsent, match="nobody"):
        ask(door_to("http://127.0.0.1:1", profile="nobody"))


@pytest.mark.parametrize(
    "text",
    [
        "[default]\naws_access_key_id = AKID\n",
        "[default\nbroken",
        "",
        "[default]\naws_access_key_id =\naws_secret_access_key =\n",
    ],
    ids=["half", "unreadable", "empty", "blank"],
)
def test_a_broken_credentials_file_is_absent_credentials(
    home: Path, door_to: Callable[..., Client], text: str
) -> None:
    """Tools write these files while we read them."""
    (home / ".aws" / "credentials").write_text(text)
    with pytest.raises(CredentialsAbsent):
        ask(door_to("http://127.0.0.1:1"))


def test_renewing_reads_a_rewritten_file(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """Botocore never reads a static file twice in one session."""
    write_keys(home)
    door = door_to(player.url)
    ask(door)
    stamp = door.credentials_stamp()
    assert door.credentials_stamp() == stamp
    write_keys(home, NEW_KEY)
    assert door.credentials_stamp() != stamp
    door.renew()
    ask(door)
    assert keys_seen(player) == [KEY, NEW_KEY]
    assert door.renewals == 1


def test_a_broken_file_leaves_the_last_good_credentials(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """A half-written file must not end a recording that still works."""
    write_keys(home)
    door = door_to(player.url)
    ask(door)
    (home / ".aws" / "credentials").write_text("[default]\naws_access_key_id = HALF\n")
    with pytest.raises(CredentialsAbsent):
        door.renew()
    ask(door)
    assert keys_seen(player) == [KEY, KEY]


def test_a_call_that_finds_its_credentials_ended_takes_new_ones_that_are_there(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """The page that was under way is asked for again: the poll does not even notice."""
    write_keys(home)
    door = door_to(player.url)
    ask(door)
    player.faults.fail(TASKS, error="ExpiredToken", access_key=KEY, times=None)
    with pytest.raises(CredentialsExpired):
        ask(door)
    write_keys(home, NEW_KEY)
    ask(door)
    assert keys_seen(player) == [KEY, KEY, NEW_KEY]


def test_a_login_cache_that_changes_changes_the_stamp(home: Path) -> None:
    """`aws sso login` writes there and nowhere else."""
    chain = Chain(ChainOptions(region="us-east-1"), ManualClock())
    before = chain.stamp()
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / "token.json").write_text("{}")
    assert chain.stamp() != before


def test_a_profile_that_wants_a_one_time_password_is_refused_without_a_prompt(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """A prompt nobody sees would hold a thread for ever."""
    write_keys(home, profile="base")
    write_config(
        home,
        "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n",
    )
    with pytest.raises(CredentialsAbsent, match="profile mfa asks for a one-time password"):
        ask(door_to(player.url, profile="mfa"))


def role_profile(home: Path) -> None:
    write_keys(home, profile="base")
    write_config(home, "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n")


def test_an_assumed_role_tells_when_it_ends(
    home: Path,
    player: FaultyPlayer,
    door_to: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    clock: ManualClock,
) -> None:
    """The live view shows the credentials' time left."""
    role_profile(home)
    monkeypatch.setenv("AWS_ENDPOINT_URL", player.url)
    # botocore looks at the machine's clock to judge whether what it got is still valid.
    clock.jump_wall((datetime.now(UTC) - clock.now()).total_seconds())
    door = door_to(None, profile="role")
    assert door.expires_at() is None
    told = door.whoami()
    assert told["source"] == "assume-role"
    ends_at = door.expires_at()
    assert ends_at is not None
    assert timedelta(minutes=10) < ends_at - clock.now() <= timedelta(hours=12)


@pytest.mark.parametrize(
    ("error", "kind"),
    [("ExpiredToken", CredentialsExpired), ("AccessDenied", CredentialsInvalid)],
)
def test_a_role_that_cannot_be_assumed_is_not_a_missing_permission_of_the_call(
    home: Path,
    player: FaultyPlayer,
    door_to: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    error: str,
    kind: type[CredentialsError],
) -> None:
    """AccessDenied on AssumeRole must not close the stream as refused."""
    role_profile(home)
    monkeypatch.setenv("AWS_ENDPOINT_URL", player.url)
    player.faults.fail("sts:AssumeRole", error=error, times=None)
    with pytest.raises(kind, match="AssumeRole"):
        ask(door_to(None, profile="role"))
    assert player.faults.calls(TASKS) == 0


def process_profile(home: Path, body: str) -> None:
    program = home / "program.py"
    program.write_text(body)
    write_config(home, f"[default]\ncredential_process = {sys.executable} {program}\n")


@pytest.mark.parametrize(
    "body",
    ["print('not json')", "import sys; sys.exit('no luck')", "print('{\"Version\": 9}')", "print('[]')"],
    ids=["garbage", "fails", "version", "list"],
)
def test_a_credential_process_that_misbehaves_is_absent_credentials(
    home: Path, door_to: Callable[..., Client], body: str
) -> None:
    """It is somebody's script: anything can come out of it."""
    process_profile(home, body)
    with pytest.raises(CredentialsAbsent):
        ask(door_to("http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ('{"Version": 1, "AccessKeyId": "A', "printed 32 bytes that are no JSON object"),
        ('{"Version": 2}', "Unsupported version '2'"),
        ({"Expiration": "2020-01-01T00:00:00Z"}, "what it gives has ended already"),
        ({"Expiration": "2126-01-01T00:00:00"}, "the end that it notes has no time zone"),
        ({"Expiration": "soon"}, "Unknown string format: soon"),
    ],
    ids=["half", "version", "ended", "naive", "words"],
)
def test_what_is_wrong_with_a_credential_process_is_said_with_its_profile(
    home: Path, told: str | dict[str, str], said: str
) -> None:
    """It is somebody's script, and there may be several."""
    whole = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET, "SessionToken": "t"}
    text = told if isinstance(told, str) else json.dumps(whole | told)
    process_profile(home, f"import sys\nsys.stderr.write('by the way')\nsys.stdout.write({text!r})")
    with pytest.raises(CredentialsError) as caught:
        Chain(ChainOptions(region="us-east-1"), ManualClock()).open()
    assert said in caught.value.message
    assert "credential process" in caught.value.message


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ("2020-01-01T00:00:00Z", "credentials: those of the environment ended at 2020-01-01T00:00:00.000Z"),
        ("2126-01-01T00:00:00", "credentials of environment: the source of credentials failed: the end "),
    ],
    ids=["ended", "naive"],
)
def test_what_is_wrong_with_the_environment_is_said_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, noted: str, said: str
) -> None:
    """Its keys come before those of AWS_PROFILE, which is what people look at first."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", noted)
    with pytest.raises(CredentialsError, match=said):
        Chain(ChainOptions(region="us-east-1"), ManualClock()).open()


def test_a_credential_process_that_hangs_is_ended(home: Path) -> None:
    """It waits for somebody who is not there, and a thread of ours would wait with it."""
    process_profile(home, "import sys; sys.stdin.read()\nwhile True: pass")
    with pytest.raises(CredentialsAbsent, match=r"within 0\.2 s"):
        Chain(ChainOptions(region="us-east-1", process_timeout_s=0.2), ManualClock()).open()


def test_a_credential_process_that_leaves_a_child_behind_is_ended_with_it(home: Path) -> None:
    """The child holds the pipe open: ending the parent alone would go on waiting."""
    child = f"{sys.executable} -c 'while True: pass'"
    process_profile(home, f"import subprocess\nsubprocess.run({child!r}, shell=True)")
    with pytest.raises(CredentialsAbsent, match=r"within 0\.2 s"):
        Chain(ChainOptions(region="us-east-1", process_timeout_s=0.2), ManualClock()).open()


def test_a_hanging_process_that_a_role_is_assumed_with_is_ended_too(home: Path) -> None:
    """Botocore makes a provider of its own for the profile at the bottom."""
    process_profile(home, "while True: pass")
    config = (home / ".aws" / "config").read_text().replace("[default]", "[profile base]")
    role = "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"
    write_config(home, config + role)
    options = ChainOptions(region="us-east-1", profile="role", process_timeout_s=0.2)
    with pytest.raises(CredentialsAbsent, match=r"within 0\.2 s"):
        Chain(options, ManualClock()).open()


def test_short_lived_keys_are_not_fetched_at_each_call(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], clock: ManualClock
) -> None:
    """Botocore would run the process at every call: its keys always have less than fifteen minutes."""
    told = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET, "SessionToken": "t"}
    told["Expiration"] = (clock.now() + timedelta(minutes=14)).isoformat()
    runs = home / "runs"
    process_profile(home, f"open({str(runs)!r}, 'a').write('x')\nprint({json.dumps(told)!r})\n")
    door = door_to(player.url)
    for _ in range(6):
        ask(door)
        clock.advance(60)
    assert runs.read_text() == "x"


def test_a_user_without_a_home_has_no_files_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run as users that nobody has entered anywhere."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 987_654_321)
    assert Chain(ChainOptions(region="us-east-1"), ManualClock()).stamp() == ()


def test_credentials_are_used_to_their_end_when_they_cannot_be_renewed(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], clock: ManualClock
) -> None:
    """Botocore would stop ten minutes early: ten minutes of a failing deployment unseen."""
    ends_at = (clock.now() + timedelta(minutes=20)).isoformat()
    told = {
        "Version": 1,
        "AccessKeyId": KEY,
        "SecretAccessKey": SECRET,
        "SessionToken": "t",
        "Expiration": ends_at,
    }
    marker = home / "second"
    process_profile(
        home,
        f"import pathlib, sys\nonce = pathlib.Path({str(marker)!r})\n"
        f"sys.exit('the identity provider is down') if once.exists() else once.touch()\n"
        f"print({json.dumps(told)!r})\n",
    )
    door = door_to(player.url)
    ask(door)
    clock.advance(20 * 60 - 1)
    ask(door)
    assert keys_seen(player) == [KEY, KEY]
    assert door.expires_at() == datetime.fromisoformat(ends_at)
    standing = door.standing()
    assert (standing.state, "identity provider is down" in standing.detail) == (NEEDS_PERSON, True)
    assert standing.works
    clock.advance(2)
    with pytest.raises(CredentialsAbsent):
        ask(door)
    assert not door.standing().works


@pytest.mark.parametrize("name", ["aws_expiration", "x_security_token_expires", "expiration"])
def test_the_end_that_a_login_tool_noted_in_the_file_is_known(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], name: str
) -> None:
    """Static keys do not say when they end, but the tools that wrote them often do."""
    write_keys(home, more=f"{name} = 2026-01-15T14:00:00+01:00\n")
    door = door_to(player.url)
    ask(door)
    assert door.expires_at() == datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
    assert door.whoami()["expires_at"] == "2026-01-15T13:00:00.000Z"


@pytest.mark.parametrize("noted", ["", "expiration = soon\n"], ids=["nothing", "nonsense"])
def test_an_end_that_nobody_noted_is_unknown(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], noted: str
) -> None:
    """Better no time than a wrong one."""
    write_keys(home, more=noted)
    door = door_to(player.url)
    ask(door)
    assert door.expires_at() is None


def test_a_process_secret_does_not_come_through_in_errors(home: Path, door_to: Callable[..., Client]) -> None:
    """A failing helper prints what it has; that goes to a log and into the archive."""
    process_profile(home, f"import sys; sys.exit('SecretAccessKey: {SECRET}')")
    with pytest.raises(CredentialsAbsent) as caught:
        ask(door_to("http://127.0.0.1:1"))
    assert SECRET not in caught.value.message
