"""Which answer a saved value is, in which order its facts come, and what is said about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.saved.answers import (
    CHILD,
    CLUSTER,
    SERVICE,
    STACK,
    TASK,
    event,
    events,
    keys,
    read,
    task,
    time,
)

_BRIDGE = {
    "version": "0",
    "id": "bridge-1",
    "detail-type": "CloudFormation Resource Status Change",
    "source": "aws.cloudformation",
    "time": "2026-01-15T02:16:05Z",
    "resources": [STACK],
    "detail": {
        "stack-id": STACK,
        "logical-resource-id": "R5",
        "physical-resource-id": "p",
        "resource-type": "AWS::SNS::Topic",
        "status-details": {"status": "CREATE_FAILED", "status-reason": "no"},
        "client-request-token": "t",
    },
}
_TASK_CHANGE = {
    "id": "bridge-2",
    "detail-type": "ECS Task State Change",
    "source": "aws.ecs",
    "time": "2026-01-15T02:16:07Z",
    "resources": [TASK],
    "detail": task(stoppedAt="2026-01-15T02:16:07.123Z"),
}


@pytest.mark.parametrize(
    "content",
    [
        _TASK_CHANGE,
        [_TASK_CHANGE],
        {"Messages": [{"MessageId": "m", "Body": json.dumps(_TASK_CHANGE)}]},
        {"Records": [{"messageId": "m", "body": json.dumps(_TASK_CHANGE)}]},
        {"Records": [{"Sns": {"Message": json.dumps(_TASK_CHANGE)}}]},
        {"events": [{"timestamp": 1768443367123, "message": json.dumps(_TASK_CHANGE)}]},
        {"tasks": [task()], "failures": []},
        {"anything": {"tasks": [task()]}},
        task(),
        [[task()]],
    ],
    ids=["event", "list", "sqs", "lambda", "sns", "log events", "answer", "bundle", "row", "rows of rows"],
)
def test_a_stopped_task_is_the_same_fact_however_it_was_carried(content: Any, tmp_path: Path) -> None:
    """EventBridge and DescribeTasks give one task one version: it must count once."""
    (record,), notes = read(tmp_path, content)
    assert (record.type, record.source, record.id) == ("aws.ecs.task", CLUSTER, f"{TASK}@3")
    assert record.time == "2026-01-15T02:16:07.123Z"
    assert record.payload()["stoppedAt"] == 1768443367.123
    assert notes == []


def test_an_event_that_an_answer_tells_of_too_counts_once(tmp_path: Path) -> None:
    """EventBridge has no EventId: the answer of DescribeStackEvents is the better account."""
    records, notes = read(tmp_path, {"StackEvents": events(8)}, _BRIDGE, {"OperationEvents": events(8)})
    assert keys(records) == [f"R{number}-CREATE_FAILED-{number}" for number in range(8)]
    assert notes == ["9 facts come more than once in it and counted once"]
    (record,), _ = read(tmp_path, _BRIDGE)
    payload = record.payload()
    assert (record.type, record.subject) == ("aws.cloudformation.stack_event", "R5")
    assert (payload["ResourceStatus"], payload["ResourceStatusReason"]) == ("CREATE_FAILED", "no")
    assert payload["EventBridgeEvent"] == _BRIDGE


def test_the_stack_itself_is_told_from_its_resources_in_eventbridge(tmp_path: Path) -> None:
    detail = {"stack-id": STACK, "status-details": {"status": "ROLLBACK_COMPLETE", "status-reason": ""}}
    change = {**_BRIDGE, "detail-type": "CloudFormation Stack Status Change", "detail": detail}
    (record,), _ = read(tmp_path, change)
    payload = record.payload()
    assert payload["PhysicalResourceId"] == payload["StackId"] == STACK
    assert (payload["LogicalResourceId"], payload["ResourceType"]) == ("shop", "AWS::CloudFormation::Stack")


def test_a_failed_deployment_of_eventbridge_is_one_of_the_service(tmp_path: Path) -> None:
    detail = {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": "ecs-svc/1",
        "updatedAt": "2026-01-15T02:16:07.123Z",
        "reason": "ECS deployment circuit breaker: task failed to start.",
    }
    change = {
        **_BRIDGE, "detail-type": "ECS Deployment State Change", "resources": [SERVICE], "detail": detail
    }  # fmt: skip
    (record,), _ = read(tmp_path, change)
    assert (record.type, record.source, record.subject) == ("aws.ecs.deployment", SERVICE, "ecs-svc/1")
    assert record.payload()["rolloutState"] == "FAILED"


def test_pages_and_several_polls_join_in_the_order_of_time(tmp_path: Path) -> None:
    """Somebody ran describe-stack-events again and again; each answer is newest first, and they overlap."""
    polls = [{"StackEvents": events(count)} for count in (2, 5, 9)]
    records, notes = read(tmp_path, *polls)
    assert keys(records) == [f"R{number}-CREATE_FAILED-{number}" for number in range(9)]
    assert [record.seq for record in records] == list(range(1, 10))
    assert notes == ["7 facts come more than once in it and counted once"]


def test_events_of_the_same_moment_keep_awss_order(tmp_path: Path) -> None:
    """AWS lists the newest first: of equal times the later event comes first in its answer."""
    told = [event(name, "CREATE_FAILED", 7) for name in ("Third", "Second", "First")]
    records, _ = read(tmp_path, {"StackEvents": told})
    assert [record.subject for record in records] == ["First", "Second", "Third"]


def test_events_without_times_keep_the_order_of_the_input_turned_round(tmp_path: Path) -> None:
    told = [{k: v for k, v in item.items() if k != "Timestamp"} for item in events(3)]
    records, notes = read(tmp_path, {"StackEvents": told})
    assert [record.subject for record in records] == ["R0", "R1", "R2"]
    assert notes == ["3 events give no time: the input's order is kept"]


def test_a_state_that_comes_again_is_a_new_fact_only_where_it_changed(tmp_path: Path) -> None:
    """describe-services saved in a loop: 2 running, 1, 1 again, then 2 again."""
    answers = [
        {"services": [{"serviceArn": SERVICE, "deployments": [], "runningCount": count}]}
        for count in (2, 1, 1, 2)
    ]
    records, notes = read(tmp_path, *answers)
    assert [record.payload()["runningCount"] for record in records] == [2, 1, 2]
    assert keys(records)[2] == f"{keys(records)[0]}.3"
    assert notes == ["1 fact comes more than once in it and counted once"]


def _made(kind: str, physical_id: str) -> dict[str, Any]:
    return event("R", "CREATE_FAILED", 1, ResourceType=kind, PhysicalResourceId=physical_id)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ({"StackEvents": events(1), "NextToken": "x"}, "the list of events of stack shop goes on on a page"),
        (
            {
                "services": [
                    {
                        "serviceArn": SERVICE,
                        "events": [
                            {"id": str(n), "createdAt": 1768443367 + n, "message": "m"} for n in range(100)
                        ],
                    }
                ]
            },
            "backend: AWS lists the 100 latest events of a service",
        ),
        (
            {"StackEvents": [_made("AWS::CloudFormation::Stack", CHILD)]},
            "the events of nested stack shop-db were not saved",
        ),
        (
            {"StackEvents": [_made("AWS::ECS::Service", SERVICE)]},
            "what ECS says about service backend was not saved",
        ),
        (
            {"tasks": [task()], "failures": [{"arn": TASK, "reason": "MISSING"}]},
            f"AWS did not describe {TASK}: MISSING",
        ),
        ({"StackEvents": [{**events(1)[0], "Timestamp": "2026-01-15T02:16:07"}]}, "1 time names no zone"),
        ([task(), {"some": "thing"}], "1 object of an unknown shape left out"),
        ([task(), {"id": "1", "createdAt": 1, "message": "m"}], "messages that do not name their service"),
    ],
    ids=["page", "window", "nested stack", "service", "failures", "no zone", "unknown", "no service"],
)  # fmt: skip
def test_what_is_missing_or_not_understood_is_said(content: Any, note: str, tmp_path: Path) -> None:
    _, notes = read(tmp_path, content)
    assert [item for item in notes if item.startswith(note)], notes


def test_of_many_sentences_only_so_many_are_said(tmp_path: Path) -> None:
    """A file can name ten thousand things that AWS did not describe; a diagnosis carries every note."""
    failures = [{"arn": f"{TASK}{number}", "reason": "MISSING"} for number in range(300)]
    _, notes = read(tmp_path, {"tasks": [task()], "failures": failures})
    assert len(notes) == 51
    assert notes[-1] == "and 250 more sentences like these"


def test_a_page_whose_next_one_follows_is_not_missing(tmp_path: Path) -> None:
    _, notes = read(tmp_path, {"StackEvents": events(1, 5), "NextToken": "x"}, {"StackEvents": events(5)})
    assert notes == []


def test_records_of_an_archive_are_taken_and_its_bookkeeping_is_not(tmp_path: Path) -> None:
    """`events -o jsonl` of somebody else's archive: what their recorder polled proves nothing here."""

    def line(kind: str, key: str, data: Any) -> str:
        return json.dumps(
            {
                "specversion": "1.0", "type": kind, "source": STACK, "id": key, "seq": 7, "data": data,
                "recordedtime": "2026-01-15T02:16:07.123Z",
            }
        )  # fmt: skip

    gap = {
        "stream": f"stack_events {STACK}",
        "from": time(1),
        "to": None,
        "reason": "throttled",
        "kind": "open",
    }
    told = [
        line("aws.cloudformation.stack_event", "e", event("A", "CREATE_FAILED", 1)),
        line("forensics.gap", "g", gap),
        line("forensics.poll", "p", {"streams": []}),
        line("forensics.run", "r", {"phase": "started"}),
    ]
    records, notes = read(tmp_path, "\n".join(told))
    assert [record.type for record in records] == ["aws.cloudformation.stack_event", "forensics.gap"]
    assert notes == ["2 records of a recorder's own bookkeeping left out: what it watched is not judged here"]
