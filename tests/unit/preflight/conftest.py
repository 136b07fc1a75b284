"""A site behind a real door to the project's endpoint, on a machine without any AWS settings."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.capture.selection import Site, Wanted
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import facts, service, stack, task

API = service("api", at=1).service_deployment(at=2)
SHOP = stack("shop").event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=3, physical=API.arn)
SHOP_TWO = stack("shop-two")
DEAD = task("api", at=4, reason="Essential container in task exited", exit_code=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of the test's own, with keys that never end in the environment."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDFORTESTS00000001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "vEryS3cretKeyThatNobodyMaySee/+0123456789")
    return tmp_path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def player(clock: ManualClock) -> Iterator[FaultyPlayer]:
    with FaultyPlayer(Endpoint(History.of(facts(SHOP, SHOP_TWO, API, DEAD)), clock)) as playing:
        clock.advance(10)
        yield playing


@pytest.fixture
def site(player: FaultyPlayer, clock: ManualClock) -> Callable[..., Site]:
    """Return a maker of sites; its arguments are those of `Wanted`."""

    def make(**wanted: tuple[str, ...]) -> Site:
        budget = Budget(BudgetOptions(rates={}, otherwise=Rate(burst=10_000, per_s=1000)))
        options = ClientOptions(region="us-east-1", endpoint_url=player.url, read_timeout_s=5)
        return Site(label="here", door=Client(options, clock, budget), wanted=Wanted(**wanted))

    return make
