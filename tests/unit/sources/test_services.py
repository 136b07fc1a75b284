"""What services reads of ECS services: events that join, states that change, gaps that are said."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from forensics.errors import AccessDenied, NotFound, ServerFault
from forensics.model.identity import Stream
from forensics.sources.base import Batch, Failed
from forensics.sources.services import Services
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws
from tests.unit.sources.polls import SERVICE, TASKS, after, batch, poll

DESCRIBE = "ecs:DescribeServices"
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:7"


def events(newest: int, count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"s{number}", "createdAt": NOON.timestamp() + number, "message": f"event {number}"}
        for number in range(newest, newest - count, -1)
    ]


def service(name: str = "api", **fields: Any) -> dict[str, Any]:
    arn = SERVICE.replace("/api", f"/{name}")
    return {"serviceArn": arn, "serviceName": name, "status": "ACTIVE", "events": [], **fields}


def aws_with(*services: dict[str, Any], failures: list[dict[str, str]] | None = None) -> ScriptedAws:
    aws = ScriptedAws()
    aws.on(DESCRIBE, {"services": list(services), "failures": failures or []})
    return aws


def ids(answer: Batch, kind: str) -> list[str]:
    return [fact.id for fact in answer.facts if fact.type == kind]


def test_ten_services_are_one_call() -> None:
    """A thousand services every few seconds, within the account's limits."""
    names = [f"s{number}" for number in range(10)]
    targets = [SERVICE.replace("/api", f"/{name}") for name in names]
    aws = aws_with(*(service(name) for name in names))
    nobody = dict.fromkeys(targets)
    answers = Services().fetch(aws, targets, nobody, now=NOON, polled_at=nobody, wanted_since={})
    assert [answer.stream.target for answer in answers] == targets
    assert aws.operations.count(DESCRIBE) == 1


def test_services_of_different_clusters_are_not_asked_together() -> None:
    """One call asks about one cluster."""
    source = Services()
    assert source.group_of(SERVICE) == source.group_of(SERVICE.replace("/api", "/web"))
    assert source.group_of(SERVICE) != source.group_of(SERVICE.replace("main", "other"))


def test_events_are_oldest_first_and_only_new_ones() -> None:
    """AWS lists the 100 latest each time."""
    source = Services()
    first = batch(source, aws_with(service(events=events(3, 3))), SERVICE)
    assert ids(first, "aws.ecs.service_event") == ["s1", "s2", "s3"]
    second = batch(source, aws_with(service(events=events(5, 5))), SERVICE, after(source, first))
    assert ids(second, "aws.ecs.service_event") == ["s4", "s5"]
    assert second.gap is None
    assert second.moved == (TASKS,)


def test_a_hundred_events_none_of_them_known_are_a_gap() -> None:
    """130 came between two polls: 30 of them are gone, and somebody has to say so."""
    source = Services()
    position = after(source, batch(source, aws_with(service(events=events(3, 3))), SERVICE))
    answer = batch(source, aws_with(service(events=events(133, 100))), SERVICE, position)
    assert len(ids(answer, "aws.ecs.service_event")) == 100
    assert answer.gap is not None
    assert (answer.gap.kind, answer.gap.reason) == ("lost", "window")
    assert (answer.gap.since, answer.gap.until) == ("2026-01-15T12:00:03.000Z", "2026-01-15T12:00:34.000Z")


def test_a_hundred_events_after_none_at_all_are_a_gap_too() -> None:
    """A quiet service whose first events all come at once."""
    source = Services()
    position = after(source, batch(source, aws_with(service()), SERVICE))
    aws = aws_with(service(events=events(133, 100)))
    answer = batch(source, aws, SERVICE, position, polled_at=NOON)
    assert answer.gap is not None
    # By five minutes our clock and AWS's may differ.
    assert answer.gap.since == "2026-01-15T11:55:00.000Z"


def test_a_gap_leaves_out_what_was_polled_since_the_newest_known_event() -> None:
    """A service that said nothing for days has lost nothing of these days."""
    source = Services()
    position = after(source, batch(source, aws_with(service(events=events(3, 3))), SERVICE))
    polled_at = NOON + timedelta(days=2)
    listed = events(100_000_133, 100)
    answer = batch(source, aws_with(service(events=listed)), SERVICE, position, polled_at=polled_at)
    assert answer.gap is not None
    assert answer.gap.since == "2026-01-17T11:55:00.000Z"


def test_a_list_that_begins_anew_cannot_tell() -> None:
    """A service deleted and created again under its name has the same ARN."""
    source = Services()
    position = after(source, batch(source, aws_with(service(events=events(3, 3))), SERVICE))
    answer = batch(source, aws_with(service(events=events(9, 2))), SERVICE, position)
    assert answer.gap is not None
    assert answer.gap.kind == "unknown"


def test_a_list_that_has_emptied_is_no_gap() -> None:
    """AWS does not say how long events live; nothing new is nothing missed."""
    source = Services()
    position = after(source, batch(source, aws_with(service(events=events(3, 3))), SERVICE))
    assert batch(source, aws_with(service()), SERVICE, position).gap is None


def test_events_alone_do_not_change_the_service() -> None:
    """Otherwise each event would write the whole service again."""
    source = Services()
    first = batch(source, aws_with(service(events=events(1, 1))), SERVICE)
    second = batch(source, aws_with(service(events=events(2, 2))), SERVICE, after(source, first))
    assert ids(second, "aws.ecs.service") == []
    assert "events" not in first.facts[1].data


def test_a_service_that_comes_back_to_what_it_was_is_a_new_fact() -> None:
    """2 tasks, 1, 2 again: without the third fact the recording would say 1 for ever."""
    source, position, seen = Services(), None, []
    for running in (2, 1, 2, 1):
        answer = batch(source, aws_with(service(runningCount=running)), SERVICE, position)
        position = after(source, answer, position)
        seen += ids(answer, "aws.ecs.service")
    assert len(set(seen)) == 4


@pytest.mark.parametrize(
    ("fields", "is_busy"),
    [
        ({"deployments": [{"id": "d1", "rolloutState": "IN_PROGRESS"}]}, True),
        ({"deployments": [{"id": "d1", "rolloutState": "COMPLETED"}]}, False),
        ({"deployments": [{"id": "d1"}, {"id": "d2"}]}, True),
        ({"status": "DRAINING"}, True),
        ({}, False),
    ],
)
def test_busy_is_a_deployment_in_progress(fields: dict[str, Any], is_busy: bool) -> None:
    """External controllers have no rolloutState."""
    assert batch(Services(), aws_with(service(**fields)), SERVICE).is_busy is is_busy


def test_an_inactive_service_is_read_once_more_and_ended() -> None:
    """A deleted service stays readable for a while; its last events say why."""
    answer = batch(Services(), aws_with(service(status="INACTIVE", events=events(2, 2))), SERVICE)
    assert answer.is_ended
    assert len(ids(answer, "aws.ecs.service_event")) == 2


def test_a_missing_service_ends_only_after_it_was_seen() -> None:
    """One that was never seen may be about to be created."""
    source = Services()
    missing = {"arn": SERVICE, "reason": "MISSING"}
    never = poll(source, aws_with(failures=[missing]), SERVICE)
    assert isinstance(never, Failed)
    assert isinstance(never.error, NotFound)
    assert "MISSING" in never.error.message
    position = after(source, batch(source, aws_with(service()), SERVICE))
    assert batch(source, aws_with(failures=[missing]), SERVICE, position).is_ended


@pytest.mark.parametrize(
    ("polled_at", "kind"), [(NOON, "lost"), (None, None)], ids=["watched", "found again"]
)
def test_a_service_that_is_found_again_after_its_end_is_not_lost_again(
    polled_at: datetime | None, kind: str | None
) -> None:
    """A stack goes on listing what was deleted by hand: each look would leave a gap."""
    source, missing = Services(), {"arn": SERVICE, "reason": "MISSING"}
    position = after(source, batch(source, aws_with(service()), SERVICE))
    answer = batch(source, aws_with(failures=[missing]), SERVICE, position, polled_at=polled_at)
    assert answer.is_ended
    assert (answer.gap.kind if answer.gap else None) == kind


def test_one_missing_service_does_not_cost_the_others() -> None:
    """They share a call."""
    other = SERVICE.replace("/api", "/web")
    nobody = dict.fromkeys((SERVICE, other))
    aws = aws_with(service("web"), failures=[{"arn": SERVICE, "reason": "MISSING"}])
    first, second = Services().fetch(
        aws, [SERVICE, other], nobody, now=NOON, polled_at=nobody, wanted_since={}
    )
    assert isinstance(first, Failed)
    assert isinstance(second, Batch)


def test_short_arns_in_the_answer_are_the_same_service() -> None:
    """Services of before 2021 do not name their cluster."""
    short = service() | {"serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/api"}
    answer = batch(Services(), aws_with(short), SERVICE)
    assert {fact.source for fact in answer.facts} == {SERVICE}


def test_a_task_definition_is_read_once() -> None:
    """Inactive ones vanish when nothing refers to them any more."""
    source, aws = Services(), aws_with(service(taskDefinition=DEFINITION, deployments=[{"id": "d1"}]))
    aws.on("ecs:DescribeTaskDefinition", {"taskDefinition": {"family": "api"}})
    first = batch(source, aws, SERVICE)
    assert ids(first, "aws.ecs.task_definition") == [DEFINITION]
    position = after(source, first)
    later = NOON + timedelta(hours=1)
    assert batch(source, aws, SERVICE, position, now=later, polled_at=NOON).facts == ()
    assert aws.operations.count("ecs:DescribeTaskDefinition") == 1


def test_a_refused_extra_is_asked_for_once_a_call_and_then_rarely() -> None:
    """A missing permission must not double the calls for ever."""
    names = [f"s{number}" for number in range(10)]
    targets = [SERVICE.replace("/api", f"/{name}") for name in names]
    aws = aws_with(*(service(name, taskDefinition=DEFINITION) for name in names))
    source, nobody = Services(), dict.fromkeys(targets)
    answers = source.fetch(aws, targets, nobody, now=NOON, polled_at=nobody, wanted_since={})
    assert aws.operations.count("ecs:DescribeTaskDefinition") == 1
    assert all(isinstance(answer, Batch) and isinstance(answer.notes[-1], AccessDenied) for answer in answers)
    position = after(source, answers[0])  # type: ignore[arg-type]
    for second in range(0, 60, 10):
        now = NOON + timedelta(seconds=second + 10)
        batch(source, aws, targets[0], position, now=now, polled_at=NOON + timedelta(seconds=second))
    assert aws.operations.count("ecs:DescribeTaskDefinition") == 1


def test_an_emulator_without_service_deployments_costs_nothing_but_them() -> None:
    """Optional is optional: a 500 is no reason to lose events."""
    aws = aws_with(service(events=events(2, 2)))
    aws.on("ecs:ListServiceDeployments", ServerFault("not here", operation="ecs:ListServiceDeployments"))
    answer = batch(Services(), aws, SERVICE)
    assert len(ids(answer, "aws.ecs.service_event")) == 2
    assert [type(note) for note in answer.notes] == [ServerFault]


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_services_that_others_deploy_are_not_asked_for_service_deployments(controller: str) -> None:
    """ECS answers with an error, each time."""
    aws = aws_with(service(deploymentController={"type": controller}))
    batch(Services(), aws, SERVICE)
    assert "ecs:ListServiceDeployments" not in aws.operations


def test_finished_service_deployments_are_not_described_again() -> None:
    """They cannot change any more."""
    arn = "arn:aws:ecs:us-east-1:123456789012:service-deployment/main/api/x"
    row = {"serviceDeploymentArn": arn, "status": "SUCCESSFUL"}
    source, aws = Services(), aws_with(service())
    aws.on("ecs:ListServiceDeployments", {"serviceDeployments": [row]})
    aws.on("ecs:DescribeServiceDeployments", {"serviceDeployments": [row]})
    position = after(source, batch(source, aws, SERVICE))
    changed = {"services": [service(runningCount=9)], "failures": []}
    aws.on(DESCRIBE, changed)
    batch(source, aws, SERVICE, position)
    assert aws.operations.count("ecs:DescribeServiceDeployments") == 1


def with_deployments(count: int, refused: set[int]) -> ScriptedAws:
    """Return an AWS that lists service deployments and, as IAM does, refuses a call for one of them."""
    arns = [f"arn:aws:ecs:us-east-1:123456789012:service-deployment/main/api/x{n}" for n in range(count)]
    denied = [arns[number] for number in sorted(refused)]
    aws = aws_with(service())
    aws.on("ecs:ListServiceDeployments", {"serviceDeployments": [{"serviceDeploymentArn": a} for a in arns]})

    def described(*, serviceDeploymentArns: list[str]) -> Any:  # noqa: N803
        for arn in denied:
            if arn in serviceDeploymentArns:
                action = "ecs:DescribeServiceDeployments"
                said = (
                    f"User: x is not authorized to perform: {action} on resource: {arn} with an explicit deny"
                )
                return AccessDenied(said, operation=action)
        rows = [{"serviceDeploymentArn": arn, "status": "SUCCESSFUL"} for arn in serviceDeploymentArns]
        return {"serviceDeployments": rows}

    aws.on("ecs:DescribeServiceDeployments", described)
    return aws


@pytest.mark.parametrize("refused", [{0}, {1}, {10}, {1, 10, 11}], ids=str)
def test_a_refused_service_deployment_refuses_none_of_the_others(refused: set[int]) -> None:
    """IAM refuses a call as a whole for one ARN in it, and names that ARN."""
    answer = batch(Services(), with_deployments(12, refused), SERVICE)
    read = {key.rpartition("@")[0].rpartition("x")[2] for key in ids(answer, "aws.ecs.service_deployment")}
    assert read == {str(number) for number in range(12) if number not in refused}
    (note,) = answer.notes
    assert isinstance(note, AccessDenied)


def test_refused_service_deployments_without_end_are_given_up() -> None:
    """A policy that refuses them all must not cost a call for each, every half minute of a deployment."""
    aws = with_deployments(50, set(range(50)))
    answer = batch(Services(), aws, SERVICE)
    assert ids(answer, "aws.ecs.service_deployment") == []
    assert aws.operations.count("ecs:DescribeServiceDeployments") <= 4
    assert len(answer.notes) == 1


def test_a_service_leads_to_the_tasks_of_its_cluster() -> None:
    """The reason of a failing deployment stands on the stopped tasks."""
    assert batch(Services(), aws_with(service()), SERVICE).found == (TASKS,)


def test_a_deleted_cluster_ends_the_services_that_were_seen() -> None:
    """ECS then answers the whole call with an error."""
    aws = ScriptedAws()
    aws.on(DESCRIBE, NotFound("Cluster not found."))
    assert isinstance(poll(Services(), aws, SERVICE), Failed)
    assert batch(Services(), aws, SERVICE, {"recent": []} | {"at": ""}).is_ended
    assert Stream("services", SERVICE) == poll(Services(), aws, SERVICE).stream
