"""The endpoint proved from outside: boto3 reads back exactly the payloads of any history."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.demo import incident
from forensics.model.record import Fact
from forensics.serve.credentials import AccessKey
from forensics.serve.endpoint import EndpointOptions
from tests.support.clients import Served, plain, served
from tests.support.histories import START, epoch, facts, moment, payloads, service, stack, stamp, task, tasks

_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
_AT = st.integers(min_value=1, max_value=500).map(lambda tenths: tenths / 10)
_LATE = 1000.0


@pytest.fixture(scope="module")
def aws() -> Iterator[Served]:
    with served() as found:
        yield found


@st.composite
def stack_histories(draw: st.DrawFn) -> list[Fact]:
    """Histories of one stack with up to three pages of events, some at the same moment."""
    built = stack("Shop")
    reasons = draw(st.lists(st.none() | _TEXTS, min_size=1, max_size=5))
    moments = draw(st.lists(_AT, min_size=1, max_size=8))
    for number in range(draw(st.integers(min_value=0, max_value=250))):
        at, reason = moments[number % len(moments)], reasons[number % len(reasons)]
        built.event(
            f"R{number % 7}", "AWS::X::Y", "CREATE_FAILED", at=at, reason=reason, event_id=f"e{number}"
        )
    return facts(built)


@st.composite
def service_histories(draw: st.DrawFn) -> list[Fact]:
    """Histories of one service with up to 150 events and as many changes of its deployment."""
    built = service("api")
    messages = draw(st.lists(_TEXTS, min_size=1, max_size=4))
    moments = draw(st.lists(_AT, min_size=1, max_size=8))
    for number in range(draw(st.integers(min_value=0, max_value=150))):
        at = moments[number % len(moments)]
        built.event(messages[number % len(messages)], at=at, event_id=f"e{number}")
        built.deployment(at=at, failedTasks=number)
    return facts(built)


def _events(aws: Served, name: str) -> list[Any]:
    pages = aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    return [plain(event, is_json=False) for page in pages for event in page["StackEvents"]]


@settings(max_examples=40)
@given(history=stack_histories(), at=_AT)
def test_stack_events_come_back_whole_and_newest_first(aws: Served, history: list[Fact], at: float) -> None:
    """What boto3 pages through is the history up to now, in reverse, nothing lost and nothing twice."""
    aws.play(history, at=at)
    known = [fact.data for fact in history if fact.time and fact.time <= stamp(at)]
    assert _events(aws, "Shop") == known[::-1]


@settings(max_examples=40)
@given(history=service_histories(), at=_AT)
def test_a_service_comes_back_with_its_hundred_newest_events(
    aws: Served, history: list[Fact], at: float
) -> None:
    """DescribeServices never shows more than 100 events, and the state is the newest one."""
    aws.play(history, at=at)
    known = [fact for fact in history if fact.time and fact.time <= stamp(at)]
    answer = aws.client("ecs").describe_services(cluster="main", services=["api"])
    found = plain(answer["services"][0], is_json=True)
    assert found.pop("events") == payloads(known, "aws.ecs.service_event")[::-1][:100]
    assert found == payloads(known, "aws.ecs.service")[-1]
    assert answer["failures"] == []


@settings(max_examples=20)
@given(count=st.integers(min_value=0, max_value=230), late=st.integers(min_value=0, max_value=4000))
def test_stopped_tasks_come_back_whole_for_an_hour(aws: Served, count: int, late: int) -> None:
    """Each stopped task can be listed and described until an hour after it stopped, and no longer."""
    stopped = tasks("api", count, at=10, every_s=1)
    history = facts(service("api"), *stopped)
    aws.play(history, at=10 + count + late)
    arns = [
        arn
        for page in aws.client("ecs")
        .get_paginator("list_tasks")
        .paginate(cluster="main", desiredStatus="STOPPED")
        for arn in page["taskArns"]
    ]
    shown = [
        payload
        for payload in payloads(history, "aws.ecs.task")
        if payload["stoppedAt"] > epoch(10 + count + late - 3600)
    ]
    assert sorted(arns) == sorted(payload["taskArn"] for payload in shown)
    described = []
    for start in range(0, len(arns), 100):
        answer = aws.client("ecs").describe_tasks(cluster="main", tasks=arns[start : start + 100])
        described += plain(answer["tasks"], is_json=True)
    assert sorted(described, key=lambda found: found["taskArn"]) == sorted(
        shown, key=lambda found: found["taskArn"]
    )


def test_pages_do_not_shift_when_events_arrive_between_them(aws: Served) -> None:
    """A poller that is in the middle of a walk must get the rest of what it began with."""
    built = stack("Shop")
    for number in range(300):
        built.event(f"R{number}", "AWS::X::Y", "CREATE_COMPLETE", at=number + 1)
    aws.play(facts(built), at=220)
    client = aws.client("cloudformation")
    first = client.describe_stack_events(StackName="Shop")
    aws.clock.advance(60)
    second = client.describe_stack_events(StackName="Shop", NextToken=first["NextToken"])
    ids = [event["LogicalResourceId"] for page in (first, second) for event in page["StackEvents"]]
    assert ids == [f"R{number}" for number in range(219, 19, -1)]


def test_pages_of_tasks_do_not_shift_when_tasks_come_and_go(aws: Served) -> None:
    """Tasks that expire or appear between two pages must not hide others."""
    history = facts(service("api"), *tasks("api", 150, at=10, every_s=10))
    aws.play(history, at=1600)
    client = aws.client("ecs")
    first = client.list_tasks(cluster="main", desiredStatus="STOPPED")
    aws.clock.advance(3600 - 1600 + 10 + 200)
    second = client.list_tasks(cluster="main", desiredStatus="STOPPED", nextToken=first["nextToken"])
    still = {
        payload["taskArn"]
        for payload in payloads(history, "aws.ecs.task")
        if payload["stoppedAt"] > epoch(210)
    }
    assert not set(first["taskArns"]) & set(second["taskArns"])
    assert still <= set(first["taskArns"]) | set(second["taskArns"])


def test_a_deleted_stack_is_found_by_its_arn_for_ninety_days(aws: Served) -> None:
    """After a rollback's delete the name finds nothing; the ARN does, for a while."""
    built = stack("Shop").itself("DELETE_IN_PROGRESS", at=5).itself("DELETE_COMPLETE", at=9)
    aws.play(facts(built), at=10)
    with pytest.raises(ClientError, match="does not exist") as gone:
        _events(aws, "Shop")
    assert gone.value.response["Error"]["Code"] == "ValidationError"
    assert len(_events(aws, built.arn)) == 3
    summaries = aws.client("cloudformation").list_stacks()["StackSummaries"]
    assert [summary["StackStatus"] for summary in summaries] == ["DELETE_COMPLETE"]
    aws.clock.advance(90 * 86_400)
    with pytest.raises(ClientError, match="does not exist"):
        _events(aws, built.arn)
    assert aws.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_a_name_means_the_stack_that_bears_it_now(aws: Served) -> None:
    """Names are used again; events of the stack before must not mix in."""
    old = stack("Shop").itself("DELETE_COMPLETE", at=5)
    new = stack("Shop", at=10)
    aws.play(facts(old, new), at=20)
    assert [event["StackId"] for event in _events(aws, "Shop")] == [new.arn]
    assert {event["StackId"] for event in _events(aws, old.arn)} == {old.arn}


def test_descriptions_of_stacks_are_served_word_for_word(aws: Served) -> None:
    """What the recorder stores of a stack must be what AWS said."""
    built = stack("Shop").itself("CREATE_COMPLETE", at=4)
    fields = {
        "StackStatus": "CREATE_COMPLETE",
        "DisableRollback": "false",
        "TimeoutInMinutes": "30",
        "Outputs": [{"OutputKey": "Url", "OutputValue": "http://x"}],
        "LastUpdatedTime": stamp(3),
    }
    history = facts(built.description(at=4, **fields))
    aws.play(history, at=5)
    found = plain(aws.client("cloudformation").describe_stacks(StackName="Shop")["Stacks"], is_json=False)
    assert found == payloads(history, "aws.cloudformation.stack_description")


def test_several_accounts_and_regions_are_kept_apart(aws: Served) -> None:
    """One history may tell of many places; a call sees the one it was signed for."""
    here, there = stack("Here"), stack("There", region="eu-west-1")
    elsewhere = stack("Elsewhere", account="222222222222")
    keys = EndpointOptions(keys=(AccessKey(id="AKIAONE"), AccessKey(id="AKIATWO", account="222222222222")))
    with served(keys) as own:
        own.play(facts(here, there, elsewhere), at=1)
        seen = {
            (key, region): [
                found["StackName"]
                for found in own.client("cloudformation", key=key, region=region).list_stacks()[
                    "StackSummaries"
                ]
            ]
            for key in ("AKIAONE", "AKIATWO")
            for region in ("us-east-1", "eu-west-1")
        }
    assert seen == {
        ("AKIAONE", "us-east-1"): ["Here"],
        ("AKIAONE", "eu-west-1"): ["There"],
        ("AKIATWO", "us-east-1"): ["Elsewhere"],
        ("AKIATWO", "eu-west-1"): [],
    }


def test_access_keys_expire_by_the_virtual_clock() -> None:
    """Credentials that end in the middle of a deployment are what the recorder must live through."""
    keys = EndpointOptions(keys=(AccessKey(id="AKIAOLD", expires_at=moment(60)), AccessKey(id="AKIANEW")))
    with served(keys) as own:
        own.play(facts(service("api"), stack("Shop")), at=59)
        assert own.client("cloudformation", key="AKIAOLD").list_stacks()["StackSummaries"]
        own.clock.advance(1)
        codes = {}
        for key, name in (("AKIAOLD", "expired"), ("AKIAUNKNOWN", "unknown")):
            for kind, call in (
                ("cloudformation", "list_stacks"),
                ("ecs", "list_clusters"),
                ("sts", "get_caller_identity"),
            ):
                with pytest.raises(ClientError) as refused:
                    getattr(own.client(kind, key=key), call)()
                status = refused.value.response["ResponseMetadata"]["HTTPStatusCode"]
                codes[name, kind] = (refused.value.response["Error"]["Code"], status)
        assert own.client("ecs", key="AKIANEW").list_clusters()["clusterArns"]
    assert codes == {
        ("expired", "cloudformation"): ("ExpiredToken", 403),
        ("expired", "ecs"): ("ExpiredTokenException", 400),
        ("expired", "sts"): ("ExpiredToken", 403),
        ("unknown", "cloudformation"): ("InvalidClientTokenId", 403),
        ("unknown", "ecs"): ("UnrecognizedClientException", 400),
        ("unknown", "sts"): ("InvalidClientTokenId", 403),
    }


def test_assumed_roles_are_good_for_as_long_as_asked() -> None:
    """AssumeRole is how the recorder's keys renew themselves; its keys end like others."""
    with served(EndpointOptions(keys=(AccessKey(id="AKIAONE"),))) as own:
        own.play(facts(stack("Shop")), at=0)
        lent = own.client("sts", key="AKIAONE").assume_role(
            RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="me", DurationSeconds=900
        )
        assert lent["Credentials"]["Expiration"] == START + timedelta(seconds=900)
        key = lent["Credentials"]["AccessKeyId"]
        identity = own.client("sts", key=key).get_caller_identity()
        assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/reader/me"
        assert own.client("cloudformation", key=key).list_stacks()["StackSummaries"]
        own.clock.advance(900)
        with pytest.raises(ClientError, match="ExpiredToken"):
            own.client("cloudformation", key=key).list_stacks()


def test_tasks_are_filtered_as_asked(aws: Served) -> None:
    """The recorder asks by status; people ask by service, family and starter."""
    running = task("api", at=5, desired="RUNNING", last="RUNNING", startedBy="ecs-svc/1")
    dead, job = task("api", at=6), task(None, at=7)
    aws.play(facts(service("api"), running, dead, job), at=_LATE)
    client = aws.client("ecs")

    def listed(**filters: str) -> set[str]:
        return set(client.list_tasks(cluster="main", **filters)["taskArns"])

    assert listed() == {running.arn}
    assert listed(desiredStatus="PENDING") == set()
    assert listed(desiredStatus="STOPPED") == {dead.arn, job.arn}
    assert listed(desiredStatus="STOPPED", serviceName="api") == {dead.arn}
    assert listed(desiredStatus="STOPPED", family="job") == {job.arn}
    assert listed(startedBy="ecs-svc/1") == {running.arn}
    assert listed(desiredStatus="STOPPED", launchType="EC2") == set()


def test_service_deployments_come_back_and_go_with_their_service(aws: Served) -> None:
    """AWS deletes the service deployments when the service is deleted."""
    api = service("api")
    for number in range(1, 26):
        status = "IN_PROGRESS" if number == 25 else "SUCCESSFUL"
        api.service_deployment(
            at=30 + number, number=number, status=status, targetServiceRevision={"arn": f"r{number}"}
        )
    history = facts(api.snapshot(at=200, status="DRAINING"))
    aws.play(history, at=100)
    client = aws.client("ecs")
    first = client.list_service_deployments(cluster="main", service=api.arn)
    second = client.list_service_deployments(cluster="main", service="api", nextToken=first["nextToken"])
    listed = [
        brief["serviceDeploymentArn"] for page in (first, second) for brief in page["serviceDeployments"]
    ]
    expected = payloads(history, "aws.ecs.service_deployment")[::-1]
    assert listed == [payload["serviceDeploymentArn"] for payload in expected]
    assert first["serviceDeployments"][0]["targetServiceRevisionArn"] == "r25"
    going = client.list_service_deployments(cluster="main", service="api", status=["IN_PROGRESS"])
    assert [brief["serviceDeploymentArn"] for brief in going["serviceDeployments"]] == listed[:1]
    recent = client.list_service_deployments(cluster="main", service="api", createdAt={"after": moment(24.5)})
    assert [brief["serviceDeploymentArn"] for brief in recent["serviceDeployments"]] == listed[:1]
    described = client.describe_service_deployments(serviceDeploymentArns=listed[:20])
    assert plain(described["serviceDeployments"], is_json=True) == expected[:20]
    aws.clock.advance(150)
    assert client.describe_service_deployments(serviceDeploymentArns=listed[:1])["failures"] == [
        {"arn": listed[0], "reason": "MISSING"}
    ]
    with pytest.raises(ClientError, match="ServiceNotFoundException"):
        client.list_service_deployments(cluster="main", service="api")


def test_stacks_are_listed_newest_first_in_pages(aws: Served) -> None:
    """One cheap survey finds what moved among hundreds of stacks."""
    built = [stack(f"S{number}", at=number) for number in range(230)]
    built[5].itself("CREATE_COMPLETE", at=500)
    aws.play(facts(*built, stack("Later", at=_LATE + 1)), at=_LATE)
    client = aws.client("cloudformation")
    for operation, element in (("list_stacks", "StackSummaries"), ("describe_stacks", "Stacks")):
        pages = [page[element] for page in client.get_paginator(operation).paginate()]
        assert [len(page) for page in pages] == [100, 100, 30]
        assert [found["StackName"] for page in pages for found in page] == [
            f"S{number}" for number in range(229, -1, -1)
        ]
    done = client.list_stacks(StackStatusFilter=["CREATE_FAILED", "CREATE_COMPLETE"])["StackSummaries"]
    assert [found["StackName"] for found in done] == ["S5"]


def test_resources_of_a_stack_are_listed_in_pages(aws: Served) -> None:
    """The last state of each resource, as the events tell it."""
    built = stack("Shop")
    for number in range(150):
        built.event(f"R{number}", "AWS::X::Y", "CREATE_COMPLETE", at=number + 1)
    aws.play(facts(built), at=_LATE)
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="Shop")
    listed = [found["LogicalResourceId"] for page in pages for found in page["StackResourceSummaries"]]
    assert listed == [f"R{number}" for number in range(150)]


def test_clusters_and_services_are_listed_while_they_live(aws: Served) -> None:
    """A draining service is described, but not listed any more."""
    built = [service(f"s{number:02d}", cluster="main") for number in range(25)]
    built[3].snapshot(at=50, status="DRAINING")
    other = service("x", cluster="other", at=100)
    aws.play(facts(*built, other), at=60)
    client = aws.client("ecs")
    assert client.list_clusters()["clusterArns"] == [built[0].cluster_arn]
    pages = [page["serviceArns"] for page in client.get_paginator("list_services").paginate(cluster="main")]
    assert [len(page) for page in pages] == [10, 10, 4]
    assert sorted(arn for page in pages for arn in page) == [one.arn for one in built if one is not built[3]]
    described = client.describe_services(cluster="main", services=["s03"])["services"]
    assert [found["status"] for found in described] == ["DRAINING"]
    clusters = client.describe_clusters(clusters=["main", "other"])
    assert clusters["clusters"] == [
        {"clusterArn": built[0].cluster_arn, "clusterName": "main", "status": "ACTIVE"}
    ]
    assert clusters["failures"] == [{"arn": other.cluster_arn, "reason": "MISSING"}]


def test_a_deleted_cluster_cannot_be_asked_any_more(aws: Served) -> None:
    """A rollback deletes the cluster too, and with it the way to its tasks."""
    built = stack("Shop")
    for at, status in ((1, "CREATE_COMPLETE"), (20, "DELETE_COMPLETE")):
        built.event("C", "AWS::ECS::Cluster", status, at=at, physical="main")
    aws.play(facts(built, service("api"), task("api", at=5)), at=20)
    client = aws.client("ecs")
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        client.list_tasks(cluster="main", desiredStatus="STOPPED")
    assert client.list_clusters()["clusterArns"] == []
    assert [found["status"] for found in client.describe_clusters(clusters=["main"])["clusters"]] == [
        "INACTIVE"
    ]


def test_the_demo_incident_comes_back_whole(aws: Served) -> None:
    """The embedded incident is what a new user's first recording is made of."""
    history = incident.facts()
    aws.play(history, at=(incident.INCIDENT_ENDS_AT - START).total_seconds())
    for arn in {fact.source for fact in history if fact.type == "aws.cloudformation.stack_event"}:
        expected = [fact.data for fact in history if fact.source == arn and fact.type.endswith("stack_event")]
        assert _events(aws, arn) == expected[::-1]
        described = aws.client("cloudformation").describe_stacks(StackName=arn)["Stacks"]
        last = [fact.data for fact in history if fact.source == arn and fact.type.endswith("description")][-1]
        assert plain(described, is_json=False) == [last]
