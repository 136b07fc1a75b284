"""An archive of many stacks: what a recorder has after weeks in a busy account."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from forensics.archive.writer import Writer
from forensics.model.clock import SystemClock, to_rfc3339
from forensics.model.record import Fact

STACKS = 500
RECORDS = 1_000_000

_BEGAN = datetime(2026, 1, 15, tzinfo=UTC)
_RESOURCES = 20
_FAILED_EVERY = 25
"""Of so many stacks one fails in its last operation."""
_BATCH = 2000
_REASON = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
    "failed: unable to retrieve secret from asm: service call has been retried 1 time(s): "
    "invalid character '!' in string escape code"
)


def write(path: Path, records: int = RECORDS, stacks: int = STACKS) -> None:
    """Write a closed archive of so many records: mostly what services say, operations on stacks, polls."""
    writer = Writer.open(path, clock=SystemClock(), run="bench", tool="bench")
    facts = islice(_facts(stacks), records)
    while batch := list(islice(facts, _BATCH)):
        writer.append(batch, poll="bench")
    writer.close()


def _facts(stacks: int) -> Iterator[Fact]:
    """Yield facts without end, each stack in its turn; a failed operation comes now and then."""
    for number in range(stacks):
        yield _opening(number)
    turn = 0
    while True:
        for number in range(stacks):
            stack = _Stack(number, turn, slot=timedelta(hours=1) / stacks)
            yield from stack.operation(fails=number % _FAILED_EVERY == 0)
            yield from stack.polls(stacks)
        turn += 1


def _opening(number: int) -> Fact:
    stream = f"stack_events {_Stack(number, 0).arn}"
    data = {"number": number + 1, "stream": stream, "opened_because": "wanted"}
    return Fact(type="forensics.stream", source=stream.partition(" ")[2], id=f"stream-{number}", data=data)


class _Stack:
    """One stack in one of its operations; all of them take their turns within an hour."""

    def __init__(self, number: int, turn: int, slot: timedelta = timedelta()) -> None:
        self.name = f"shop-{number:03d}"
        identity = _uuid(self.name)
        self.arn = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{self.name}/{identity}"
        self.service = f"arn:aws:ecs:eu-west-1:123456789012:service/main/{self.name}"
        self.cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/main"
        self._at = self._since = _BEGAN + timedelta(hours=turn) + number * slot
        self._until = self._since + slot
        self._turn = turn
        self._count = 0

    def operation(self, *, fails: bool) -> Iterator[Fact]:
        """Yield the events of an update, with what the service and its tasks say meanwhile."""
        token = f"deploy-{self._turn}"
        yield self._event(self.name, "UPDATE_IN_PROGRESS", token, "User Initiated")
        for resource in range(_RESOURCES):
            yield self._event(f"Resource{resource}", "UPDATE_IN_PROGRESS", token)
            yield from self._said(2)
            yield self._event(f"Resource{resource}", "UPDATE_COMPLETE", token)
        if fails:
            yield self._task()
            yield self._event(
                "Service", "UPDATE_FAILED", token, "ECS Deployment Circuit Breaker was triggered"
            )
            yield self._event(self.name, "UPDATE_ROLLBACK_IN_PROGRESS", token)
            yield self._event(self.name, "UPDATE_ROLLBACK_COMPLETE", token)
        else:
            yield self._event(self.name, "UPDATE_COMPLETE", token)
        yield self._deployment("FAILED" if fails else "COMPLETED")

    def polls(self, stacks: int) -> Iterator[Fact]:
        """Yield what the recorder notes of its own work meanwhile: polls, and quiet streams once a minute."""
        # Each statement begins where the one before ended, as a recorder's do.
        span = {"from": to_rfc3339(self._since), "to": to_rfc3339(self._until)}
        data = {**span, "streams": f"1-{stacks}", "polls": stacks, "calls": stacks}
        key = f"coverage-{self.name}-{self._turn}"
        yield Fact(type="forensics.coverage", source="urn:forensics:bench", id=key, data=data)
        for number in range(9):
            at, stream = to_rfc3339(self._next()), f"stack_events {self.arn}"
            data = {"streams": [stream], "from": at, "to": at, "facts": 4, "calls": 1}
            key = f"poll-{self.name}-{self._turn}-{number}"
            yield Fact(type="forensics.poll", source=self.arn, id=key, data=data)

    def _next(self) -> datetime:
        self._count += 1
        return self._at + timedelta(seconds=self._count)

    def _event(self, logical_id: str, status: str, token: str, reason: str = "") -> Fact:
        at = to_rfc3339(self._next())
        is_own = logical_id == self.name
        kind = "AWS::CloudFormation::Stack" if is_own else "AWS::SNS::Topic"
        physical = self.arn if is_own else f"arn:aws:sns:eu-west-1:123456789012:{self.name}-{logical_id}"
        if logical_id == "Service":
            kind, physical = "AWS::ECS::Service", self.service
        data = {
            "StackId": self.arn,
            "EventId": f"{logical_id}-{status}-{at}",
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "Timestamp": at,
            "ResourceStatus": status,
            "ClientRequestToken": token,
        }
        if reason:
            data["ResourceStatusReason"] = reason
        return Fact(
            type="aws.cloudformation.stack_event",
            source=self.arn,
            id=data["EventId"],
            data=data,
            time=at,
            subject=logical_id,
        )

    def _said(self, count: int) -> Iterator[Fact]:
        for _ in range(count):
            at = self._next()
            identity = _uuid(f"{self.name}/{at}")
            message = f"(service {self.name}) has started 1 tasks: (task {identity.replace('-', '')})."
            data = {"id": identity, "createdAt": at.timestamp(), "message": message}
            yield Fact(
                type="aws.ecs.service_event",
                source=self.service,
                id=identity,
                data=data,
                time=to_rfc3339(at),
                subject=self.name,
            )

    def _deployment(self, state: str) -> Fact:
        at, name = self._next(), f"ecs-svc/{self._turn:08d}"
        data = {"id": name, "status": "PRIMARY", "rolloutState": state, "updatedAt": at.timestamp()}
        return Fact(
            type="aws.ecs.deployment",
            source=self.service,
            id=f"{name}@{state}",
            data=data,
            time=to_rfc3339(at),
            subject=name,
        )

    def _task(self) -> Fact:
        at = self._next()
        identity = _uuid(f"{self.name}-{self._turn}").replace("-", "")
        arn = f"arn:aws:ecs:eu-west-1:123456789012:task/main/{identity}"
        data = {
            "taskArn": arn,
            "clusterArn": self.cluster,
            "group": f"service:{self.name}",
            "startedBy": f"ecs-svc/{self._turn:08d}",
            "lastStatus": "STOPPED",
            "stopCode": "TaskFailedToStart",
            "stoppedReason": _REASON,
            "stoppedAt": at.timestamp(),
            "version": 3,
            "containers": [],
        }
        return Fact(
            type="aws.ecs.task",
            source=self.cluster,
            id=f"{arn}@3",
            data=data,
            time=to_rfc3339(at),
            subject=identity,
        )


def _uuid(text: str) -> str:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"
