"""config/eventbridge.yaml keeps events in a form that is read, and no others."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import REPOSITORY, forensics

TEMPLATE: dict[str, Any] = yaml.safe_load((REPOSITORY / "config/eventbridge.yaml").read_text())
RESOURCES = TEMPLATE["Resources"]
RULES = {name: part for name, part in RESOURCES.items() if part["Type"] == "AWS::Events::Rule"}
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/8a1d0c20-0000-4000-8000-000000000001"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"
TASK = "arn:aws:ecs:us-east-1:123456789012:task/main/0123456789abcdef0123456789abcdef"
PLACE = {"Partition": "aws", "Region": "us-east-1", "AccountId": "123456789012"}


def stopped(status: str) -> dict[str, Any]:
    return {
        "taskArn": TASK, "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/main",
        "lastStatus": status, "desiredStatus": "STOPPED", "version": 4, "group": "service:api",
        "stoppedReason": "Essential container in task exited", "stopCode": "EssentialContainerExited",
        "stoppedAt": "2026-01-15T12:00:05Z",
        "containers": [{"name": "app", "exitCode": 1, "lastStatus": status}],
    }  # fmt: skip


TOLD = [
    ("aws.ecs", "ECS Task State Change", [TASK], stopped("RUNNING")),
    ("aws.ecs", "ECS Task State Change", [TASK], stopped("STOPPED")),
    ("aws.ecs", "ECS Deployment State Change", [SERVICE],
     {"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": "ecs-svc/1", "reason": "breaker"}),
    ("aws.ecs", "ECS Service Action", [SERVICE], {"eventName": "SERVICE_TASK_START_IMPAIRED"}),
    ("aws.ecs", "ECS Container Instance State Change", [], {}),
    ("aws.cloudformation", "CloudFormation Stack Status Change", [STACK],
     {"stack-id": STACK, "status-details": {"status": "CREATE_FAILED", "status-reason": "Api failed"}}),
    ("aws.cloudformation", "CloudFormation Resource Status Change", [STACK],
     {"stack-id": STACK, "logical-resource-id": "Api", "resource-type": "AWS::ECS::Service",
      "status-details": {"status": "CREATE_FAILED", "status-reason": "breaker tripped"}}),
    ("aws.s3", "Object Created", [], {}),
]  # fmt: skip


def substituted(text: str, group: str) -> str:
    return re.sub(
        r"\$\{(?:AWS::)?(\w+)\}", lambda found: group if found[1] == "Events" else PLACE[found[1]], text
    )


def fits(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Return whether an event fits a pattern of plain values, as EventBridge decides it."""
    return all(
        fits(wanted, event.get(name, {})) if isinstance(wanted, dict) else event.get(name) in wanted
        for name, wanted in pattern.items()
    )


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return what `aws logs filter-log-events` saves after the events came to the template's rules."""
    told = [
        {"version": "0", "id": f"00000000-0000-4000-8000-{number:012}", "detail-type": kind, "source": source,
         "account": "123456789012", "time": f"2026-01-15T12:00:{number:02}Z", "region": "us-east-1",
         "resources": resources, "detail": detail}
        for number, (source, kind, resources, detail) in enumerate(TOLD)
    ]  # fmt: skip
    messages = [
        {
            "logStreamName": "s",
            "timestamp": 1768478400000,
            "message": json.dumps(event),
            "eventId": event["id"],
        }
        for rule in RULES.values()
        for event in told
        if fits(rule["Properties"]["EventPattern"], event)
    ]
    path = tmp_path / "kept.json"
    path.write_text(json.dumps({"events": messages, "searchedLogStreams": []}))
    return path


def test_each_kept_event_is_read_and_the_others_are_not_kept(kept: Path, tmp_path: Path) -> None:
    """A running task or another service's event would only fill the log group."""
    assert len(json.loads(kept.read_text())["events"]) == 5
    ended = forensics("events", kept, "-o", "jsonl", "--all", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    records = [json.loads(line) for line in ended.stdout.splitlines()]
    types = sorted(record["type"] for record in records if record["type"].startswith("aws."))
    assert types == [
        "aws.cloudformation.stack_event", "aws.cloudformation.stack_event", "aws.ecs.deployment",
        "aws.ecs.service_event", "aws.ecs.task",
    ]  # fmt: skip


def test_every_rule_may_write_into_the_log_group() -> None:
    """Without the permission EventBridge drops events and tells nobody."""
    policy = json.loads(substituted(RESOURCES["MayWrite"]["Properties"]["PolicyDocument"]["Fn::Sub"], "G"))
    (statement,) = policy["Statement"]
    assert "events.amazonaws.com" in statement["Principal"]["Service"]
    assert set(statement["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    for rule in RULES.values():
        (target,) = rule["Properties"]["Targets"]
        assert statement["Resource"] == substituted(target["Arn"]["Fn::Sub"], "G") + ":*"
        assert rule["DependsOn"] == "MayWrite"
