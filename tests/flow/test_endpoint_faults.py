"""The fault layer: each kind of trouble reaches a client as the trouble it is meant to be."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from forensics.model.wire import WireError, read_json, read_xml
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.clock import ManualClock
from tests.support.faults import HTML, Faults, FaultyPlayer
from tests.support.histories import facts, service, stack, tasks

EVENTS = "cloudformation:DescribeStackEvents"
# One session keeps the service models that it has read.
_SESSION = boto3.session.Session()


class Broken:
    """A served endpoint with faults, and clients that do not retry."""

    def __init__(self, player: FaultyPlayer) -> None:
        self.url = player.url
        self.faults: Faults = player.faults

    def client(self, name: str, key: str = "AKIAONE") -> Any:
        return _SESSION.client(
            name,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=0.3),
        )

    def walk(self) -> int:
        """Read all pages of the stack's events; return how many events came."""
        pages = (
            self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName="Shop")
        )
        return sum(len(page["StackEvents"]) for page in pages)

    def raw(self) -> bytes:
        """Send one request by hand; return everything that comes until the connection closes."""
        port = int(self.url.rsplit(":", 1)[1])
        body = b"Action=DescribeStackEvents&Version=2010-05-15&StackName=Shop"
        signature = b"Credential=AKIAONE/20260115/us-east-1/cloudformation/aws4_request"
        head = b"POST / HTTP/1.1\r\nauthorization: %b\r\n" % signature
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.fixture
def broken() -> Iterator[Broken]:
    built = stack("Shop")
    for number in range(250):
        built.event(f"R{number}", "AWS::X::Y", "CREATE_COMPLETE", at=number / 10)
    clock = ManualClock()
    clock.advance(100)
    history = History.of(facts(built, service("api"), *tasks("api", 3, at=5)))
    with FaultyPlayer(Endpoint(history, clock)) as player:
        yield Broken(player)


def test_without_rules_everything_is_answered(broken: Broken) -> None:
    """The layer itself must add no trouble."""
    assert broken.walk() == 251
    assert broken.client("ecs").list_clusters()["clusterArns"]
    assert broken.faults.calls() == 4
    assert not broken.faults.struck


@pytest.mark.parametrize(
    ("error", "query", "json"),
    [
        ("Throttling", ("Throttling", 400), ("ThrottlingException", 400)),
        ("ExpiredToken", ("ExpiredToken", 403), ("ExpiredTokenException", 400)),
        ("AccessDenied", ("AccessDenied", 403), ("AccessDeniedException", 400)),
        ("InvalidClientTokenId", ("InvalidClientTokenId", 403), ("UnrecognizedClientException", 400)),
        ("ServiceUnavailable", ("ServiceUnavailable", 503), ("ServerException", 500)),
        ("SomethingElse", ("SomethingElse", 400), ("SomethingElse", 400)),
    ],
)
def test_errors_are_spelled_as_each_protocol_spells_them(
    broken: Broken, error: str, query: tuple[str, int], json: tuple[str, int]
) -> None:
    """The recorder must know both spellings of the same trouble."""
    broken.faults.fail("*", error=error, times=None)
    for call, expected in ((broken.walk, query), (broken.client("ecs").list_clusters, json)):
        with pytest.raises(ClientError) as refused:
            call()
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == expected


def test_a_rule_strikes_as_often_as_it_says(broken: Broken) -> None:
    """Tests of retries count on it."""
    broken.faults.fail(EVENTS, times=2, skip=1)
    client = broken.client("cloudformation")
    outcomes = []
    for _ in range(4):
        try:
            client.describe_stack_events(StackName="Shop")
            outcomes.append("ok")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    assert outcomes == ["ok", "Throttling", "Throttling", "ok"]
    assert broken.faults.struck == {EVENTS: 2}


def test_a_rule_may_strike_one_page_only(broken: Broken) -> None:
    """A walk that breaks off on its second page must not lose the first for good."""
    broken.faults.fail(EVENTS, page=2, times=2)
    for _ in range(2):
        with pytest.raises(ClientError, match="Rate exceeded"):
            broken.walk()
    assert broken.walk() == 251
    assert broken.faults.calls(EVENTS) == 2 + 2 + 3


def test_a_rule_may_strike_one_access_key_only(broken: Broken) -> None:
    """One key expires while another is good."""
    broken.faults.fail("*", error="ExpiredToken", access_key="AKIAOLD", times=None)
    with pytest.raises(ClientError, match="ExpiredToken"):
        broken.client("ecs", "AKIAOLD").list_clusters()
    assert broken.client("ecs", "AKIANEW").list_clusters()["clusterArns"]


def test_clearing_ends_the_trouble(broken: Broken) -> None:
    """A test can say when AWS is well again."""
    broken.faults.reset("*", times=None)
    broken.faults.clear()
    assert broken.walk() == 251


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda faults: faults.reset(EVENTS), ConnectionClosedError),
        (lambda faults: faults.hang(EVENTS), ReadTimeoutError),
        (lambda faults: faults.status(EVENTS, 503), ClientError),
        (lambda faults: faults.malformed(EVENTS), ResponseParserError),
        (lambda faults: faults.empty(EVENTS), ResponseParserError),
        (lambda faults: faults.cut(EVENTS), ResponseParserError),
    ],
    ids=["reset", "hang", "503", "malformed", "empty", "cut"],
)
def test_trouble_on_the_line_reaches_the_client(
    broken: Broken, break_it: Callable[[Faults], None], expected: type[Exception]
) -> None:
    """What botocore makes of each fault shows that it really happened."""
    break_it(broken.faults)
    with pytest.raises(expected):
        broken.walk()
    assert broken.faults.struck == {EVENTS: 1}
    assert broken.walk() == 251


def test_a_truncated_body_is_shorter_than_it_claims(broken: Broken) -> None:
    """Only the length gives it away, not the end of the connection."""
    broken.faults.truncate(EVENTS, keep=0.25)
    head, _, body = broken.raw().partition(b"\r\n\r\n")
    claimed = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(body) == claimed // 4
    with pytest.raises(WireError):
        read_xml(body, "DescribeStackEvents")


def test_a_page_for_people_comes_with_status_200(broken: Broken) -> None:
    """A captive portal answers everything, and the codec must refuse it in both protocols."""
    broken.faults.html(EVENTS)
    head, _, body = broken.raw().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == HTML
    for read in (lambda: read_xml(body, "DescribeStackEvents"), lambda: read_json(body)):
        with pytest.raises(WireError):
            read()


def test_a_dripping_answer_arrives_whole_in_the_end(broken: Broken) -> None:
    """Every byte resets a read timeout, so only a deadline for the whole call ends it."""
    broken.faults.drip(EVENTS, every_s=0.0)
    _, _, body = broken.raw().partition(b"\r\n\r\n")
    assert len(read_xml(body, "DescribeStackEvents")["StackEvents"]) == 100


def test_leaving_closes_connections_that_hang(broken: Broken) -> None:
    """A silent server must not keep a test from ending."""
    broken.faults.hang(EVENTS)
    broken.faults.release()
    assert broken.raw() == b""
