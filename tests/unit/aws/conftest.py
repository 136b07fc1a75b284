"""A machine without any AWS settings but those that a test makes, and a door to a local endpoint."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.choice import CredentialOptions
from forensics.aws.client import Client, ClientOptions
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import facts, service, stack, task

KEY = "AKIDFORTESTS00000001"
SECRET = "vEryS3cretKeyThatNobodyMaySee/+0123456789"
TOKEN = "IQoJb3JpZ2luSessionTokenThatNobodyMaySee=="
GENEROUS = BudgetOptions(rates={}, otherwise=Rate(burst=10_000, per_s=1000))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of the test's own, without AWS_* in the environment."""
    import os

    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


SHOP = stack("Shop").event("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=1, NewField="kept")
API = service("api", inventedField={"a": [1, None]})
DEAD = task("api", at=1, reason="Essential container in task exited", inventedField="kept")


@pytest.fixture
def player(clock: ManualClock) -> Iterator[FaultyPlayer]:
    with FaultyPlayer(Endpoint(History.of(facts(SHOP, API, DEAD)), clock)) as playing:
        clock.advance(10)
        yield playing


@pytest.fixture
def door_to(clock: ManualClock) -> Callable[..., Client]:
    def make(url: str | None, *, credentials: Sequence[CredentialOptions] = (), **options: object) -> Client:
        settings = {"region": "us-east-1", "endpoint_url": url, "read_timeout_s": 5, **options}
        return Client(
            ClientOptions(**settings),  # type: ignore[arg-type]
            clock,
            Budget(GENEROUS),
            credentials=credentials,
        )

    return make


@pytest.fixture
def door(player: FaultyPlayer, door_to: Callable[..., Client], keys: None) -> Client:
    return door_to(player.url)
