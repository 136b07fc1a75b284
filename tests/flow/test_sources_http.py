"""Each source through the real door against the endpoint: payloads as the history has them, page by page."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.errors import CredentialsExpired
from forensics.model.record import Fact
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.sources.base import Batch, Failed, Source
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stacks import Stacks, survey_of
from forensics.sources.stopped_tasks import StoppedTasks
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import REGION, facts, payloads, service, stack, tasks

SHOP = stack("Shop")
for _number in range(249):
    SHOP.event(f"R{_number}", "AWS::SNS::Topic", "CREATE_IN_PROGRESS", at=_number, Invented={"new": ["x"]})
SHOP.summary(at=1, StackStatus="CREATE_IN_PROGRESS", Invented="kept")
API = service("api", inventedField=[1, None])
for _number in range(80):
    API.event(f"event {_number}", at=_number, invented=True)
DEAD = tasks("api", 230, at=1, invented={"a": None})
TRUTH = facts(SHOP, API, *DEAD)

CASES: dict[str, tuple[Source, str, str, str, int]] = {
    "stack_events": (
        StackEvents(),
        SHOP.arn,
        "aws.cloudformation.stack_event",
        "cloudformation:DescribeStackEvents",
        3,
    ),
    "services": (Services(), API.arn, "aws.ecs.service_event", "ecs:DescribeServices", 1),
    "stopped_tasks": (StoppedTasks(), API.cluster_arn, "aws.ecs.task", "ecs:ListTasks", 3),
    "stacks": (
        Stacks(lambda _name, _arn: True),
        survey_of(SHOP.arn),
        "aws.cloudformation.stack",
        "cloudformation:ListStacks",
        1,
    ),
}
every_source = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


@pytest.fixture
def clock() -> ManualClock:
    clock = ManualClock()
    clock.advance(600)
    return clock


@pytest.fixture
def player(clock: ManualClock) -> Iterator[FaultyPlayer]:
    with FaultyPlayer(Endpoint(History.of(TRUTH), clock)) as playing:
        yield playing


@pytest.fixture
def poll(
    player: FaultyPlayer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Batch | Failed]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDFLOW")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "flow")
    budget = Budget(BudgetOptions(rates={}, otherwise=Rate(burst=1000, per_s=1000)))
    door = Client(ClientOptions(region=REGION, endpoint_url=player.url), clock, budget)

    def once(source: Source, target: str, known: tuple[Fact, ...] = ()) -> Batch | Failed:
        position = None
        for fact in known:
            position = source.fold(position, fact)
        at = clock.now() - timedelta(seconds=5) if known else None
        (answer,) = source.fetch(door, [target], {target: position}, now=clock.now(), polled_at={target: at})
        return answer

    return once


@every_source
def test_payloads_are_those_of_the_history(
    poll: Callable[..., Batch | Failed], case: tuple[Source, str, str, str, int]
) -> None:
    """From the wire to the fact nothing is dropped or rewritten, invented fields included."""
    source, target, kind, _operation, _pages = case
    answer = poll(source, target)
    assert isinstance(answer, Batch)
    told = [fact.data for fact in answer.facts if fact.type == kind]
    expected = payloads(TRUTH, kind)
    assert len(told) == len(expected)
    assert all(payload in expected for payload in told)


@every_source
def test_the_second_poll_brings_nothing(
    poll: Callable[..., Batch | Failed], case: tuple[Source, str, str, str, int]
) -> None:
    """Positions made of one poll's facts know them all."""
    source, target, *_ = case
    first = poll(source, target)
    assert isinstance(first, Batch)
    second = poll(source, target, first.facts)
    assert isinstance(second, Batch)
    assert second.facts == ()


@every_source
def test_credentials_that_end_on_any_page_leave_nothing_behind(
    poll: Callable[..., Batch | Failed], player: FaultyPlayer, case: tuple[Source, str, str, str, int]
) -> None:
    """A walk is complete or it did not happen; the next one brings everything."""
    source, target, _kind, operation, pages = case
    whole = poll(source, target)
    assert isinstance(whole, Batch)
    for page in range(1, pages + 1):
        player.faults.fail(operation, error="ExpiredToken", page=page)
        broken = poll(source, target)
        assert isinstance(broken, Failed)
        assert isinstance(broken.error, CredentialsExpired)
        again = poll(source, target)
        assert isinstance(again, Batch)
        assert [fact.id for fact in again.facts] == [fact.id for fact in whole.facts]
    assert player.faults.struck[operation] == pages
