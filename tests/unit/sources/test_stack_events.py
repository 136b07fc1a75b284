"""What stack_events reads first, where it stops, what it leads to, and when it is over."""

from datetime import timedelta

import pytest

from forensics.errors import AccessDenied, NotFound, Throttled
from forensics.model.identity import Stream
from forensics.sources.base import Failed
from forensics.sources.stack_events import DESCRIPTION, StackEvents
from forensics.sources.stacks import Stacks, survey_of
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws
from tests.unit.sources.polls import CHILD, CLUSTER, SERVICE, STACK, TASKS, after, batch, poll

EVENTS = "cloudformation:DescribeStackEvents"
DESCRIBE = "cloudformation:DescribeStacks"
RESOURCES = "cloudformation:ListStackResources"


def event(number: int, **fields: str) -> dict[str, str]:
    common = {"StackId": STACK, "EventId": f"e{number}", "StackName": "shop", "LogicalResourceId": "Vpc"}
    return {**common, "Timestamp": f"2026-01-15T12:00:{number:02}.000Z", **fields}


def itself(number: int, status: str) -> dict[str, str]:
    return event(number, LogicalResourceId="shop", PhysicalResourceId=STACK, ResourceStatus=status)


def aws_with(*oldest_first: dict[str, str]) -> ScriptedAws:
    aws = ScriptedAws()
    aws.on(EVENTS, {"StackEvents": list(reversed(oldest_first))})
    return aws


def ids(answer: object) -> list[str]:
    return [fact.id for fact in answer.facts if fact.type.endswith("stack_event")]  # type: ignore[attr-defined]


def test_the_first_read_goes_back_to_the_start_of_the_last_operation() -> None:
    """A stack may have 400,000 events; those of older operations are not asked for."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2), itself(3, "UPDATE_IN_PROGRESS"), event(4))
    answer = batch(StackEvents(), aws, STACK)
    assert ids(answer) == ["e3", "e4"]
    assert answer.covers_from is not None
    assert answer.covers_from.second == 3


def test_the_first_read_goes_back_to_when_the_stack_was_wanted() -> None:
    """Nobody could look for a while: the operations since then are wanted, and the one in progress then."""
    aws = aws_with(
        itself(1, "CREATE_IN_PROGRESS"),
        itself(10, "UPDATE_IN_PROGRESS"),
        itself(20, "UPDATE_COMPLETE"),
        itself(30, "UPDATE_IN_PROGRESS"),
        event(40),
    )
    answer = batch(StackEvents(), aws, STACK, wanted_since=NOON + timedelta(seconds=15))
    assert ids(answer) == ["e10", "e20", "e30", "e40"]
    assert answer.covers_from == NOON + timedelta(seconds=10)


@pytest.mark.parametrize(
    "undone", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"]
)
def test_a_rollback_or_delete_does_not_hide_why_it_came(undone: str) -> None:
    """The cause lies before it."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2), itself(3, undone), event(4))
    assert ids(batch(StackEvents(), aws, STACK)) == ["e1", "e2", "e3", "e4"]


def test_a_nested_stacks_own_start_is_not_the_start() -> None:
    """The parent lists it as a resource of the same type with the same statuses."""
    nested = event(
        3,
        ResourceType="AWS::CloudFormation::Stack",
        PhysicalResourceId=CHILD,
        ResourceStatus="UPDATE_IN_PROGRESS",
    )
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2), nested, event(4))
    assert ids(batch(StackEvents(), aws, STACK)) == ["e1", "e2", "e3", "e4"]


def test_a_poll_without_news_is_one_call() -> None:
    """And decodes nothing: that is what makes polling cheap."""
    source, aws = StackEvents(), aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2))
    position = after(source, batch(source, aws, STACK))
    aws.on(EVENTS, b"<EventId>e2</EventId> <EventId>e1</EventId> and then no XML at all")
    answer = batch(source, aws, STACK, position, polled_at=NOON)
    assert answer.facts == ()
    assert answer.is_busy


def test_an_event_that_arrives_late_behind_a_known_one_is_found() -> None:
    """CloudFormation's list settles; a reader that stops at the newest known id loses it for ever."""
    source = StackEvents()
    first = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2), event(4))
    position = after(source, batch(source, first, STACK))
    then = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2), event(3), event(4))
    assert ids(batch(source, then, STACK, position, polled_at=NOON)) == ["e3"]


def test_a_late_event_is_found_beyond_the_end_of_the_page_that_joins() -> None:
    """The first known event may be the last of its page; what hides behind it is on the next one."""
    source = StackEvents()
    history = [itself(1, "CREATE_IN_PROGRESS"), event(2), event(4)]
    position = after(source, batch(source, aws_with(*history), STACK))
    aws = ScriptedAws()
    second = {"StackEvents": [event(3), event(2), history[0]]}
    aws.on(EVENTS, [{"StackEvents": [event(5), event(4)], "NextToken": "2"}, second])
    assert ids(batch(source, aws, STACK, position, polled_at=NOON)) == ["e3", "e5"]


def test_an_event_that_comes_on_two_pages_is_one_fact() -> None:
    """A new event between two pages pushes the last one of the first page over to the second."""
    aws = ScriptedAws()
    second = {"StackEvents": [event(3), event(2), itself(1, "CREATE_IN_PROGRESS")]}
    aws.on(EVENTS, [{"StackEvents": [event(4), event(3)], "NextToken": "2"}, second])
    assert ids(batch(StackEvents(), aws, STACK)) == ["e1", "e2", "e3", "e4"]


def test_a_list_that_no_longer_holds_what_was_read_is_a_gap() -> None:
    """It should not happen; it must not pass in silence."""
    source = StackEvents()
    position = after(source, batch(source, aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2)), STACK))
    answer = batch(source, aws_with(event(7), event(8)), STACK, position, polled_at=NOON)
    assert ids(answer) == ["e7", "e8"]
    assert answer.gap is not None
    assert (answer.gap.reason, answer.gap.kind) == ("window", "unknown")
    assert (answer.gap.since, answer.gap.until) == ("2026-01-15T12:00:02.000Z", "2026-01-15T12:00:07.000Z")


@pytest.mark.parametrize(
    ("status", "is_busy"),
    [
        ("CREATE_IN_PROGRESS", True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", True),
        ("REVIEW_IN_PROGRESS", False),
        ("UPDATE_COMPLETE", False),
        ("ROLLBACK_FAILED", False),
    ],
)
def test_busy_is_a_stack_in_an_operation(status: str, is_busy: bool) -> None:
    """A name that contains COMPLETE need not be complete; a review can last for ever."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), itself(2, status))
    assert batch(StackEvents(), aws, STACK).is_busy is is_busy


def test_the_stacks_own_delete_ends_the_stream_and_a_resources_does_not() -> None:
    """Nothing comes after it; the ARN stays readable for 90 days."""
    source = StackEvents()
    resource = event(2, ResourceStatus="DELETE_COMPLETE")
    assert not batch(source, aws_with(itself(1, "CREATE_IN_PROGRESS"), resource), STACK).is_ended
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), resource, itself(3, "DELETE_COMPLETE"))
    assert batch(source, aws, STACK).is_ended


def test_an_ended_stack_stays_open_while_its_description_may_still_come() -> None:
    """A throttle at the last poll must not cost the last description."""
    source = StackEvents()
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), itself(3, "DELETE_COMPLETE"))
    aws.on(RESOURCES, {"StackResourceSummaries": ""})
    aws.on(DESCRIBE, [Throttled("slow down"), {"Stacks": [{"StackId": STACK, "StackName": "shop"}]}])
    first = batch(source, aws, STACK)
    assert not first.is_ended
    second = batch(source, aws, STACK, after(source, first))
    assert second.is_ended
    assert [fact.type for fact in second.facts] == ["aws.cloudformation.stack_description"]


def test_the_description_is_taken_at_first_and_when_an_operation_ends() -> None:
    """Between, the events say everything."""
    source, aws = StackEvents(), aws_with(itself(1, "CREATE_IN_PROGRESS"))
    aws.on(DESCRIBE, lambda **_: {"Stacks": [{"StackId": STACK, "calls": str(len(aws.asked))}]})
    aws.on(RESOURCES, {"StackResourceSummaries": ""})
    position = after(source, batch(source, aws, STACK))
    history = [itself(1, "CREATE_IN_PROGRESS")]
    for number, status in ((2, ""), (3, "CREATE_COMPLETE"), (4, "")):
        history.append(itself(number, status) if status else event(number))
        aws.on(EVENTS, {"StackEvents": list(reversed(history))})
        position = after(source, batch(source, aws, STACK, position, polled_at=NOON), position)
    assert aws.operations.count(DESCRIBE) == 2
    assert aws.operations.count(RESOURCES) == 1


def lead(number: int, kind: str, physical: str, **more: str) -> dict[str, str]:
    return event(number, ResourceType=kind, PhysicalResourceId=physical, **more)


@pytest.mark.parametrize(
    ("resource", "streams"),
    [
        (lead(2, "AWS::CloudFormation::Stack", CHILD), [Stream("stack_events", CHILD)]),
        (lead(2, "AWS::CloudFormation::Stack", ""), []),
        (lead(2, "AWS::CloudFormation::Stack", STACK), []),
        (lead(2, "AWS::ECS::Service", SERVICE), [Stream("services", SERVICE), TASKS]),
        (
            lead(
                2,
                "AWS::ECS::Service",
                "arn:aws:ecs:us-east-1:123456789012:service/api",
                ResourceProperties='{"Cluster": "main"}',
            ),
            [Stream("services", SERVICE), TASKS],
        ),
        (
            lead(
                2,
                "AWS::ECS::Service",
                "arn:aws:ecs:us-east-1:123456789012:service/api",
                ResourceProperties=f'{{"Cluster": "{CLUSTER}"}}',
            ),
            [Stream("services", SERVICE), TASKS],
        ),
        (
            lead(2, "AWS::ECS::Service", "arn:aws:ecs:us-east-1:123456789012:service/api"),
            [
                Stream("services", SERVICE.replace("main", "default")),
                Stream("stopped_tasks", CLUSTER.replace("main", "default")),
            ],
        ),
        (lead(2, "AWS::ECS::Cluster", "main"), [TASKS]),
        (lead(2, "AWS::ECS::Cluster", CLUSTER), [TASKS]),
        (lead(2, "AWS::ECS::Service", "not an arn"), []),
        (lead(2, "AWS::EC2::VPC", "vpc-1"), []),
    ],
    ids=[
        "nested",
        "nested without id",
        "itself",
        "service",
        "short ARN",
        "short ARN with a cluster's ARN",
        "short ARN of the default cluster",
        "cluster by name",
        "cluster by ARN",
        "nonsense",
        "other",
    ],
)
def test_resources_lead_to_streams(resource: dict[str, str], streams: list[Stream]) -> None:
    """Pointing at one stack is enough."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), resource)
    assert list(batch(StackEvents(), aws, STACK).found) == streams


def test_a_resource_is_gone_once_its_last_event_calls_it_deleted() -> None:
    """A cluster that was deleted is not one that is yet to come; one made anew under its name is there."""
    made = {"ResourceStatus": "CREATE_COMPLETE"}
    unmade = {"ResourceStatus": "DELETE_COMPLETE"}
    service = lead(2, "AWS::ECS::Service", SERVICE, **made)
    history = [itself(1, "UPDATE_IN_PROGRESS"), service, lead(3, "AWS::ECS::Cluster", "main", **unmade)]
    assert batch(StackEvents(), aws_with(*history), STACK).gone == (TASKS,)
    again = lead(4, "AWS::ECS::Cluster", "main", **made)
    assert batch(StackEvents(), aws_with(*history, again), STACK).gone == ()


def test_a_deleted_service_says_nothing_about_its_cluster() -> None:
    """The cluster may outlive it, with the other services."""
    end = lead(2, "AWS::ECS::Service", SERVICE, ResourceStatus="DELETE_COMPLETE")
    answer = batch(StackEvents(), aws_with(itself(1, "DELETE_IN_PROGRESS"), end), STACK)
    assert answer.gone == (Stream("services", SERVICE),)


def test_new_events_of_a_resource_make_its_streams_due() -> None:
    """An idle nested stack is not polled by itself; its parent's event says that it moves."""
    source = StackEvents()
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"))
    position = after(source, batch(source, aws, STACK))
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), lead(2, "AWS::CloudFormation::Stack", CHILD))
    assert batch(source, aws, STACK, position).moved == (Stream("stack_events", CHILD),)


def test_resources_that_no_event_of_this_operation_names_are_found_too() -> None:
    """An update that leaves a service alone can still break it."""
    aws = aws_with(itself(1, "UPDATE_IN_PROGRESS"))
    aws.on(DESCRIBE, {"Stacks": [{"StackId": STACK}]})
    standing = {"ResourceType": "AWS::ECS::Service", "PhysicalResourceId": SERVICE}
    aws.on(RESOURCES, {"StackResourceSummaries": [standing]})
    assert batch(StackEvents(), aws, STACK).found == (Stream("services", SERVICE), TASKS)


def test_a_name_leads_to_the_arn_and_ends() -> None:
    """After a rollback's delete the name finds nothing, or another stack."""
    answer = batch(StackEvents(), aws_with(itself(1, "CREATE_IN_PROGRESS")), "shop")
    assert answer.found == (Stream("stack_events", STACK),)
    assert answer.is_ended
    assert answer.facts == ()


def test_a_name_that_does_not_exist_yet_is_not_found() -> None:
    """Somebody may be about to create it."""
    aws = ScriptedAws()
    aws.on(EVENTS, NotFound("Stack [shop] does not exist"))
    answer = poll(StackEvents(), aws, "shop")
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, NotFound)


def test_denied_extras_are_noted_once_a_poll_and_cost_nothing_else() -> None:
    """The least permission is DescribeStackEvents alone."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"))
    answer = batch(StackEvents(), aws, STACK)
    assert ids(answer) == ["e1"]
    assert [type(note) for note in answer.notes] == [AccessDenied, AccessDenied]
    assert {note.operation for note in answer.notes} == {DESCRIBE, RESOURCES}


def test_an_event_without_an_id_is_kept() -> None:
    """One poisonous event must not stop the stream."""
    broken = {key: value for key, value in event(2).items() if key != "EventId"}
    source, aws = StackEvents(), aws_with(itself(1, "CREATE_IN_PROGRESS"), broken)
    first = batch(source, aws, STACK)
    assert ids(first)[1].startswith("digest:")
    assert ids(batch(source, aws, STACK, after(source, first), polled_at=NOON)) == []


def test_times_that_are_none_are_left_out() -> None:
    """The payload keeps what AWS wrote."""
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), event(2, Timestamp="yesterday"))
    fact = batch(StackEvents(), aws, STACK).facts[1]
    assert fact.time is None
    assert fact.data["Timestamp"] == "yesterday"


def test_a_description_is_never_taken_for_what_the_survey_said() -> None:
    """Both are about one stack, and AWS may give both the same content: an archive keeps each key once."""
    same = {"StackId": STACK, "StackName": "shop", "StackStatus": "CREATE_COMPLETE"}
    aws = aws_with(itself(1, "CREATE_IN_PROGRESS"), itself(2, "CREATE_COMPLETE"))
    aws.on(DESCRIBE, {"Stacks": [same]})
    aws.on("cloudformation:ListStacks", {"StackSummaries": [same]})
    survey = Stacks(lambda _name, _arn: True)
    (summary,) = batch(survey, aws, survey_of(STACK)).facts
    (description,) = (fact for fact in batch(StackEvents(), aws, STACK).facts if fact.type == DESCRIPTION)
    assert (summary.source, summary.data) == (description.source, description.data)
    assert summary.id != description.id


def test_a_stack_that_is_as_it_was_described_is_not_described_again() -> None:
    """The position tells a change by the digest, whatever stands before it in the key."""
    source, aws = StackEvents(), aws_with(itself(1, "CREATE_IN_PROGRESS"), itself(2, "CREATE_COMPLETE"))
    aws.on(DESCRIBE, {"Stacks": [{"StackId": STACK, "StackName": "shop"}]})
    position = after(source, batch(source, aws, STACK))
    aws.on(
        EVENTS,
        {
            "StackEvents": [
                itself(n, s)
                for n, s in ((4, "UPDATE_COMPLETE"), (3, "UPDATE_IN_PROGRESS"), (2, "CREATE_COMPLETE"))
            ]
        },
    )
    assert [fact.id for fact in batch(source, aws, STACK, position, polled_at=NOON).facts] == ["e3", "e4"]
