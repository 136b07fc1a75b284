"""A second opinion on STS: roles are taken from moto, which knows nothing of this project."""

from collections.abc import Callable, Iterator

import pytest
from moto.server import ThreadedMotoServer

from forensics.aws.choice import CredentialOptions
from forensics.aws.client import Client
from tests.support.givers import ROLE


@pytest.fixture
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def test_a_role_is_assumed(moto: str, keys: None, door_to: Callable[..., Client]) -> None:
    door = door_to(moto, role_arn=ROLE, external_id="shop-7", session_name="night", role_duration_s=1800)
    told = door.whoami()
    assert (told["arn"], told["source"]) == (
        f"arn:aws:sts::{ROLE[13:25]}:assumed-role/deployer/night",
        "assume-role",
    )
    assert told["expires_at"] is not None


def test_a_role_is_taken_with_a_token(
    moto: str, door_to: Callable[..., Client], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    source = CredentialOptions(kind="web-identity", token_file=str(token), role_arn=ROLE)
    told = door_to(moto, credentials=[source]).whoami()
    assert str(told["arn"]).endswith("assumed-role/deployer/forensics")
