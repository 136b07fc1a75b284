"""The endpoint on the raw wire: fields nobody knows yet, and errors in AWS's own shapes."""

from collections.abc import Iterator

import pytest

from forensics.model.wire import read_error, read_xml
from forensics.serve.pages import write_token
from tests.support.clients import Served, served
from tests.support.histories import facts, payloads, service, stack, task


@pytest.fixture(scope="module")
def aws() -> Iterator[Served]:
    with served() as found:
        yield found


def test_invented_fields_of_stacks_survive(aws: Served) -> None:
    """AWS adds fields before the SDK knows them; the wire must carry them to the recorder."""
    built = stack("Shop").event(
        "Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=1, Invented={"Deep": ["a", "b"]}
    )
    history = facts(built.description(at=2, StackStatus="X", Invented=[{"Key": "<&>\r\n"}]))
    aws.play(history, at=3)
    events = read_xml(aws.query("DescribeStackEvents", StackName="Shop"), "DescribeStackEvents")
    assert events["StackEvents"] == payloads(history, "aws.cloudformation.stack_event")[::-1]
    stacks = read_xml(aws.query("DescribeStacks"), "DescribeStacks")
    assert stacks == {"Stacks": payloads(history, "aws.cloudformation.stack_description")}


def test_invented_fields_of_services_and_tasks_survive(aws: Served) -> None:
    """The same for the JSON protocol, numbers and nulls included."""
    api = service("api", invented=[1, 2.5, None, {"a": True}]).event("x", at=1, invented="y")
    api.task_definition(invented={"z": []})
    history = facts(api, task("api", at=2, invented=10**15))
    aws.play(history, at=3)
    shown = aws.json("DescribeServices", cluster="main", services=["api"])["services"][0]
    assert shown.pop("events") == payloads(history, "aws.ecs.service_event")
    assert [shown] == payloads(history, "aws.ecs.service")
    listed = aws.json("ListTasks", cluster="main", desiredStatus="STOPPED")["taskArns"]
    assert aws.json("DescribeTasks", cluster="main", tasks=listed)["tasks"] == payloads(
        history, "aws.ecs.task"
    )
    defined = aws.json("DescribeTaskDefinition", taskDefinition="api:1")
    assert [defined["taskDefinition"]] == payloads(history, "aws.ecs.task_definition")


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "message"),
    [
        ("DescribeStackEvents", {"StackName": "No"}, "ValidationError", "Stack [No] does not exist"),
        ("DescribeStackEvents", {}, "ValidationError", "StackName cannot be empty."),
        (
            "DescribeStackEvents",
            {"StackName": "Shop", "NextToken": "x"},
            "ValidationError",
            "NextToken is not valid.",
        ),
        (
            "DescribeStackEvents",
            {"StackName": "Shop", "NextToken": "é"},
            "ValidationError",
            "NextToken is not valid.",
        ),
        ("DescribeStacks", {"StackName": "No"}, "ValidationError", "Stack with id No does not exist"),
        ("ListStacks", {"NextToken": "WyJhIiwxXQ"}, "ValidationError", "NextToken is not valid."),
        ("ListStackResources", {"StackName": "No"}, "ValidationError", "Stack with id No does not exist"),
        ("DropTables", {}, "InvalidAction", "Could not find operation DropTables for version 2010-05-15"),
        ("", {}, "MissingAction", "The request must contain the parameter Action."),
    ],
)
def test_query_errors_have_awss_shape(
    aws: Served, operation: str, parameters: dict[str, str], code: str, message: str
) -> None:
    """What the history does not hold is an AWS error, never an invention."""
    aws.play(facts(stack("Shop")), at=1)
    assert read_error(aws.query(operation, **parameters), "query", 400) == (code, message)


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("DescribeServices", {"services": ["api"]}, "ClusterNotFoundException"),
        ("DescribeServices", {"cluster": "main", "services": []}, "InvalidParameterException"),
        ("DescribeServices", {"cluster": "main", "services": "api"}, "InvalidParameterException"),
        ("DescribeServices", {"cluster": "main", "services": ["a"] * 11}, "InvalidParameterException"),
        ("DescribeServices", {"cluster": 7, "services": ["a"]}, "InvalidParameterException"),
        ("DescribeTasks", {"cluster": "main", "tasks": ["a"] * 101}, "InvalidParameterException"),
        ("ListTasks", {"cluster": "main", "desiredStatus": "DEAD"}, "InvalidParameterException"),
        ("ListTasks", {"cluster": "main", "daemonName": "d"}, "InvalidParameterException"),
        ("ListTasks", {"cluster": "main", "maxResults": 101}, "InvalidParameterException"),
        ("ListTasks", {"cluster": "main", "nextToken": "x"}, "InvalidParameterException"),
        ("ListTasks", {"cluster": "main", "serviceName": "no"}, "ServiceNotFoundException"),
        ("ListServices", {"cluster": "no"}, "ClusterNotFoundException"),
        ("ListServiceDeployments", {"cluster": "main"}, "InvalidParameterException"),
        ("ListServiceDeployments", {"cluster": "main", "service": "no"}, "ServiceNotFoundException"),
        ("DescribeServiceDeployments", {"serviceDeploymentArns": ["a"] * 21}, "InvalidParameterException"),
        ("DescribeTaskDefinition", {"taskDefinition": "no"}, "ClientException"),
        ("DeleteCluster", {"cluster": "main"}, "UnknownOperationException"),
    ],
)
def test_json_errors_have_awss_shape(
    aws: Served, operation: str, parameters: dict[str, object], code: str
) -> None:
    """The same for ECS, whose errors are JSON."""
    aws.play(facts(service("api")), at=1)
    answer = aws.json(operation, **parameters)
    assert answer["__type"] == code
    assert answer["message"]


@pytest.mark.parametrize("anchor", [-1, 2, "a"], ids=["negative", "beyond the end", "no number"])
def test_tokens_that_point_outside_a_stacks_events_are_refused(aws: Served, anchor: int | str) -> None:
    """A made-up token must not give a page that passes for the stack's end."""
    built = stack("Shop")
    aws.play(facts(built), at=1)
    token = write_token(f"DescribeStackEvents {built.arn}", anchor)
    answer = aws.query("DescribeStackEvents", StackName="Shop", NextToken=token)
    assert read_error(answer, "query", 400) == ("ValidationError", "NextToken is not valid.")


@pytest.mark.parametrize(
    ("role", "seconds"),
    [
        ("arn:aws:iam::123456789012:user/me", "900"),
        ("role", "900"),
        ("arn:aws:iam::123456789012:role/r", "899"),
        ("arn:aws:iam::123456789012:role/r", "43201"),
        ("arn:aws:iam::123456789012:role/r", "²"),
    ],
    ids=["a user", "no arn", "too short", "too long", "no number"],
)
def test_roles_that_cannot_be_assumed_are_refused(aws: Served, role: str, seconds: str) -> None:
    """The bounds are those of AWS."""
    answer = aws.query(
        "AssumeRole", service="sts", RoleArn=role, RoleSessionName="me", DurationSeconds=seconds
    )
    assert read_error(answer, "query", 400)[0] == "ValidationError"


def test_requests_without_a_signature_are_refused(aws: Served) -> None:
    """A client without credentials must hear so, in its own protocol."""
    target = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    status, body, _ = aws.post(b"{}", service="ecs", headers=target, key=None)
    assert (status, read_error(body, "json", status)[0]) == (400, "MissingAuthenticationTokenException")
    status, body, _ = aws.post(b"Action=ListStacks&Version=2010-05-15", service="cloudformation", key=None)
    assert (status, read_error(body, "query", status)[0]) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_bodies_that_are_no_json_are_refused(aws: Served, body: bytes) -> None:
    """A broken request is the client's fault, not a crash."""
    target = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    status, answer, _ = aws.post(body, service="ecs", headers=target)
    assert (status, read_error(answer, "json", status)[0]) == (400, "SerializationException")


def test_what_xml_cannot_carry_is_an_internal_failure(aws: Served) -> None:
    """AWS cannot have sent it by this protocol, so neither does the endpoint."""
    aws.play(facts(stack("Shop").event("A", "T", "X", at=1, reason="\x1b[31m")), at=2)
    body = b"Action=DescribeStackEvents&Version=2010-05-15&StackName=Shop"
    status, answer, _ = aws.post(body, service="cloudformation")
    assert (status, read_error(answer, "query", status)[0]) == (500, "InternalFailure")


def test_answers_carry_a_request_id_and_the_virtual_date(aws: Served) -> None:
    """The recorder measures the skew between the clocks from the Date header."""
    aws.play(facts(stack("Shop")), at=30)
    _, body, headers = aws.post(b"Action=ListStacks&Version=2010-05-15", service="cloudformation")
    assert headers["date"] == "Thu, 15 Jan 2026 12:00:30 GMT"
    assert headers["x-amzn-requestid"].encode() in body
    assert headers["content-type"] == "text/xml"
