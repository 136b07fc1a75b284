"""What failed first and why, from records as an archive holds them."""

import shlex
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.diagnose import diagnose
from forensics.errors import UsageError
from forensics.model.finding import Diagnosis
from tests.unit.analysis.records import CHILD, CLUSTER, SERVICE, STACK, Book, at, uneventful

SECRET = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
    "failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character "
    "'!' in string escape code"
)
BREAKER = (
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit "
    "Breaker was "
    "triggered'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)"
)
ECS_SERVICE = "AWS::ECS::Service"


def failed_service(book: Book, *, tasks: int = 3) -> None:
    """A creation that the circuit breaker ended, rolled back and deleted."""
    book.stack("CREATE_IN_PROGRESS", "User Initiated")
    book.resource("Database", "CREATE_IN_PROGRESS", kind="AWS::RDS::DBInstance")
    book.resource(
        "Backend", "CREATE_IN_PROGRESS", "Resource creation Initiated", kind=ECS_SERVICE, physical=SERVICE
    )
    book.deployment("IN_PROGRESS")
    for _ in range(tasks):
        book.task(SECRET)
    book.said("(service backend) (deployment ecs-svc/1) deployment failed: tasks failed to start.")
    book.deployment(
        "FAILED", failedTasks=tasks, rolloutStateReason="ECS deployment circuit breaker: tasks failed."
    )
    book.resource("Backend", "CREATE_FAILED", BREAKER, kind=ECS_SERVICE, physical=SERVICE)
    book.resource("Database", "CREATE_FAILED", "Resource creation cancelled", kind="AWS::RDS::DBInstance")
    book.stack("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Backend, Database].")
    book.resource("Backend", "DELETE_COMPLETE", kind=ECS_SERVICE, physical=SERVICE)
    book.stack("ROLLBACK_COMPLETE")


def of(book: Book) -> Diagnosis:
    return diagnose(book.records)


def test_the_cause_of_a_failed_service_is_what_its_tasks_say() -> None:
    """The circuit breaker is a symptom; the stopped tasks hold the reason."""
    book = Book()
    failed_service(book, tasks=53)
    diagnosis = of(book)
    first = diagnosis.findings[0]
    assert diagnosis.outcome == "failed"
    assert (first.rule, first.category, first.count) == ("ecs-secret-unreadable", "secret-or-parameter", 53)
    assert (first.subject.service, first.subject.logical_id) == ("backend", "Backend")
    assert any(item.text == SECRET for item in first.evidence)
    assert "53 of 53 stopped tasks of deployment ecs-svc/1" in first.why


def test_every_finding_has_evidence_a_remedy_and_a_page_to_read() -> None:
    book = Book()
    failed_service(book)
    book.resource("Other", "CREATE_FAILED", "zzz unheard of", second=5)
    for finding in of(book).findings:
        assert finding.evidence
        assert finding.why
        assert finding.remedy
        assert finding.docs.startswith("https://docs.aws.amazon.com/")
        assert [item.at for item in finding.evidence] == sorted(item.at for item in finding.evidence)


def test_what_was_cancelled_is_counted_and_not_blamed() -> None:
    book = Book()
    failed_service(book)
    diagnosis = of(book)
    assert diagnosis.consequences.count == 1
    assert {finding.subject.logical_id for finding in diagnosis.findings} == {"Backend"}


def test_the_earliest_failure_that_stands_for_itself_is_the_cause() -> None:
    """A cancelled sibling may be listed first; another real failure may come later."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    book.resource("C", "CREATE_FAILED", "Resource creation cancelled", second=9)
    book.resource("A", "CREATE_FAILED", "b already exists", second=10)
    book.resource("B", "CREATE_FAILED", "The specified key does not exist. NoSuchKey", second=11)
    book.stack("ROLLBACK_IN_PROGRESS", second=12)
    book.stack("ROLLBACK_COMPLETE", second=13)
    findings = of(book).findings
    assert [finding.subject.logical_id for finding in findings] == ["A", "B"]
    assert findings[0].category == "resource-already-exists"
    assert findings[1].confidence < findings[0].confidence


def test_the_cause_is_found_in_a_nested_stack() -> None:
    """The parent says only that the nested stack failed."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    nested = {"kind": "AWS::CloudFormation::Stack", "physical": CHILD}
    book.resource("Child", "CREATE_IN_PROGRESS", second=1, **nested)
    book.stack("CREATE_IN_PROGRESS", stack=CHILD, second=2)
    book.resource("Queue", "CREATE_FAILED", "Rate exceeded", stack=CHILD, second=3)
    book.stack(
        "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Queue].", stack=CHILD, second=4
    )
    book.stack("ROLLBACK_COMPLETE", stack=CHILD, second=6)
    book.resource(
        "Child",
        "CREATE_FAILED",
        f"Embedded stack {CHILD} was not successfully created: x",
        second=5,
        **nested,
    )
    book.stack("ROLLBACK_IN_PROGRESS", second=7)
    book.stack("ROLLBACK_COMPLETE", second=8)
    diagnosis = of(book)
    assert diagnosis.findings[0].subject.logical_id == "Queue"
    assert diagnosis.findings[0].category == "throttled"
    assert [attempt.stack for attempt in diagnosis.attempts] == [STACK]


def test_a_nested_stack_that_was_never_seen_is_named_with_its_arn() -> None:
    """With the child's events missing, saying which stack failed is all that can be said."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(
        "Child",
        "CREATE_FAILED",
        f"Embedded stack {CHILD} was not successfully created: The following resource(s) failed.",
        kind="AWS::CloudFormation::Stack",
        physical=CHILD,
    )
    book.stack("ROLLBACK_IN_PROGRESS")
    finding = of(book).findings[0]
    assert finding.category == "nested-stack"
    assert CHILD in finding.cause
    assert finding.checks == (
        f"aws cloudformation describe-stack-events --stack-name {CHILD} --region eu-west-1",
    )


def test_a_rollback_that_went_well_does_not_make_an_attempt_good() -> None:
    book = Book()
    failed_service(book)
    diagnosis = of(book)
    assert [attempt.outcome for attempt in diagnosis.attempts] == ["failed"]
    assert diagnosis.attempts[0].operation == "CREATE_STACK"
    assert diagnosis.attempts[0].ended_at == book.records[-1].time


def test_deleting_the_failed_stack_does_not_make_the_outcome_good() -> None:
    """Pipelines delete what failed; that delete succeeds and is not what anybody asks about."""
    book = Book()
    failed_service(book)
    book.stack("DELETE_IN_PROGRESS", "User Initiated")
    book.stack("DELETE_COMPLETE")
    diagnosis = of(book)
    assert diagnosis.outcome == "failed"
    assert [(item.operation, item.outcome) for item in diagnosis.attempts] == [
        ("CREATE_STACK", "failed"),
        ("DELETE_STACK", "succeeded"),
    ]


def test_a_later_attempt_that_went_well_is_the_outcome() -> None:
    book = Book()
    failed_service(book)
    book.stack("DELETE_IN_PROGRESS")
    book.stack("DELETE_COMPLETE")
    again = STACK[:-1] + "9"
    book.stack("CREATE_IN_PROGRESS", stack=again)
    book.stack("CREATE_COMPLETE", stack=again)
    diagnosis = of(book)
    assert diagnosis.outcome == "succeeded"
    assert diagnosis.attempts[0].outcome == "failed"


def test_the_newest_failed_attempt_is_the_one_explained() -> None:
    book = Book()
    for reason in ("old already exists", "Rate exceeded"):
        book.stack("UPDATE_IN_PROGRESS", "User Initiated")
        book.resource("Topic", "UPDATE_FAILED", reason)
        book.stack("UPDATE_ROLLBACK_IN_PROGRESS")
        book.stack("UPDATE_ROLLBACK_COMPLETE")
    diagnosis = of(book)
    assert [finding.category for finding in diagnosis.findings] == ["throttled"]
    assert len(diagnosis.attempts) == 2
    assert diagnosis.attempts[0].started_at > diagnosis.attempts[1].started_at


def three_attempts() -> Book:
    book = Book()
    for reason in ("old already exists", "Rate exceeded", ""):
        book.stack("UPDATE_IN_PROGRESS", "User Initiated")
        if reason:
            book.resource("Topic", "UPDATE_FAILED", reason)
            book.stack("UPDATE_ROLLBACK_IN_PROGRESS")
        book.stack("UPDATE_ROLLBACK_COMPLETE" if reason else "UPDATE_COMPLETE")
    return book


def test_any_attempt_can_be_asked_for_by_its_number() -> None:
    records = three_attempts().records
    assert [item.number for item in diagnose(records).attempts] == [2, 1, 3]
    asked = [diagnose(records, attempt=number) for number in (1, 2, 3)]
    assert [item.outcome for item in asked] == ["failed", "failed", "succeeded"]
    assert [[found.category for found in item.findings] for item in asked] == [
        ["resource-already-exists"],
        ["throttled"],
        [],
    ]
    assert [found.attempt for item in asked for found in item.findings] == [1, 2]


def test_all_attempts_can_be_asked_for_at_once() -> None:
    diagnosis = diagnose(three_attempts().records, attempt="all")
    assert [(item.attempt, item.category) for item in diagnosis.findings] == [
        (2, "throttled"),
        (1, "resource-already-exists"),
    ]


def test_an_attempt_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="there is no attempt 9: attempts 1 to 3 can be explained"):
        diagnose(three_attempts().records, attempt=9)


def test_tasks_of_the_rollbacks_deployment_are_not_evidence() -> None:
    """They stopped at the same time; only startedBy tells which deployment a task belongs to."""
    book = Book()
    failed_service(book, tasks=2)
    for _ in range(9):
        book.task("CannotPullContainerError: pull access denied", started_by="ecs-svc/2", second=6)
    finding = of(book).findings[0]
    assert (finding.category, finding.count) == ("secret-or-parameter", 2)


def test_tasks_are_grouped_though_their_ids_differ() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Backend", "CREATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE)
    book.deployment("FAILED")
    for number in range(5):
        book.task(f"CannotPullContainerError: request id: {number}f-{number}: manifest unknown")
    book.task("OutOfMemoryError: Container killed due to memory usage", code="EssentialContainerExited")
    book.resource("Backend", "CREATE_FAILED", BREAKER, kind=ECS_SERVICE, physical=SERVICE)
    book.stack("ROLLBACK_IN_PROGRESS")
    findings = of(book).findings
    assert [(item.category, item.count) for item in findings] == [
        ("image-pull-not-found", 5),
        ("container-oom", 1),
    ]
    assert any("OutOfMemoryError" in text for text in findings[0].alternatives)


def test_the_most_specific_text_of_a_task_decides() -> None:
    """The task says only that a container ended; the container says that memory ran out."""
    book = Book()
    book.deployment("FAILED")
    book.task(
        "Essential container in task exited",
        code="EssentialContainerExited",
        containers=[
            {"name": "side", "exitCode": 0},
            {
                "name": "web",
                "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            },
        ],
    )
    assert of(book).findings[0].category == "container-oom"


def test_the_scheduler_comes_first_where_tasks_only_say_that_they_ended() -> None:
    book = Book()
    book.deployment("FAILED")
    book.task("Essential container in task exited", code="EssentialContainerExited")
    book.said(
        "(service backend) (task 1) is unhealthy in (target-group arn:x) due to (reason Request timed out)"
    )
    findings = of(book).findings
    assert [item.category for item in findings if item.role == "cause"] == [
        "health-check-elb",
        "container-exit-error",
    ]
    assert not any("no stopped task" in gap for gap in findings[0].gaps)
    assert all(item.why for item in findings)


def test_different_exit_codes_are_different_reasons() -> None:
    book = Book()
    book.deployment("FAILED")
    for code in (1, 1, 139):
        book.task(
            "Essential container in task exited",
            code="EssentialContainerExited",
            containers=[{"name": "web", "exitCode": code}],
        )
    assert [(item.rule, item.count) for item in of(book).findings] == [("exit-error", 2), ("exit-crash", 1)]


def test_a_circuit_breaker_without_its_tasks_says_that_they_were_not_seen() -> None:
    """AccessDenied on ecs leaves the reason unknown; saying so is the answer."""
    book = Book()
    failed_service(book, tasks=0)
    stream = f"stopped_tasks {CLUSTER}"
    book.add(
        "forensics.stream", CLUSTER, "stream-1", {"number": 1, "stream": stream, "opened_because": "wanted"}
    )
    book.add(
        "forensics.refusal",
        CLUSTER,
        "refusal-1",
        {
            "stream": stream,
            "operation": "ecs:ListTasks",
            "action": "ecs:ListTasks",
            "code": "AccessDenied",
            "message": "",
        },
    )
    finding = of(book).findings[0]
    assert finding.category == "scheduler-stuck-circuit-breaker"
    assert any("no stopped task" in gap for gap in finding.gaps)
    assert any("ecs:ListTasks is not allowed" in gap for gap in finding.gaps)


def test_a_gap_over_the_tasks_is_named_in_the_finding() -> None:
    book = Book()
    failed_service(book, tasks=0)
    book.gap(f"stopped_tasks {CLUSTER}", 2, 5000, kind="lost")
    diagnosis = of(book)
    assert any("credentials" in gap for gap in diagnosis.findings[0].gaps)
    assert not diagnosis.coverage.complete


def test_of_many_gaps_a_finding_names_some_and_counts_the_rest() -> None:
    book = Book()
    failed_service(book, tasks=0)
    for number in range(30):
        book.gap(f"stopped_tasks {CLUSTER}", number / 4, number / 4 + 0.1)
    gaps = of(book).findings[0].gaps
    assert len(gaps) < 15
    assert any("more gaps touch this time" in text for text in gaps)


def test_a_service_watched_without_a_stack_is_explained_too() -> None:
    book = Book()
    book.deployment("IN_PROGRESS")
    book.task(SECRET)
    book.deployment("FAILED", failedTasks=1)
    diagnosis = of(book)
    assert (diagnosis.outcome, diagnosis.attempts) == ("failed", ())
    assert diagnosis.findings[0].rule == "ecs-secret-unreadable"


def test_a_services_own_rollback_does_not_make_its_deployment_good() -> None:
    book = Book()
    book.deployment("COMPLETED", name="ecs-svc/0")
    book.deployment("IN_PROGRESS", name="ecs-svc/1")
    book.task(SECRET)
    book.deployment("FAILED", name="ecs-svc/1", failedTasks=1)
    book.said("(service backend) rolling back to deployment ecs-svc/0.")
    book.deployment("COMPLETED", name="ecs-svc/0")
    assert of(book).outcome == "failed"


def test_a_new_deployment_after_a_failed_one_decides() -> None:
    book = Book()
    book.deployment("FAILED", name="ecs-svc/1")
    book.deployment("COMPLETED", name="ecs-svc/2")
    assert of(book).outcome == "succeeded"


def test_tasks_that_fail_during_an_operation_are_shown_before_it_ends() -> None:
    """Waiting for the circuit breaker would cost the user half an hour."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(
        "Backend", "CREATE_IN_PROGRESS", "Resource creation Initiated", kind=ECS_SERVICE, physical=SERVICE
    )
    book.deployment("IN_PROGRESS", failedTasks=1)
    book.task(SECRET)
    diagnosis = of(book)
    assert diagnosis.outcome == "in_progress"
    assert diagnosis.findings[0].rule == "ecs-secret-unreadable"


def test_a_healthy_deployment_has_no_findings() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Backend", "CREATE_COMPLETE", kind=ECS_SERVICE, physical=SERVICE)
    book.deployment("COMPLETED")
    book.said("(service backend) has reached a steady state.")
    book.stack("CREATE_COMPLETE")
    diagnosis = of(book)
    assert (diagnosis.outcome, diagnosis.findings) == ("succeeded", ())


def test_a_failure_while_rolling_back_is_listed_after_the_cause() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS")
    book.resource("Topic", "UPDATE_FAILED", "Rate exceeded")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS")
    book.resource("Group", "UPDATE_FAILED", "has a dependent object")
    book.stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Group].")
    findings = of(book).findings
    assert [(item.subject.logical_id, item.role) for item in findings] == [
        ("Topic", "cause"),
        ("shop", "rollback"),
        ("Group", "rollback"),
    ]
    assert "undone" in findings[2].why


def test_a_rollback_that_failed_is_a_finding_of_its_own() -> None:
    """The stack takes no update until somebody acts: that is another thing to mend than the cause."""
    book = Book()
    book.stack("UPDATE_IN_PROGRESS")
    book.resource("Topic", "UPDATE_FAILED", "Rate exceeded")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS")
    book.resource("Group", "UPDATE_FAILED", "has a dependent object")
    book.stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Group].")
    found = next(item for item in of(book).findings if item.rule == "rollback-stuck")
    assert found.category == "rollback-failed"
    assert "Group" in found.cause
    assert found.checks[0].startswith(f"aws cloudformation describe-stack-resources --stack-name {STACK}")
    assert [item.seq for item in found.evidence] == [4, 5]


def test_a_rollback_that_was_continued_to_its_end_is_no_finding_any_more() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS", ClientRequestToken="a")
    book.resource("Topic", "UPDATE_FAILED", "Rate exceeded", ClientRequestToken="a")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS", ClientRequestToken="a")
    book.resource("Group", "UPDATE_FAILED", "has a dependent object", ClientRequestToken="a")
    book.stack("UPDATE_ROLLBACK_FAILED", ClientRequestToken="a")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS", ClientRequestToken="b")
    book.resource("Group", "UPDATE_COMPLETE", ClientRequestToken="b")
    book.stack("UPDATE_ROLLBACK_COMPLETE", ClientRequestToken="b")
    diagnosis = of(book)
    assert len(diagnosis.attempts) == 1
    assert "rollback-stuck" not in {item.rule for item in diagnosis.findings}


def test_a_failed_delete_is_explained_by_the_resource_that_stayed() -> None:
    book = Book()
    book.stack("DELETE_IN_PROGRESS")
    book.resource("Bucket", "DELETE_FAILED", "The bucket you tried to delete is not empty")
    book.stack("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket].")
    diagnosis = of(book)
    assert diagnosis.outcome == "failed"
    assert diagnosis.findings[0].category == "resource-in-use"


def test_a_hook_that_failed_is_the_cause() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(
        "Bucket",
        "CREATE_IN_PROGRESS",
        HookType="Org::Guard::Hook",
        HookStatus="HOOK_COMPLETE_FAILED",
        HookStatusReason="Hook failed with message: public buckets are forbidden",
        HookFailureMode="FAIL",
    )
    book.resource("Bucket", "CREATE_FAILED", "The following hook(s) failed: [Org::Guard::Hook]")
    book.stack("ROLLBACK_IN_PROGRESS")
    finding = of(book).findings[0]
    assert finding.category == "hook-or-policy-denied"
    assert "public buckets are forbidden" in finding.evidence[0].text


def told(book: Book, kind: str, status: str = "", second: float | None = None, **more: str) -> None:
    """Add an event as DescribeEvents alone gives it: about the operation itself, or about a check."""
    payload = {
        "StackId": STACK,
        "OperationId": "op-1",
        "OperationType": "CREATE_CHANGESET",
        "EventType": kind,
        **({"OperationStatus": status} if status else {}),
        **more,
    }
    key = f"told-{len(book.records)}"
    book.add("aws.cloudformation.stack_event", STACK, key, payload, time=at(len(book.records)))


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("PROPERTY_VALIDATION", "validation-template"),
        ("NAME_CONFLICT_VALIDATION", "resource-already-exists"),
        ("SOMETHING_NEW", "unknown"),
    ],
)
def test_a_check_before_deployment_that_failed_is_the_cause(name: str, category: str) -> None:
    """DescribeStackEvents shows nothing of it: the change set was never executed."""
    book = Book()
    told(book, "STACK_EVENT", "IN_PROGRESS")
    more = {"ValidationName": name, "ValidationPath": "/Resources/Bucket", "LogicalResourceId": "Bucket"}
    told(book, "VALIDATION_ERROR", ValidationStatus="FAILED", ValidationFailureMode="FAIL", **more)
    told(book, "STACK_EVENT", "FAILED")
    diagnosis = of(book)
    finding = diagnosis.findings[0]
    assert (diagnosis.outcome, diagnosis.attempts[0].operation) == ("failed", "CREATE_CHANGESET")
    assert (finding.category, finding.subject.logical_id) == (category, "Bucket")
    assert finding.evidence[0].text == f"{name} FAILED (/Resources/Bucket)"


def test_a_check_that_only_warns_is_no_failure() -> None:
    book = Book()
    told(book, "VALIDATION_ERROR", ValidationStatus="FAILED", ValidationFailureMode="WARN")
    told(book, "STACK_EVENT", "SUCCEEDED")
    diagnosis = of(book)
    assert (diagnosis.outcome, diagnosis.findings) == ("succeeded", ())


def test_a_rollback_that_describe_events_names_belongs_to_what_it_undoes() -> None:
    book = Book()
    told(book, "STACK_EVENT", "FAILED", OperationType="UPDATE_STACK")
    told(book, "STACK_EVENT", "SUCCEEDED", OperationType="ROLLBACK", OperationId="op-2")
    told(book, "STACK_EVENT", "SUCCEEDED", OperationType="UPDATE_STACK", OperationId="op-3")
    assert [(item.operation, item.outcome) for item in of(book).attempts] == [
        ("UPDATE_STACK", "failed"),
        ("UPDATE_STACK", "succeeded"),
    ]


# Whatever a field holds, and whichever fields are there.
scrap = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        [STACK, SERVICE, "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "FAILED", "ecs-svc/1", ECS_SERVICE]
    ),
    st.lists(
        st.dictionaries(st.sampled_from(["id", "name", "exitCode", "image"]), st.text(max_size=3)), max_size=2
    ),
)
_FIELDS = """
    StackId StackName LogicalResourceId PhysicalResourceId ResourceType ResourceStatus
    ResourceStatusReason OperationId OperationType OperationStatus ValidationStatus HookStatus
    ClientRequestToken message id status rolloutState desiredCount runningCount failedTasks
    createdAt updatedAt deployments taskDefinition startedBy group stopCode stoppedReason startedAt
    stoppedAt containers containerDefinitions DeploymentConfig alarms serviceDeploymentArn
    deploymentConfiguration healthCheckGracePeriodSeconds
"""
FIELDS = _FIELDS.split()
_KINDS = """
    aws.cloudformation.stack_event aws.cloudformation.stack_description aws.ecs.service
    aws.ecs.deployment aws.ecs.service_event aws.ecs.service_deployment aws.ecs.task
    aws.ecs.task_definition forensics.gap new.type
"""
KINDS = _KINDS.split()


@given(
    facts=st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.sampled_from([STACK, CHILD, SERVICE, CLUSTER, "not an arn"]),
            st.dictionaries(st.sampled_from(FIELDS), scrap, max_size=12),
            st.integers(0, 10**6),
        ),
        max_size=12,
    )
)
def test_no_payload_breaks_a_diagnosis(facts: list[tuple[str, str, dict[str, Any], int]]) -> None:
    """AWS changes its shapes, and anybody with the account writes texts: a crash is no answer."""
    book = Book()
    for kind, source, payload, second in facts:
        book.add(kind, source, f"fact-{len(book.records)}", payload, time=at(second))
    diagnosis = of(book)
    assert all(finding.evidence and finding.why and finding.remedy for finding in diagnosis.findings)
    seqs = {record.seq for record in book.records}
    assert {item.seq for finding in diagnosis.findings for item in finding.evidence} <= seqs
    for attempt in diagnosis.attempts:
        assert diagnose(book.records, attempt=attempt.number).outcome == attempt.outcome


def test_words_that_no_rule_knows_are_an_honest_unknown() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "zzz unheard of")
    book.stack("ROLLBACK_IN_PROGRESS")
    finding = of(book).findings[0]
    assert finding.category == "unknown"
    assert finding.confidence < 0.5
    assert finding.evidence[0].text == "zzz unheard of"


def test_an_archive_without_facts_is_nothing_found() -> None:
    assert of(uneventful()).outcome == "nothing_found"


@pytest.mark.parametrize("how", ["unread", "refused", "gap"])
def test_nothing_found_where_nothing_could_be_read_is_could_not_look(how: str) -> None:
    """An empty list from a recorder that was refused is no proof of health."""
    book = Book()
    stream = f"stack_events {STACK}"
    book.add(
        "forensics.stream", STACK, "stream-1", {"number": 1, "stream": stream, "opened_because": "wanted"}
    )
    if how != "unread":
        book.add("forensics.coverage", "urn:forensics:x", "c", {"from": at(0), "to": at(60), "streams": "1"})
    if how == "refused":
        book.add(
            "forensics.refusal",
            STACK,
            "r",
            {"stream": stream, "operation": "cloudformation:DescribeStackEvents"},
        )
    if how == "gap":
        book.gap(stream, 0, None, kind="open")
    assert of(book).outcome == "could_not_look"


def test_a_stream_that_was_read_and_was_quiet_is_nothing_found() -> None:
    book = Book()
    stream = f"stack_events {STACK}"
    book.add(
        "forensics.stream", STACK, "stream-7", {"number": 7, "stream": stream, "opened_because": "wanted"}
    )
    book.add(
        "forensics.coverage", "urn:forensics:x", "c", {"from": at(0), "to": at(60), "streams": "1-3,5-9"}
    )
    assert of(book).outcome == "nothing_found"


def test_a_gap_that_was_recovered_leaves_the_coverage_complete() -> None:
    book = Book()
    stream = f"stack_events {STACK}"
    book.gap(stream, 0, None, kind="open")
    book.gap(stream, 0, 60, kind="recovered")
    coverage = of(book).coverage
    assert coverage.complete
    assert [gap.kind for gap in coverage.gaps] == ["recovered"]


def test_checks_quote_names_for_the_shell() -> None:
    """Names come from whoever has the account; a check is pasted into a shell."""
    evil = SERVICE.replace("/backend", "/a;rm -rf ~")
    book = Book()
    book.deployment("FAILED", service=evil)
    book.said("(service x) (deployment ecs-svc/1) deployment failed: tasks failed to start.", service=evil)
    [check] = of(book).findings[0].checks
    assert shlex.split(check)[-3:] == ["a;rm -rf ~", "--region", "eu-west-1"]


def test_a_reason_of_a_megabyte_stays_whole() -> None:
    reason = "already exists " + "x" * 1_000_000
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", reason)
    book.stack("ROLLBACK_IN_PROGRESS")
    [finding] = of(book).findings
    assert finding.evidence[0].text == reason
    assert finding.category == "resource-already-exists"


def test_the_document_has_the_promised_shape() -> None:
    book = Book()
    failed_service(book)
    book.gap(f"stack_events {STACK}", 0, 60)
    document = msgspec.to_builtins(of(book))
    assert list(document) == [
        "schema_version",
        "outcome",
        "attempts",
        "findings",
        "consequences",
        "coverage",
        "not_recorded",
    ]
    assert set(document["attempts"][0]) == {
        "stack",
        "operation",
        "started_at",
        "ended_at",
        "outcome",
        "number",
    }
    assert {
        "rule",
        "category",
        "title",
        "cause",
        "confidence",
        "subject",
        "evidence",
        "count",
        "why",
        "alternatives",
        "remedy",
        "checks",
        "docs",
        "gaps",
        "role",
        "attempt",
        "first_at",
        "last_at",
        "exit_codes",
        "images",
    } == set(document["findings"][0])
    assert set(document["findings"][0]["evidence"][0]) == {"seq", "key", "at", "text"}
    assert {"stream", "from", "to", "reason", "kind"} <= set(document["coverage"]["gaps"][0])
