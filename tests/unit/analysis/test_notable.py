"""Which records a person is told about, and which are hidden until asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.notable import is_routine, notable
from forensics.analysis.wording import words
from tests.unit.analysis.records import CHILD, STACK, Book


@pytest.mark.parametrize(
    ("status", "kind", "severity"),
    [
        ("CREATE_IN_PROGRESS", "operation_started", "info"),
        ("ROLLBACK_IN_PROGRESS", "rollback_started", "error"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "rollback_started", "error"),
        ("ROLLBACK_COMPLETE", "stack_ended", "error"),
        ("CREATE_COMPLETE", "stack_ended", "info"),
        ("DELETE_COMPLETE", "stack_ended", "info"),
        ("UPDATE_ROLLBACK_FAILED", "stack_ended", "error"),
    ],
)
def test_the_stack_itself_is_told_when_it_starts_turns_back_and_ends(
    status: str, kind: str, severity: str
) -> None:
    said = notable(Book().stack(status))
    assert said is not None
    assert (said.kind, said.severity) == (kind, severity)


@pytest.mark.parametrize(
    "status", ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"]
)
def test_a_stack_that_is_cleaning_up_has_not_ended(status: str) -> None:
    """Both names contain COMPLETE; AWS still works on the stack."""
    assert notable(Book().stack(status)) is None


def test_a_resource_that_failed_by_itself_is_an_error_in_awss_words() -> None:
    said = notable(Book().resource("Topic", "CREATE_FAILED", "Invalid parameter: TopicName"))
    assert said is not None
    assert (said.kind, said.severity) == ("resource_failed", "error")
    assert said.text == "shop Topic AWS::SNS::Topic CREATE_FAILED: Invalid parameter: TopicName"


@pytest.mark.parametrize(
    "reason",
    [
        "Resource creation cancelled",
        "Resource update cancelled",
        "Resource deletion cancelled",
        "Operation cancelled",
        "Operation canceled",
        "The following resource(s) failed to create: [A, B]. Rollback requested by user.",
        f"Embedded stack {CHILD} was not successfully created: The following resource(s) failed.",
    ],
)
def test_a_failure_that_only_followed_is_a_warning(reason: str) -> None:
    said = notable(Book().resource("Topic", "CREATE_FAILED", reason))
    assert said is not None
    assert said.severity == "warning"


def test_a_nested_stacks_end_in_its_parent_is_not_the_end_of_the_parent() -> None:
    """In the parent the nested stack is a resource: its physical id is the child's ARN, not the parent's."""
    record = Book().resource("Child", "CREATE_COMPLETE", kind="AWS::CloudFormation::Stack", physical=CHILD)
    assert notable(record) is None


def test_progress_is_routine_and_an_end_is_not() -> None:
    book = Book()
    assert is_routine(book.resource("Topic", "CREATE_IN_PROGRESS", "Resource creation Initiated"))
    assert not is_routine(book.resource("Topic", "CREATE_COMPLETE"))


@pytest.mark.parametrize(
    ("message", "routine"),
    [
        ("(service backend) has reached a steady state.", True),
        ("(service backend) has started 2 tasks: (task 1) (task 2).", True),
        ("(service backend) registered 1 targets in (target-group arn:x)", True),
        ("(service backend) is unable to consistently start tasks successfully.", False),
        ("(service backend) (deployment ecs-svc/1) deployment failed: tasks failed to start.", False),
        ("something that AWS says tomorrow", False),
    ],
)
def test_what_a_healthy_scheduler_says_is_routine_and_the_unknown_is_not(message: str, routine: bool) -> None:
    assert is_routine(Book().said(message)) is routine


def test_a_task_is_told_once_when_it_has_stopped() -> None:
    """A stopping task is seen several times; only the last version is worth a line."""
    book = Book()
    stopping = book.task("ResourceInitializationError: x", status="DEPROVISIONING")
    stopped = book.task("ResourceInitializationError: x")
    assert notable(stopping) is None
    said = notable(stopped)
    assert said is not None
    assert said.kind == "task_stopped"
    assert said.text.endswith("STOPPED TaskFailedToStart: ResourceInitializationError: x")


def test_a_task_that_scaling_stopped_is_routine() -> None:
    record = Book().task(
        "Scaling activity initiated by (deployment ecs-svc/1)", code="ServiceSchedulerInitiated"
    )
    assert notable(record) is None
    assert is_routine(record)


def test_a_containers_exit_code_and_reason_are_part_of_the_line() -> None:
    record = Book().task(
        "Essential container in task exited",
        code="EssentialContainerExited",
        containers=[{"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}],
    )
    said = notable(record)
    assert said is not None
    assert "container web: exit code 137, OutOfMemoryError: Container killed" in said.text


@pytest.mark.parametrize(
    ("kind", "severity"), [("recovered", "info"), ("lost", "error"), ("open", "warning")]
)
def test_a_gap_is_told_as_grave_as_what_it_cost(kind: str, severity: str) -> None:
    said = notable(Book().gap(f"stack_events {STACK}", 0, 60, kind=kind))
    assert said is not None
    assert (said.kind, said.severity) == ("gap", severity)
    assert "stack_events of shop" in said.text


def test_an_unknown_type_is_shown_rather_than_hidden() -> None:
    record = Book().add("aws.tomorrow", STACK, "1", {"a": 1}, subject="thing")
    assert not is_routine(record)
    assert words(record).line() == "shop thing aws.tomorrow"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["StackId", "ResourceStatus", "containers", "message", "stream", "rolloutState", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        "aws.cloudformation.stack_event",
        "aws.cloudformation.stack",
        "aws.ecs.service_event",
        "aws.ecs.service",
        "aws.ecs.deployment",
        "aws.ecs.service_deployment",
        "aws.ecs.task",
        "forensics.gap",
        "forensics.refusal",
        "forensics.run",
    ]
)


@given(kind=TYPES, payload=JSON)
def test_no_payload_however_odd_breaks_the_judgement(kind: str, payload: object) -> None:
    """Payloads are what AWS sent: nothing about their shape is certain."""
    record = Book().add(kind, STACK, "k", payload)
    said = notable(record)
    assert said is None or "\n" not in said.text
    assert isinstance(is_routine(record), bool)
