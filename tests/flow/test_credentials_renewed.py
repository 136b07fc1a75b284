"""Credentials end in the middle of a walk, and the recorder goes on as each source allows."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.utils import ContainerMetadataFetcher
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forensics.aws.choice import CredentialOptions
from forensics.aws.pushed import Keys
from forensics.errors import CredentialsInvalid
from forensics.model.clock import to_rfc3339
from forensics.model.credentials import NEEDS_PERSON, RENEWS
from tests.flow.world import World, assert_whole, gaps, records, world
from tests.support.givers import ROLE, soon
from tests.support.histories import ACCOUNT

SSO_SESSION = (
    "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = deployer\n"
    "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n"
)
SSO_LEGACY = (
    "[profile dev]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n"
    "sso_account_id = 123456789012\nsso_role_name = deployer\n"
)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(tmp_path, monkeypatch) as built:
        yield built


def sources_seen(archive: Path) -> list[str]:
    """Return where credentials came from, in turn."""
    seen = [record.payload()["source"] for record in records(archive, "forensics.identity")]
    return list(dict.fromkeys(seen))


def assert_went_on(play: World, archive: Path) -> None:
    """The archive equals the history, and nobody had to wait for anything."""
    assert len(play.aws.dead) == 1, "no key ended: the test shows nothing"
    assert_whole(archive)
    assert gaps(archive) == []
    assert play.door.standing().detail == ""


def assert_recovered(play: World, archive: Path) -> None:
    """The archive equals the history, and the time without credentials is on record."""
    assert len(play.aws.dead) == 1, "no key ended: the test shows nothing"
    assert_whole(archive)
    assert {gap["reason"] for gap in gaps(archive)} == {"credentials"}
    assert play.door.standing().detail == ""


def test_a_rewritten_file_is_followed(play: World) -> None:
    play.keys()
    play.aws.on_death = play.keys
    assert_went_on(play, play.record())


def test_a_file_that_is_gone_and_half_written_for_a_while_is_waited_for(play: World) -> None:
    """The recorder was told so by AWS before; the file is whole again after a minute."""
    file = play.home / ".aws" / "credentials"
    play.keys()
    play.aws.on_death = file.unlink
    play.later(30, lambda: play.keys(whole=False))
    play.later(90, play.keys)
    assert_recovered(play, play.record())


def test_a_file_that_is_half_written_while_its_keys_are_good_changes_nothing(play: World) -> None:
    play.aws.deaths = 0
    key = play.keys()
    play.later(30, lambda: play.keys(whole=False))
    archive = play.record()
    assert_whole(archive)
    assert gaps(archive) == []
    assert {seen.access_key for seen in play.player.faults.seen} == {key}


def test_keys_that_aws_never_accepted_give_way_to_the_last_good_ones(play: World) -> None:
    """An editor saves the new access key a moment before the new secret."""
    play.aws.deaths = 0
    key = play.keys()
    file = play.home / ".aws" / "credentials"
    play.later(30, lambda: file.write_text(file.read_text().replace(key, "AKIDHALFWRITTEN")))
    archive = play.record()
    assert_whole(archive)
    assert gaps(archive) == []
    assert play.player.faults.seen[-1].access_key == key


def test_a_role_follows_the_rewritten_keys_that_it_is_assumed_with(play: World) -> None:
    """Botocore would go on with the keys of its start, and end when they do."""
    first = play.keys("base")
    play.config(f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = base\n")

    def end_both() -> None:
        play.aws.dead.append(first)
        play.keys("base")

    play.aws.on_death = end_both
    archive = play.record(profile="dev")
    assert_whole(archive)
    assert gaps(archive) == []
    assert sources_seen(archive) == ["assume-role"]


def warnings(archive: Path) -> list[float]:
    """Return how long before their end credentials were warned of, in turn."""
    told = [record.payload()["left_s"] for record in records(archive, "forensics.credentials")]
    return [left_s for left_s in told if left_s is not None]


BY_PROFILE = CredentialOptions(kind="profile", profile="dev")
BY_SETTINGS = CredentialOptions(kind="profile", profile="base", role_arn=ROLE, role_duration_s=900)
OVER_KEYS = f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = base\nduration_seconds = 900\n"


@pytest.mark.parametrize("source", [BY_PROFILE, BY_SETTINGS], ids=["profile", "settings"])
def test_a_role_that_is_renewed_is_not_said_to_end(play: World, source: CredentialOptions) -> None:
    """Its sessions of fifteen minutes end, and are renewed with keys whose end nobody knows."""
    play.aws.deaths = 0
    play.givers.lifetime_s = 7200
    play.keys("base")
    play.config(OVER_KEYS)
    archive = play.record(700, credentials=[source])
    assert warnings(archive) == []
    standing = play.door.standing()
    assert (standing.state, standing.expires_at) == (NEEDS_PERSON, None)


@pytest.mark.parametrize("source", [BY_PROFILE, BY_SETTINGS], ids=["profile", "settings"])
def test_a_role_ends_with_the_keys_that_it_is_renewed_with(play: World, source: CredentialOptions) -> None:
    """A login tool noted their end: that is what a person has to know of."""
    play.aws.deaths = 0
    play.givers.lifetime_s = 3600
    play.keys("base")
    ends_at = play.clock.now() + timedelta(seconds=3600)
    with (play.home / ".aws" / "credentials").open("a") as file:
        file.write(f"x_security_token_expires = {ends_at.isoformat()}\n")
    play.config(OVER_KEYS)
    archive = play.record(120, credentials=[source])
    assert warnings(archive) == []
    assert play.door.standing().expires_at == ends_at


def test_a_role_that_cannot_be_renewed_any_more_is_warned_of(play: World) -> None:
    """Its keys have ended after ten minutes, and the session's last five are what is left."""
    play.aws.deaths = 0
    play.givers.lifetime_s = 500
    play.keys("base")
    archive = play.record(880, credentials=[BY_SETTINGS])
    first, second = warnings(archive)
    assert 240 < first <= 300
    assert 55 < second <= 60
    assert play.door.standing().state == NEEDS_PERSON


def test_a_role_by_flag_is_assumed_again(play: World) -> None:
    play.keys()
    assert_went_on(play, play.record(role_arn=ROLE))


@pytest.mark.parametrize(("config", "name"), [(SSO_SESSION, "corp"), (SSO_LEGACY, "https://corp.example/start")],
    ids=["session", "legacy"])  # fmt: skip
def test_sso_fetches_new_keys_with_its_token(play: World, config: str, name: str) -> None:
    play.config(config)
    play.sso_cache(name, accessToken="portal-token", expiresAt=soon(hours=8))
    play.givers.good.add("portal-token")
    assert_went_on(play, play.record(profile="dev"))
    assert play.givers.given == 2


def test_sso_renews_a_token_that_is_about_to_end(play: World) -> None:
    play.config(SSO_SESSION)
    play.sso_cache(
        "corp", accessToken="portal-token", expiresAt=soon(minutes=5), refreshToken="refresh", clientId="c",
        clientSecret="s", registrationExpiresAt=soon(days=30), startUrl="https://corp.example/start",
    )  # fmt: skip
    play.givers.good.add("refresh")  # the portal takes only tokens that were made with it
    assert_went_on(play, play.record(profile="dev"))
    assert play.givers.asked["/token"] >= 1


@pytest.mark.parametrize(("config", "name"), [(SSO_SESSION, "corp"), (SSO_LEGACY, "https://corp.example/start")],
    ids=["session", "legacy"])  # fmt: skip
def test_sso_without_its_token_is_revived_by_a_login_in_another_terminal(
    play: World, config: str, name: str
) -> None:
    play.config(config)
    play.sso_cache(name, accessToken="old", expiresAt=soon(hours=8))
    play.givers.good.add("old")
    said = []

    def log_in() -> None:
        said.append(play.door.standing())
        play.givers.good.add("new")
        play.sso_cache(name, accessToken="new", expiresAt=soon(hours=8))

    play.aws.on_death = play.givers.good.clear
    play.later(120, log_in)
    assert_recovered(play, play.record(profile="dev"))
    assert (said[0].state, said[0].command) == (NEEDS_PERSON, "aws sso login --profile dev")


LOGIN = "[profile dev]\nlogin_session = arn:aws:iam::123456789012:user/me\n"
ME = "arn:aws:iam::123456789012:user/me"


def log_in(play: World, refresh_token: str) -> None:
    """Leave in the login's cache what `aws login` leaves there."""
    key, _ = play.givers.key()
    play.givers.good.add(refresh_token)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    given = {"accessKeyId": key, "secretAccessKey": "any", "sessionToken": "any"}
    given |= {"accountId": "123456789012", "expiresAt": to_rfc3339(play.clock.now() + timedelta(minutes=15))}
    token = {"accessToken": given, "refreshToken": refresh_token, "clientId": "c", "dpopKey": pem.decode()}
    play.login_cache(ME, token)


@pytest.fixture
def _virtual_login(play: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore compares the login's cache with a clock of its own."""
    monkeypatch.setattr("botocore.credentials._local_now", play.clock.now)
    play.aws.on_death = lambda: play.clock.jump_wall(15 * 60)


@pytest.mark.usefixtures("_virtual_login")
def test_aws_login_is_renewed(play: World) -> None:
    play.config(LOGIN)
    log_in(play, "refresh")
    assert_went_on(play, play.record(profile="dev"))
    assert play.givers.asked["/v1/token"] == 1


@pytest.mark.parametrize("is_base", [False, True], ids=["login", "role over it"])
@pytest.mark.usefixtures("_virtual_login")
def test_an_aws_login_whose_keys_are_refused_before_their_end_is_renewed(play: World, is_base: bool) -> None:
    """Botocore would give the same keys from the login's cache until shortly before their end."""
    play.config(LOGIN)
    log_in(play, "refresh")
    login = play.givers.given

    def revoke() -> None:
        play.aws.dead += [key for key in play.aws.keys._keys if key not in play.aws.dead]

    play.aws.on_death = revoke
    archive = play.record(profile="dev", role_arn=ROLE if is_base else None)
    assert_whole(archive)
    assert gaps(archive) == []
    assert play.givers.given == login + 1
    assert play.givers.asked["/v1/token"] == 1


@pytest.mark.usefixtures("_virtual_login")
def test_keys_of_an_aws_login_that_never_worked_are_not_renewed(play: World) -> None:
    """In a region that is not enabled AWS takes none, and each renewal takes the login from other tools."""
    play.config(LOGIN)
    log_in(play, "refresh")
    play.player.faults.fail("*", error="InvalidClientTokenId", times=None)
    play.record(profile="dev")
    assert play.givers.asked["/v1/token"] == 0


@pytest.mark.usefixtures("_virtual_login")
def test_an_ended_aws_login_is_revived_by_another_login(play: World) -> None:
    play.config(LOGIN)
    log_in(play, "first")
    said = []

    def log_in_again() -> None:
        said.append(play.door.standing())
        log_in(play, "second")

    play.aws.on_death = lambda: (play.givers.good.clear(), play.clock.jump_wall(15 * 60))
    play.later(120, log_in_again)
    assert_recovered(play, play.record(profile="dev"))
    assert (said[0].state, said[0].command) == (NEEDS_PERSON, "aws login --profile dev")


def test_a_credential_process_is_run_again(play: World, tmp_path: Path) -> None:
    first, second = play.givers.key()[0], play.givers.key()[0]
    script = tmp_path / "give.py"
    told = {"Version": 1, "SecretAccessKey": "any", "SessionToken": "any"}
    script.write_text(
        "import json, pathlib\nused = pathlib.Path(__file__ + '.used')\n"
        f"key = {second!r} if used.exists() else {first!r}\nused.touch()\n"
        f"print(json.dumps({told!r} | {{'AccessKeyId': key}}))\n"
    )
    source = CredentialOptions(kind="process", command=f"{sys.executable} {script}")
    archive = play.record(credentials=[source])
    assert_went_on(play, archive)
    assert sources_seen(archive) == ["custom-process"]


@pytest.mark.parametrize("by", ["environment", "settings"])
def test_a_web_identity_file_is_read_again(
    play: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str
) -> None:
    """The first token has ended by then: only a file that is read anew helps."""
    token = tmp_path / "token"
    token.write_text(play.givers.jwt())
    if by == "environment":
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        sources = []
    else:
        sources = [CredentialOptions(kind="web-identity", token_file=str(token), role_arn=ROLE)]

    def turn_over() -> None:
        play.clock.jump_wall(400)
        token.write_text(play.givers.jwt())

    play.aws.on_death = turn_over
    archive = play.record(credentials=sources)
    assert_whole(archive)
    assert sources_seen(archive) == ["assume-role-with-web-identity"]
    assert gaps(archive) == []


def test_a_container_is_asked_again(play: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{play.givers.url}/container")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
    play.givers.good.add("container-token")
    archive = play.record()
    assert_went_on(play, archive)
    assert sources_seen(archive) == ["container-role"]


def test_a_container_whose_agent_is_out_of_order_is_asked_until_it_answers(
    play: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Agents restart: no person could do anything."""
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{play.givers.url}/container")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
    play.givers.good.add("container-token")
    said = []

    def mend() -> None:
        said.append(play.door.standing())
        play.givers.broken.clear()

    play.aws.on_death = lambda: play.givers.broken.update({"/container": (500, b"no")})
    play.later(60, mend)
    assert_recovered(play, play.record())
    assert (said[0].state, said[0].command) == (RENEWS, "")
    assert "response 500" in said[0].detail


@pytest.mark.parametrize("is_good", [True, False], ids=["gives", "fails"])
def test_a_slow_renewal_takes_nothing_of_the_time_of_a_call(
    play: World, monkeypatch: pytest.MonkeyPatch, is_good: bool
) -> None:
    """A credential process may take half a minute, and a call twenty seconds."""
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)
    monkeypatch.setattr(ContainerMetadataFetcher, "RETRY_ATTEMPTS", 1)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{play.givers.url}/container")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
    play.givers.good.add("container-token")
    play.givers.lifetime_s = 1000
    play.aws.deaths = 0
    answer = play.givers.answer

    def slowly(*asked: Any) -> tuple[int, bytes]:
        if play.givers.given:
            play.clock.advance(30)
            play.givers.broken = {} if is_good else {"/container": (500, b"no")}
        return answer(*asked)

    monkeypatch.setattr(play.givers, "answer", slowly)
    archive = play.record(900)
    assert_whole(archive)
    assert gaps(archive) == []
    # From 333 seconds before the end on; while it fails, half of that time goes to it at most.
    assert play.givers.asked["/container"] == 2 if is_good else 4 <= play.givers.asked["/container"] <= 7


def test_the_instance_metadata_is_asked_again(play: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", play.givers.url)
    archive = play.record(credentials=[CredentialOptions(kind="instance-metadata")])
    assert_went_on(play, archive)
    assert sources_seen(archive) == ["iam-role"]


def test_instance_metadata_that_are_silent_are_asked_until_they_answer(
    play: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They gave credentials before, so that this is an instance; no person could do anything."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", play.givers.url)
    said = []

    def mend() -> None:
        said.append(play.door.standing())
        play.givers.broken.clear()

    roles = "/latest/meta-data/iam/security-credentials/"
    play.aws.on_death = lambda: play.givers.broken.update({roles: (503, b"")})
    play.later(60, mend)
    assert_recovered(play, play.record())
    assert (said[0].state, said[0].command) == (RENEWS, "")
    assert "instance metadata" in said[0].detail


def github(play: World, monkeypatch: pytest.MonkeyPatch) -> CredentialOptions:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{play.givers.url}/github?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token")
    play.givers.good.add("request-token")
    return CredentialOptions(kind="github-oidc", role_arn=ROLE, role_duration_s=900)


def test_github_mints_a_token_for_each_session(play: World, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = play.record(credentials=[github(play, monkeypatch)])
    assert_went_on(play, archive)
    assert sources_seen(archive) == ["github-oidc"]
    assert play.givers.asked["/github"] == 2


def test_a_deploy_longer_than_a_githubs_session_is_recorded_to_its_end(
    play: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty minutes with sessions of fifteen: each is renewed in its last third, none at each call."""
    play.aws.deaths = 0
    archive = play.record(2400, credentials=[github(play, monkeypatch)])
    assert_whole(archive)
    assert gaps(archive) == []
    assert 3 <= play.givers.asked["/github"] <= 5
    assert play.door.standing().state == RENEWS


def test_environment_variables_give_way_to_the_next_source(
    play: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = play.givers.key()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "any")
    play.keys("spare")
    sources = [CredentialOptions(kind="environment"), CredentialOptions(kind="profile", profile="spare")]
    archive = play.record(credentials=sources)
    assert_went_on(play, archive)
    assert play.door.whoami()["source"] == "shared-credentials-file"


def test_environment_variables_alone_wait_for_keys_that_are_pushed(
    play: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = play.givers.key()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "any")
    said = []

    def push() -> None:
        said.append(play.door.standing())
        new, ends_at = play.givers.key()
        keys = Keys(access_key_id=new, secret_access_key="any", expires_at=ends_at)
        assert play.door.adopt(keys, account=ACCOUNT) == ACCOUNT

    play.later(120, push)
    archive = play.record()
    assert_recovered(play, archive)
    assert said[0].state == NEEDS_PERSON
    assert sources_seen(archive) == ["env", "pushed"]


def test_pushed_keys_of_another_account_are_not_taken(play: World) -> None:
    """A recording of two accounts would look whole and be neither."""
    play.aws.deaths = 0
    play.keys()
    refused = []

    def push() -> None:
        ends_at = play.givers.key()[1]
        arn = "arn:aws:iam::999999999999:user/stranger"
        key = play.aws.keys.lend(arn=arn, account="999999999999", expires_at=ends_at).id
        with pytest.raises(CredentialsInvalid) as caught:
            play.door.adopt(Keys(access_key_id=key, secret_access_key="any"), account=ACCOUNT)
        refused.append(caught.value.message)

    play.later(60, push)
    archive = play.record()
    assert_whole(archive)
    assert "999999999999" in refused[0]
    assert "123456789012" in refused[0]
    assert gaps(archive) == []
