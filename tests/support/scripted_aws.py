"""AWS as a test writes it: a door whose answers are functions, and whose calls can be made to fail.

    aws = ScriptedAws()
    aws.on("ecs:ListTasks", lambda **asked: {"taskArns": [ARN]})
    aws.on("cloudformation:DescribeStackEvents", {"StackEvents": [...]})       # always the same
    aws.on("ecs:DescribeTasks", [{"tasks": []}, Throttled("slow down")])       # one after the other
    aws.fail(2, Unreachable("no answer"))                                      # the third call from now on
    StoppedTasks().fetch(aws, …)
    assert aws.operations == ["ecs:ListTasks", …]

Answers go over the wire's own bytes: what a source reads has been written and read as XML or JSON.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from forensics.errors import AccessDenied, AwsError, Undecodable
from forensics.model.credentials import RENEWS, CredentialStanding
from forensics.model.record import JsonObject
from forensics.model.wire import WireError, read_json, read_xml, write_xml

Answer = JsonObject | bytes | AwsError
Script = Callable[..., Answer] | Answer | Sequence[Answer]

_QUERY = ("cloudformation", "sts")


@dataclass(frozen=True)
class ScriptedReply:
    operation: str
    body: bytes
    answered_at: datetime | None = None

    def values(self) -> JsonObject:
        service, _, name = self.operation.partition(":")
        try:
            return read_xml(self.body, name) if service in _QUERY else read_json(self.body)
        except WireError as error:
            raise Undecodable(error.message, body=self.body, operation=self.operation) from error


class ScriptedAws:
    """Implements `forensics.aws.door.Door`."""

    def __init__(self, region: str = "us-east-1") -> None:
        self.region = region
        self.asked: list[tuple[str, JsonObject]] = []
        self.renewals = 0
        self.answered_at: datetime | None = None
        """AWS's time of each answer; None: it does not say."""
        self.skew_s: float | None = None
        self._scripts: dict[str, Script] = {}
        self._turns: dict[str, int] = {}
        self._failures: dict[int, AwsError] = {}
        self._denied: set[str] = set()
        self._lock = threading.Lock()

    def on(self, operation: str, script: Script) -> None:
        self._scripts[operation] = script
        self._turns[operation] = 0

    def fail(self, place: int, error: AwsError) -> None:
        """Let the call fail that comes after `place` others from now on."""
        self._failures[len(self.asked) + place] = error

    def deny(self, *operations: str) -> None:
        """Refuse operations from now on; without any, refuse none any more."""
        self._denied = set(operations)

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]

    def call(self, operation: str, **parameters: Any) -> ScriptedReply:
        with self._lock:
            place = len(self.asked)
            self.asked.append((operation, parameters))
            turn = self._turns.get(operation, 0)
            self._turns[operation] = turn + 1
        if place in self._failures:
            raise self._failures.pop(place)
        if operation in self._denied:
            raise AccessDenied(f"{operation}: denied", code="AccessDenied", operation=operation)
        answer = self._answer(operation, turn, parameters)
        if isinstance(answer, AwsError):
            raise answer
        body = answer if isinstance(answer, bytes) else encode(operation, answer)
        return ScriptedReply(operation, body, self.answered_at)

    def _answer(self, operation: str, turn: int, parameters: JsonObject) -> Answer:
        script = self._scripts.get(operation)
        if script is None:
            return AccessDenied(f"{operation}: not scripted", code="AccessDenied", operation=operation)
        if callable(script):
            return script(**parameters)
        if isinstance(script, Mapping | bytes | AwsError):
            return script
        return script[min(turn, len(script) - 1)]

    def renew(self) -> None:
        self.renewals += 1

    def whoami(self) -> JsonObject:
        arn = "arn:aws:iam::123456789012:user/test"
        return {
            "account": "123456789012",
            "arn": arn,
            "source": "env",
            "region": self.region,
            "expires_at": None,
        }

    def skew(self) -> float | None:
        return self.skew_s

    def credentials_stamp(self) -> object:
        return ()

    def expires_at(self) -> datetime | None:
        return None

    def standing(self) -> CredentialStanding:
        return CredentialStanding(state=RENEWS, source="environment")


def encode(operation: str, values: JsonObject) -> bytes:
    """Return an answer's bytes as the operation's protocol sends them."""
    service, _, name = operation.partition(":")
    return write_xml(name, values, "request-1") if service in _QUERY else orjson.dumps(values)
