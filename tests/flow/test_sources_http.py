"""Each source through the real door against the endpoint: payloads as the history has them, page by page."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.errors import CredentialsExpired
from forensics.model.record import Fact
from forensics.serve.endpoint import Answer, Endpoint
from forensics.serve.history import History
from forensics.serve.refusal import Refusal
from forensics.serve.request import read_request
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
        (answer,) = source.fetch(
            door, [target], {target: position}, now=clock.now(), polled_at={target: at}, wanted_since={}
        )
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


FIRST, SECOND, THIRD = (
    f"arn:aws:ecs:{REGION}:123456789012:task-definition/web:{number}" for number in (1, 2, 3)
)
WEB = service(
    "web", deployments=[{"id": "d1", "taskDefinition": FIRST}, {"id": "d2", "taskDefinition": THIRD}]
)
WEB.snapshot(at=1, taskDefinition=SECOND)
for _revision in (1, 2, 3):
    WEB.task_definition(revision=_revision)
OTHERS = [service(name).task_definition() for name in ("one", "two")]


class Refusing(Endpoint):
    """An endpoint that does not tell of some things, and counts how often it is asked for each."""

    def __init__(self, clock: ManualClock, refusals: dict[str, Refusal]) -> None:
        super().__init__(History.of(facts(WEB, *OTHERS)), clock)
        self._refusals = refusals
        self.asked: list[str] = []

    def answer(self, headers: Any, body: bytes) -> Answer:
        asked = read_request(headers, body)
        parameters = asked.parameters or {}
        name = str(parameters.get("taskDefinition") or parameters.get("service") or "")
        self.asked.append(name)
        refusal = self._refusals.get(name)
        return super().answer(headers, body) if refusal is None else self.refuse(asked, refusal)


DENIED = "User: x is not authorized to perform: ecs:DescribeTaskDefinition on resource: "
REFUSALS = {
    "denied": Refusal("AccessDeniedException", DENIED + SECOND),
    "gone": Refusal("ClientException", "Unable to describe task definition."),
    "broken": Refusal("ServerException", "Service is unavailable.", status=500),
}


def details_of(clock: ManualClock, endpoint: Endpoint, *targets: str) -> list[Batch]:
    """Return the first poll of services at an endpoint."""
    with FaultyPlayer(endpoint) as playing:
        budget = Budget(BudgetOptions(rates={}, otherwise=Rate(burst=1000, per_s=1000)))
        door = Client(ClientOptions(region=REGION, endpoint_url=playing.url), clock, budget)
        nobody = dict.fromkeys(targets)
        answers = Services().fetch(door, targets, nobody, now=clock.now(), polled_at=nobody, wanted_since={})
    assert all(isinstance(answer, Batch) for answer in answers)
    return [answer for answer in answers if isinstance(answer, Batch)]


def definitions_in(batch: Batch) -> set[str]:
    return {fact.id for fact in batch.facts if fact.type == "aws.ecs.task_definition"}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=list(REFUSALS))
@pytest.mark.parametrize("which", [FIRST, SECOND, THIRD], ids=["first", "second", "third"])
@pytest.mark.usefixtures("poll")
def test_a_task_definition_that_cannot_be_read_keeps_no_other_unread(
    which: str, refusal: Refusal, clock: ManualClock
) -> None:
    """A policy, a revision that was deleted, or a fault of AWS's concerns that one."""
    endpoint = Refusing(clock, {which: refusal})
    [batch] = details_of(clock, endpoint, WEB.arn)
    assert definitions_in(batch) == {FIRST, SECOND, THIRD} - {which}
    assert [note.code for note in batch.notes] == [refusal.code]
    assert next(fact for fact in batch.facts if fact.type == "aws.ecs.service")


@pytest.mark.usefixtures("poll")
def test_what_a_policy_denies_altogether_is_asked_for_once(clock: ManualClock) -> None:
    """AWS says "on resource: *": a question about the next one would be a call for nothing."""
    everything = Refusal("AccessDeniedException", DENIED + "* because no identity-based policy allows it")
    endpoint = Refusing(clock, dict.fromkeys((FIRST, SECOND, THIRD), everything))
    [batch] = details_of(clock, endpoint, WEB.arn)
    assert definitions_in(batch) == set()
    assert sum(name in (FIRST, SECOND, THIRD) for name in endpoint.asked) == 1


@pytest.mark.usefixtures("poll")
def test_one_service_whose_deployments_are_denied_keeps_no_other_service_unread(clock: ManualClock) -> None:
    """ListServiceDeployments can be allowed for some services only."""
    one, two = OTHERS
    endpoint = Refusing(clock, {"one": Refusal("AccessDeniedException", f"denied on resource: {one.arn}")})
    first, second = details_of(clock, endpoint, one.arn, two.arn)
    assert {"one", "two"} <= set(endpoint.asked)
    assert ([note.code for note in first.notes], second.notes) == (["AccessDeniedException"], ())
    assert definitions_in(first)
    assert definitions_in(second)


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
