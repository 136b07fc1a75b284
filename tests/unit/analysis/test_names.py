"""Names are names: what they are called, how long they are and how they sort changes no cause."""

import pytest

from forensics.analysis.classify import HEAD_WORDS, TAIL_WORDS, classify, sentence
from forensics.analysis.diagnose import diagnose
from forensics.analysis.names import without_names
from tests.unit.analysis.records import ACCOUNT, REGION, SERVICE, STACK, Book, deployment_of
from tests.unit.analysis.test_patterns import scheduled

LONG = "a-name-as-long-as-aws-allows-one-to-be-" * 6
FULL = "the disk is full: no space left on device"


@pytest.mark.parametrize(
    ("text", "names", "shown"),
    [
        ("(service not-found) has begun", (), "(service xxx-xxxxx) has begun"),
        ("failed to create: [NotFoundPage, Other]. ", (), "failed to create: [xxxxxxxxxxxx, xxxxx]. "),
        ("role arn:aws:iam::1:role/AccessDenied is", (), "role arn:aws:iam::1:role/xxxxxxxxxxxx is"),
        ("pull x.dkr.ecr.y.amazonaws.com/shop/api:1", (), "pull x.dkr.ecr.y.amazonaws.com/xxxx/xxx:1"),
        ("get arn:aws:s3:::not-found/x", (), "get arn:aws:s3:::xxx-xxxxx/x"),
        ("AlreadyExistsTable failed", ("AlreadyExistsTable",), "xxxxxxxxxxxxxxxxxx failed"),
        ("the table failed; Role is not valid", ("Role", "table"), "the table failed; Role is not valid"),
        ("arn:aws:iam::1:role/x/AWSServiceRoleForECS", (), "arn:aws:iam::1:role/x/AWSServiceRoleForECS"),
    ],
)
def test_names_say_nothing(text: str, names: tuple[str, ...], shown: str) -> None:
    """One that is a single word may be AWS's own; a service-linked role is AWS's."""
    assert without_names(text, names) == shown


def test_a_service_that_is_called_like_an_error_has_not_met_it() -> None:
    text = "(service CannotPullContainerError-api) was unable to place a task. Reason: Not enough memory."
    assert "The image could not be pulled" not in [match.rule.title for match in classify(text)]


def test_what_a_rule_quotes_is_the_name_itself() -> None:
    text = f"ECS was unable to assume the role 'arn:aws:iam::{ACCOUNT}:role/not-found' that was provided."
    assert "role/not-found" in sentence(classify(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "The role {name} does not have permission to call ec2:CreateTags",
        "Received an error: limit of {name} was exceeded",
        "Service role name {name} has been taken in this account",
        "request for {name} is being validated",
    ],
)
def test_the_length_of_a_name_hides_no_words(text: str) -> None:
    """Names have up to 255 characters, and ARNs more."""
    rules = [[match.rule.id for match in classify(text.format(name=name))] for name in ("a", LONG)]
    assert rules[0] == rules[1] != []


@pytest.mark.parametrize("name", ["a", LONG])
def test_of_a_long_text_the_ends_are_taken_by_words(name: str) -> None:
    """By characters, what is seen would hang on how long the names in it are."""
    last = f"{f'{name} ' * 5_000}{FULL}"
    within = f"{f'{name} ' * (HEAD_WORDS - 20)}{FULL} {f'{name} ' * 5_000}"
    between = f"{f'{name} ' * HEAD_WORDS}{FULL} {f'{name} ' * TAIL_WORDS}"
    assert [bool(classify(text)) for text in (last, within, between)] == [True, True, False]


@pytest.mark.parametrize("form", ["service {} was", "(service {}) was"])
@pytest.mark.parametrize("name", ["orders-completed", "registered"])
def test_what_a_service_is_called_does_not_silence_its_scheduler(name: str, form: str) -> None:
    """Messages of a healthy service are left out; they are known by AWS's words, not by the name in them."""
    arn = SERVICE.replace("backend", name)
    book = Book()
    book.deployment("FAILED", service=arn)
    book.said(f"{form.format(name)} unable to place a task. Reason: No space left on device.", service=arn)
    assert "No space left" in diagnose(book.records).findings[0].evidence[0].text


def test_services_come_in_the_order_in_which_they_were_seen() -> None:
    """The first of several causes would otherwise be the first of the alphabet."""
    book = Book()
    for name in ("zebra", "apple"):
        arn = SERVICE.replace("backend", name)
        book.deployment("FAILED", service=arn, name=f"ecs-svc/{name}")
        book.said(
            f"(service {name}) failed to launch a task with (error no space left on device).", service=arn
        )
    assert [item.subject.service for item in diagnose(book.records).findings] == ["zebra", "apple"]


def test_services_of_a_stack_in_progress_come_in_the_order_of_its_events() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS", "User Initiated")
    for name in ("zebra", "apple"):
        arn = SERVICE.replace("backend", name)
        book.resource(name.title(), "UPDATE_IN_PROGRESS", kind="AWS::ECS::Service", physical=arn)
        book.deployment("IN_PROGRESS", service=arn, name=f"ecs-svc/{name}", failedTasks=1)
        book.task(FULL, group=f"service:{name}", started_by=f"ecs-svc/{name}")
    about = [item.subject.service for item in diagnose(book.records).findings if item.rule == "disk-full"]
    assert about == ["zebra", "apple"]


def test_attempts_that_began_at_once_are_numbered_in_the_order_in_which_they_were_seen() -> None:
    book = Book()
    stacks = [STACK.replace("/shop/", f"/{name}/") for name in ("zebra", "apple")]
    for arn in stacks:
        book.stack("CREATE_IN_PROGRESS", "User Initiated", stack=arn, second=0)
    numbers = {item.stack: item.number for item in diagnose(book.records).attempts}
    assert [numbers[arn] for arn in stacks] == [1, 2]


def test_gaps_that_began_at_once_stand_in_the_order_in_which_they_were_said() -> None:
    book = Book()
    streams = [f"stack_events {STACK.replace('/shop/', f'/{name}/')}" for name in ("zebra", "apple")]
    for stream in streams:
        said = {"stream": stream, "from": "2026-01-15T12:00:00Z", "to": "2026-01-15T12:01:00Z"}
        book.add("forensics.gap", stream, stream, {**said, "reason": "throttled", "kind": "lost"})
    assert [gap.stream for gap in diagnose(book.records).coverage.gaps] == streams


def test_images_and_schedules_stand_in_the_order_in_which_they_were_seen() -> None:
    book = Book()
    book.deployment("FAILED")
    book.service(deployment_of("FAILED"))
    book.task(FULL, containers=[{"name": name, "image": f"{name}:1"} for name in ("zebra", "apple")])
    assert diagnose(book.records).findings[0].images == ("zebra:1", "apple:1")
    jobs = Book()
    scheduled(jobs, "zebra", range(0, 600, 60))
    scheduled(jobs, "apple", range(30, 630, 60))
    jobs.task(FULL, second=9000, cluster=f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/other")
    [finding] = [item for item in diagnose(jobs.records).findings if item.rule == "schedule-stopped"]
    assert finding.subject.logical_id == "zebra"
    assert finding.cause.index("zebra") < finding.cause.index("apple")
