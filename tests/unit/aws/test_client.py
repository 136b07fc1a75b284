"""The door over real HTTP: bodies as they came, every kind of trouble named, nothing asked too often."""

import gzip
import ipaddress
import random
import ssl
import threading
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.errors import (
    AccessDenied,
    AwsError,
    CredentialsExpired,
    CredentialsInvalid,
    NotFound,
    ServerFault,
    Throttled,
    Undecodable,
    Unreachable,
    UsageError,
)
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.unit.aws.conftest import API, GENEROUS, SECRET, SHOP, TOKEN
from tests.unit.aws.tiny_server import Answer, serving

EVENTS = "cloudformation:DescribeStackEvents"
TASKS = "ecs:ListTasks"
JSON = {"Content-Type": "application/x-amz-json-1.1"}


def test_fields_that_the_sdk_does_not_know_arrive_over_both_protocols(door: Client) -> None:
    """The parser of botocore would drop them."""
    events = door.call(EVENTS, StackName=SHOP.arn).values()["StackEvents"]
    assert {"NewField": "kept"}.items() <= events[0].items()
    services = door.call("ecs:DescribeServices", cluster=API.cluster_arn, services=[API.arn]).values()
    assert services["services"][0]["inventedField"] == {"a": [1, None]}


def test_the_body_is_what_came_over_the_wire(keys: None, door_to: Callable[..., Client]) -> None:
    """The fast path and the archive rest on the bytes themselves."""
    body = b'{"taskArns": ["a"],   "new": 1.50}'
    with serving((200, JSON, body)) as server:
        assert door_to(server.url).call(TASKS, cluster="c").body == body


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ExpiredToken", CredentialsExpired),
        ("InvalidClientTokenId", CredentialsInvalid),
        ("AccessDenied", AccessDenied),
        ("ValidationError", AwsError),
    ],
)
@pytest.mark.parametrize("operation", [EVENTS, TASKS])
def test_an_error_of_aws_is_named_and_not_asked_again(
    door: Client, player: FaultyPlayer, error: str, kind: type[AwsError], operation: str
) -> None:
    """The supervisor decides by the class; asking again would only cost calls."""
    player.faults.fail(operation, error=error, times=None)
    parameters = {"StackName": "x"} if operation == EVENTS else {"cluster": "x"}
    with pytest.raises(AwsError) as caught:
        door.call(operation, **parameters)
    assert type(caught.value) is kind
    assert caught.value.operation == operation
    assert player.faults.calls(operation) == 1


def test_a_stack_that_does_not_exist_is_not_found(door: Client) -> None:
    """CloudFormation says ValidationError for it; only the text tells."""
    with pytest.raises(NotFound, match="does not exist"):
        door.call(EVENTS, StackName="nowhere")


def test_a_denied_call_names_the_action_that_is_missing(door: Client, player: FaultyPlayer) -> None:
    """That is what a person has to put into the policy."""
    player.faults.fail(TASKS, error="AccessDenied")
    with pytest.raises(AccessDenied) as caught:
        door.call(TASKS, cluster="x")
    assert "ecs:ListTasks" in str(caught.value.hint)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda faults: faults.fail(EVENTS, error="Throttling", times=2),
        lambda faults: faults.fail(EVENTS, error="ServiceUnavailable", times=2),
        lambda faults: faults.status(EVENTS, 502, body=b"<html>Bad Gateway</html>", times=2),
        lambda faults: faults.reset(EVENTS, times=2),
        lambda faults: faults.truncate(EVENTS, times=2),
        lambda faults: faults.truncate(EVENTS, keep=0.0, times=2),
    ],
    ids=["throttled", "unavailable", "proxy page", "reset", "truncated", "nothing"],
)
def test_passing_trouble_is_waited_out(
    door: Client, player: FaultyPlayer, break_it: Callable[[object], None]
) -> None:
    """A lost packet must not cost a poll."""
    break_it(player.faults)
    assert door.call(EVENTS, StackName=SHOP.arn).values()["StackEvents"]
    assert player.faults.calls(EVENTS) == 3
    assert door.counts()[EVENTS].retries == 2


def test_retrying_ends_with_the_deadline(door: Client, player: FaultyPlayer, clock: ManualClock) -> None:
    """One dead endpoint must not hold a thread of the pool."""
    player.faults.fail(EVENTS, error="ServiceUnavailable", times=None)
    began_s = clock.monotonic()
    with pytest.raises(ServerFault):
        door.call(EVENTS, StackName=SHOP.arn)
    assert clock.monotonic() - began_s <= ClientOptions().deadline_s
    assert door.counts()[EVENTS].failures == 1


def test_retries_leave_the_shared_random_numbers_alone(
    door: Client, player: FaultyPlayer, clock: ManualClock
) -> None:
    """A door retries on threads of its own: who seeded the shared generator counts on it."""
    player.faults.fail(EVENTS, error="Throttling", times=None)
    before = random.getstate()
    with pytest.raises(Throttled):
        door.call(EVENTS, StackName=SHOP.arn)
    assert door.counts()[EVENTS].retries > 3
    assert random.getstate() == before


def test_a_throttle_halves_the_rate_and_is_counted(
    player: FaultyPlayer, clock: ManualClock, keys: None
) -> None:
    """The deployment needs the account's calls more than we do."""
    budget = Budget(GENEROUS)
    door = Client(ClientOptions(region="us-east-1", endpoint_url=player.url), clock, budget)
    full = budget.rate("us-east-1", EVENTS, clock.monotonic())
    player.faults.fail(EVENTS, error="Throttling", times=None)
    with pytest.raises(Throttled):
        door.call(EVENTS, StackName=SHOP.arn)
    assert budget.rate("us-east-1", EVENTS, clock.monotonic()) < full / 2
    assert door.counts()[EVENTS].throttles == player.faults.calls(EVENTS)


def test_calls_wait_for_the_budget(player: FaultyPlayer, clock: ManualClock, keys: None) -> None:
    """Ten calls at one a second, three of them at once, take seven seconds of the door's clock."""
    slow = Budget(BudgetOptions(rates={TASKS: Rate(burst=3, per_s=1)}))
    door = Client(ClientOptions(region="us-east-1", endpoint_url=player.url), clock, slow)
    began_s = clock.monotonic()
    for _ in range(10):
        door.call(TASKS, cluster=API.cluster_arn)
    assert clock.monotonic() - began_s == pytest.approx(7)


def test_a_budget_that_is_used_up_is_said_and_sends_nothing(
    player: FaultyPlayer, clock: ManualClock, keys: None
) -> None:
    """Waiting longer than the deadline would be a stuck thread."""
    none = Budget(BudgetOptions(rates={TASKS: Rate(burst=1, per_s=0.001)}))
    door = Client(ClientOptions(region="us-east-1", endpoint_url=player.url), clock, none)
    door.call(TASKS, cluster=API.cluster_arn)
    with pytest.raises(Throttled, match="budget"):
        door.call(TASKS, cluster=API.cluster_arn)
    assert player.faults.calls(TASKS) == 1


def test_stopping_ends_every_wait(player: FaultyPlayer, clock: ManualClock, keys: None) -> None:
    """SIGTERM has 25 seconds for everything."""
    stop = threading.Event()
    options = ClientOptions(region="us-east-1", endpoint_url=player.url)
    door = Client(options, clock, Budget(GENEROUS), stop=stop)
    stop.set()
    began_s = clock.monotonic()
    with pytest.raises(Unreachable, match="stopping"):
        door.call(TASKS, cluster=API.cluster_arn)
    assert clock.monotonic() == began_s
    assert player.faults.calls(TASKS) == 0


@pytest.mark.parametrize("broken", ["html", "malformed", "empty", "cut"])
@pytest.mark.parametrize("operation", [EVENTS, TASKS])
def test_an_answer_that_is_none_keeps_its_bytes(
    door: Client, player: FaultyPlayer, broken: str, operation: str
) -> None:
    """A captive portal answers 200; what it said is evidence."""
    getattr(player.faults, broken)(operation)
    known = {"StackName": SHOP.arn} if operation == EVENTS else {"cluster": API.cluster_arn}
    reply = door.call(operation, **known)
    with pytest.raises(Undecodable) as caught:
        reply.values()
    assert caught.value.body == reply.body
    assert player.faults.struck[operation] == 1


def test_an_endpoint_that_never_answers_is_given_up(
    player: FaultyPlayer, door_to: Callable[..., Client], keys: None
) -> None:
    """The connection stands and nothing comes: only a time limit helps."""
    player.faults.hang(TASKS, times=None)
    door = door_to(player.url, read_timeout_s=0.05, deadline_s=0.5)
    with pytest.raises(Unreachable) as caught:
        door.call(TASKS, cluster="x")
    assert "timeout" in caught.value.message.lower()


def test_an_answer_that_drips_is_given_up(player: FaultyPlayer, keys: None) -> None:
    """Each byte comes within the read time limit; the whole would take minutes."""

    class Hurried(ManualClock):
        def monotonic(self) -> float:
            self.advance(0.2)  # each look at the clock finds time gone
            return super().monotonic()

    player.faults.drip(EVENTS, every_s=0.002, times=None)
    options = ClientOptions(region="us-east-1", endpoint_url=player.url, deadline_s=5)
    door = Client(options, Hurried(), Budget(GENEROUS))
    with pytest.raises(Unreachable, match="in time"):
        door.call(EVENTS, StackName=SHOP.arn)


def test_a_port_where_nobody_listens_is_unreachable(door_to: Callable[..., Client], keys: None) -> None:
    """With a hint to look at the endpoint."""
    with pytest.raises(Unreachable) as caught:
        door_to("http://127.0.0.1:1").call(TASKS, cluster="x")
    assert "--endpoint-url" in str(caught.value.hint)


def test_an_endpoint_that_is_no_url_is_a_usage_error(door_to: Callable[..., Client], keys: None) -> None:
    """A flag is wrong, not AWS."""
    with pytest.raises(UsageError, match="nonsense"):
        door_to("nonsense").call(TASKS, cluster="x")


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)], ids=["gzip", "deflate"]
)
def test_a_compressed_answer_is_unpacked(
    keys: None, door_to: Callable[..., Client], encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """We do not ask for it, but a proxy may do it."""
    packed = pack(b'{"taskArns": ["a"]}')
    with serving((200, {**JSON, "Content-Encoding": encoding}, packed)) as server:
        assert door_to(server.url).call(TASKS, cluster="c").values() == {"taskArns": ["a"]}


def test_a_compression_bomb_is_refused(keys: None, door_to: Callable[..., Client]) -> None:
    """Memory must stay bounded whatever comes."""
    bomb = gzip.compress(b" " * 5_000_000)
    with serving((200, {"Content-Encoding": "gzip"}, bomb)) as server:
        door = door_to(server.url, max_body_bytes=1_000_000)
        with pytest.raises(Undecodable, match="longer than 1000000 bytes"):
            door.call(TASKS, cluster="c")


def test_a_body_without_end_is_refused(keys: None, door_to: Callable[..., Client]) -> None:
    """Also where it is not compressed."""
    with serving((200, JSON, b" " * 3_000_000)) as server, pytest.raises(Undecodable, match="longer"):
        door_to(server.url, max_body_bytes=1_000_000).call(TASKS, cluster="c")


def test_broken_compression_keeps_its_bytes(keys: None, door_to: Callable[..., Client]) -> None:
    """It is an answer that cannot be read, like any other."""
    with (
        serving((200, {"Content-Encoding": "gzip"}, b"not gzip")) as server,
        pytest.raises(Undecodable) as caught,
    ):
        door_to(server.url).call(TASKS, cluster="c")
    assert caught.value.body == b"not gzip"


def test_a_request_is_the_one_that_boto3_sends(keys: None, door_to: Callable[..., Client]) -> None:
    """Parameters are encoded by us; the signature is over what is sent, and AWS takes nothing else."""
    bodies: list[bytes] = []

    def answer(_path: str, body: bytes) -> Answer:
        bodies.append(body)
        return 200, {}, b"<r><ListStacksResult/></r>"

    asked = {"NextToken": "a+b/c=& ü\u20ac~*", "StackStatusFilter": ["CREATE_COMPLETE", "DELETE_FAILED"]}
    with serving(answer) as server:
        door_to(server.url).call("cloudformation:ListStacks", **asked)
        client = boto3.client("cloudformation", region_name="us-east-1", endpoint_url=server.url)
        client.list_stacks(**asked)
    assert bodies[0] == bodies[1]
    assert b"StackStatusFilter.member.2=DELETE_FAILED" in bodies[0]


def test_connections_are_used_again(keys: None, door_to: Callable[..., Client]) -> None:
    """A TLS handshake for each poll would cost more than the poll."""
    with serving((200, JSON, b"{}")) as server:
        door = door_to(server.url)
        for _ in range(5):
            door.call(TASKS, cluster="c")
        assert (server.connections, len(server.paths)) == (1, 5)


def test_many_threads_share_a_door(door: Client) -> None:
    """Polls run on a pool; none may get the answer of another."""
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(10):
            if number % 2:
                found = door.call(EVENTS, StackName=SHOP.arn).values().get("StackEvents")
            else:
                found = door.call(TASKS, cluster=API.cluster_arn).values().get("taskArns")
            if found is None:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sum(counts.calls for counts in door.counts().values()) == 80


def test_who_we_are_is_told_without_secrets(door: Client) -> None:
    """It goes into the archive."""
    told = door.whoami()
    assert set(told) == {"account", "arn", "source", "region", "expires_at"}
    assert (told["source"], told["region"], told["account"]) == ("env", "us-east-1", "123456789012")
    assert SECRET not in str(told)
    assert TOKEN not in str(told)


def test_the_skew_of_our_clock_comes_from_the_answers(player: FaultyPlayer, keys: None) -> None:
    """AWS refuses signatures that are five minutes off; the archive must say whose clock was wrong."""
    ours = ManualClock()  # the endpoint's stands ten seconds later
    ours.advance(430)
    door = Client(ClientOptions(region="us-east-1", endpoint_url=player.url), ours, Budget(GENEROUS))
    assert door.skew() is None
    door.call(TASKS, cluster=API.cluster_arn)
    assert door.skew() == pytest.approx(420, abs=2)


def test_an_operation_that_the_sdk_does_not_know_is_an_error_of_ours(door: Client) -> None:
    """An older botocore lacks the newest operations; optional ones are then done without."""
    with pytest.raises(AwsError) as caught:
        door.call("ecs:ListWonders")
    assert caught.value.code == "UnknownOperation"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"])
def test_endpoint_variables_of_aws_are_followed(
    player: FaultyPlayer,
    door_to: Callable[..., Client],
    keys: None,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Users have their settings already."""
    monkeypatch.setenv(variable, player.url)
    asked = {"cluster": API.cluster_arn, "desiredStatus": "STOPPED"}
    assert door_to(None).call(TASKS, **asked).values()["taskArns"]


def test_a_proxy_of_the_environment_is_used(
    keys: None, door_to: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Companies often allow no other way out."""
    with serving((200, JSON, b'{"taskArns": []}')) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        door_to("http://ecs.invalid").call(TASKS, cluster="c")
        assert proxy.paths == ["http://ecs.invalid/"]


def test_a_proxy_that_refuses_is_not_taken_for_iam(keys: None, door_to: Callable[..., Client]) -> None:
    """A firewall's 403 page must not be recorded as a missing permission."""
    with serving((403, {}, b"<html>Forbidden by policy</html>")) as server, pytest.raises(Unreachable):
        door_to(server.url).call(TASKS, cluster="c")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no list of authorities has, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a company's own")])
    begins_at = datetime(2020, 1, 1, tzinfo=UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begins_at, datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_a_companys_own_certificates_are_accepted_where_they_are_named(
    keys: None, door_to: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """Proxies that look into TLS need AWS_CA_BUNDLE; without it the connection is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving((200, JSON, b'{"taskArns": []}'), context=context) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            door_to(url, deadline_s=0).call(TASKS, cluster="c")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        assert door_to(url).call(TASKS, cluster="c").values() == {"taskArns": []}


def test_aws_is_told_who_asks(keys: None, door_to: Callable[..., Client]) -> None:
    """CloudTrail shows it to whoever wonders about the calls."""
    with serving((200, JSON, b"{}")) as server:
        door_to(server.url).call(TASKS, cluster="c")
        assert server.agents[0].startswith("deploy-forensics/")


def test_a_signature_error_does_not_show_the_session_token(door: Client, player: FaultyPlayer) -> None:
    """AWS quotes the request that should have been signed, the token in it."""
    quoted = f"does not match. The Canonical String for this request should have been\n'{TOKEN}'"
    player.faults.fail(TASKS, error="InvalidSignatureException", message=f"{SECRET} {quoted}")
    with pytest.raises(CredentialsInvalid) as caught:
        door.call(TASKS, cluster="x")
    assert SECRET not in caught.value.message
    assert TOKEN not in caught.value.message
    assert "does not match" in caught.value.message
