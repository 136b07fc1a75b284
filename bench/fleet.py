"""A large AWS account that answers as it is asked: 1,000 services, 10 clusters, 200 stacks, 10 of them busy.

Answers are made for each call, so that the account takes no memory in the process that watches it.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import msgspec

from forensics.aws.connection import RawReply
from forensics.model.clock import Clock, to_rfc3339
from forensics.model.credentials import RENEWS, CredentialStanding
from forensics.model.record import JsonObject
from forensics.model.wire import wrap_xml, write_element

REGION, ACCOUNT = "us-east-1", "123456789012"
CLUSTERS, SERVICES_EACH, STACKS, BUSY_STACKS = 10, 100, 200, 10
START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
UPDATED_AT = START.timestamp() - 3600
EVENT_EVERY_S = 30


class Fleet:
    """The account behind a door; implements `aws.door.Door`."""

    region = REGION

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.counts: Counter[str] = Counter()

    def call(self, operation: str, **parameters: Any) -> RawReply:
        """Answer with a payload made for this call."""
        self.counts[operation] += 1
        service, _, name = operation.partition(":")
        answer = getattr(self, f"_{name}")(parameters)
        if service == "ecs":
            body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
            return RawReply(operation=operation, protocol="json", body=body)
        return RawReply(operation=operation, protocol="query", body=wrap_xml(name, answer, "0" * 36))

    def renew(self) -> None:
        """Do nothing: these credentials never end."""
        return

    def whoami(self) -> JsonObject:
        """Return a made-up identity."""
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/bench"
        return {"account": ACCOUNT, "arn": arn, "source": "env", "region": REGION, "expires_at": None}

    def skew(self) -> float | None:
        """Return None."""
        return None

    def expires_at(self) -> datetime | None:
        """Return None."""
        return None

    def standing(self) -> CredentialStanding:
        """Return that nothing is wrong."""
        return CredentialStanding(state=RENEWS, source="environment")

    def credentials_stamp(self) -> object:
        """Return always the same."""
        return 0

    def _ListStacks(self, _parameters: JsonObject) -> bytes:  # noqa: N802
        return _all_summaries()

    def _DescribeStacks(self, parameters: JsonObject) -> bytes:  # noqa: N802
        return write_element("Stacks", [_summary(_number(parameters["StackName"]))])

    def _ListStackResources(self, _parameters: JsonObject) -> bytes:  # noqa: N802
        return write_element("StackResourceSummaries", [])

    def _DescribeStackEvents(self, parameters: JsonObject) -> bytes:  # noqa: N802
        arn = parameters["StackName"]
        is_busy = _number(arn) < BUSY_STACKS
        self.counts["busy stacks asked" if is_busy else "idle stacks asked"] += 1
        newest = int(self._clock.monotonic() // EVENT_EVERY_S) + 60 if is_busy else 60
        page = b"".join(
            _stack_event(arn, number, is_busy) for number in range(newest, max(newest - 100, -1), -1)
        )
        return b"<StackEvents>" + page + b"</StackEvents>"

    def _DescribeServices(self, parameters: JsonObject) -> bytes:  # noqa: N802
        self.counts["services asked"] += len(parameters["services"])
        services = b",".join(_service(arn) for arn in parameters["services"])
        return b'{"services":[' + services + b'],"failures":[]}'

    def _ListServices(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        cluster = parameters["cluster"].replace(":cluster/", ":service/")
        return {"serviceArns": [f"{cluster}/service-{number}" for number in range(SERVICES_EACH)]}

    def _ListServiceDeployments(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        cluster = parameters["cluster"].replace(":cluster/", ":service-deployment/")
        return {"serviceDeployments": [_service_deployment(f"{cluster}/{parameters['service']}/1")]}

    def _DescribeServiceDeployments(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        arns = parameters["serviceDeploymentArns"]
        return {"serviceDeployments": [_service_deployment(arn) for arn in arns]}

    def _DescribeTaskDefinition(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        container = {"name": "web", "image": "shop/web:1", "essential": True, "environment": []}
        arn = parameters["taskDefinition"]
        return {"taskDefinition": {"taskDefinitionArn": arn, "containerDefinitions": [container]}}

    def _ListTasks(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        cluster = parameters["cluster"].replace(":cluster/", ":task/")
        hour = int(self._clock.monotonic() // 600)
        return {"taskArns": [f"{cluster}/{number:032x}" for number in range(hour, hour + 6)]}

    def _DescribeTasks(self, parameters: JsonObject) -> JsonObject:  # noqa: N802
        self.counts["tasks asked"] += len(parameters["tasks"])
        stopped_at = self._clock.now().timestamp()
        return {
            "tasks": [
                {
                    "taskArn": arn,
                    "version": 3,
                    "lastStatus": "STOPPED",
                    "stoppedAt": stopped_at,
                    "stoppedReason": "x",
                }
                for arn in parameters["tasks"]
            ]
        }


def _stack(number: int) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/Stack-{number}/0c5bd0d0-{number:012x}"


def _number(arn: str) -> int:
    found = re.search(r"Stack-(\d+)/", arn)
    return int(found.group(1)) if found else 0


def _summary(number: int) -> JsonObject:
    status = "UPDATE_IN_PROGRESS" if number < BUSY_STACKS else "UPDATE_COMPLETE"
    return {
        "StackId": _stack(number),
        "StackName": f"Stack-{number}",
        "CreationTime": "2025-06-01T00:00:00.000Z",
        "LastUpdatedTime": "2026-01-15T11:00:00.000Z",
        "StackStatus": status,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


@cache
def _all_summaries() -> bytes:
    return write_element("StackSummaries", [_summary(number) for number in range(STACKS)])


@lru_cache(maxsize=2000)
def _stack_event(arn: str, number: int, is_busy: bool) -> bytes:
    name = arn.split("/")[1]
    is_start, is_end = number == 0, number == 60 and not is_busy
    event = {
        "StackId": arn,
        "EventId": f"event-{number}",
        "StackName": name,
        "LogicalResourceId": name if is_start or is_end else f"Resource{number}",
        "PhysicalResourceId": arn if is_start or is_end else f"physical-{number}",
        "ResourceType": "AWS::CloudFormation::Stack" if is_start or is_end else "AWS::Lambda::Function",
        "Timestamp": to_rfc3339(START - timedelta(seconds=1800 - number * EVENT_EVERY_S)),
        "ResourceStatus": "UPDATE_COMPLETE" if is_end else "UPDATE_IN_PROGRESS",
        "ResourceStatusReason": "User Initiated" if is_start else "",
        "ResourceProperties": json.dumps({"Handler": "index.handler", "MemorySize": 512, "Role": "x" * 200}),
    }
    return write_element("member", event)


def _service(arn: str) -> bytes:
    cluster = arn.replace(":service/", ":cluster/").rpartition("/")[0]
    name = arn.rpartition("/")[2]
    filled = _service_pattern().replace(b"@ARN@", arn.encode()).replace(b"@CLUSTER@", cluster.encode())
    return filled.replace(b"@NAME@", name.encode())


@cache
def _service_pattern() -> bytes:
    definition = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web:1"
    deployment = {
        "id": "ecs-svc/@ARN@",
        "status": "PRIMARY",
        "taskDefinition": definition,
        "desiredCount": 2,
        "runningCount": 2,
        "failedTasks": 0,
        "rolloutState": "COMPLETED",
        "createdAt": UPDATED_AT,
        "updatedAt": UPDATED_AT,
    }
    events = [
        {"id": f"@ARN@-{number}", "createdAt": UPDATED_AT - number, "message": "(service @NAME@) steady."}
        for number in range(100)
    ]
    service = {
        "serviceArn": "@ARN@",
        "serviceName": "@NAME@",
        "clusterArn": "@CLUSTER@",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "taskDefinition": definition,
        "deployments": [deployment],
        "events": events,
    }
    return msgspec.json.encode(service)


def _service_deployment(arn: str) -> JsonObject:
    return {
        "serviceDeploymentArn": arn,
        "status": "SUCCESSFUL",
        "createdAt": UPDATED_AT,
        "updatedAt": UPDATED_AT,
        "targetServiceRevision": {"arn": arn, "requestedTaskCount": 2, "runningTaskCount": 2},
    }
