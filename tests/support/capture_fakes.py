"""The recorder without network and without waiting: a door straight into the endpoint, polls made at once.

truth = facts(stack("Shop")...)
door = EndpointDoor(History.of(truth), clock)
door.trouble = lambda operation: Throttled("…") if operation == "ecs:ListTasks" else None
recorder = Recorder(tmp_path, door, clock, Wanted(stacks=("Shop",)))
recorder.run_for(600)
assert keys(recorder.records()) ...
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from forensics.archive.disk import Disk
from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.aws.connection import RawReply
from forensics.aws.faults import from_answer
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.status import Outcome
from forensics.capture.supervisor import Supervisor
from forensics.errors import AwsError
from forensics.model.credentials import RENEWS, CredentialStanding
from forensics.model.record import Fact, JsonObject, Record
from forensics.model.wire import read_error
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.serve.request import CLOUDFORMATION_VERSION, ECS_TARGET
from tests.support.clock import ManualClock
from tests.support.histories import ACCOUNT, REGION


class InlineExecutor(Executor):
    """Makes each call at once, on the thread that submits it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class EndpointDoor:
    """A door that hands requests to an endpoint in this process; implements `aws.door.Door`."""

    def __init__(
        self, history: History, clock: ManualClock, *, region: str = REGION, account: str = ACCOUNT
    ) -> None:
        self._endpoint = Endpoint(history, clock)
        self._clock = clock
        self.region = region
        self.account = account
        self.expiry: datetime | None = None
        self.stands: CredentialStanding | None = None
        """How the credentials stand; None: they renew themselves, and end at `expiry`."""
        self.stamp: object = 0
        self.skew_s: Callable[[], float | None] = lambda: None
        self.renewals = 0
        self.calls: Counter[str] = Counter()
        self.trouble: Callable[[str], AwsError | None] = lambda _operation: None
        """Told each operation before it is asked; what it returns is raised instead of an answer."""
        self.whoami_trouble: Callable[[], AwsError | None] = lambda: None

    def play(self, history: History) -> None:
        """Tell of another history from now on."""
        self._endpoint.play(history)

    def call(self, operation: str, **parameters: Any) -> RawReply:
        self.calls[operation] += 1
        error = self.trouble(operation)
        if error is not None:
            raise error
        service, _, name = operation.partition(":")
        protocol = "json" if service == "ecs" else "query"
        scope = f"AKIATEST/20260115/{self.region}/{service}/aws4_request"
        headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"}
        if protocol == "json":
            headers["x-amz-target"] = f"{ECS_TARGET}.{name}"
            body = msgspec.json.encode(parameters)
        else:
            body = urlencode(_query_fields(name, parameters)).encode()
        answer = self._endpoint.answer(headers, body)
        if answer.status != 200:
            code, message = read_error(answer.body, protocol, answer.status)
            raise from_answer(operation, code, message, answer.status)
        return RawReply(
            operation=operation, protocol=protocol, body=answer.body, answered_at=self._clock.now()
        )

    def renew(self) -> None:
        self.renewals += 1

    def whoami(self) -> JsonObject:
        error = self.whoami_trouble()
        if error is not None:
            raise error
        return {
            "account": self.account,
            "arn": f"arn:aws:sts::{self.account}:assumed-role/deployer/ci",
            "source": "env",
            "region": self.region,
            "expires_at": None,
        }

    def skew(self) -> float | None:
        return self.skew_s()

    def credentials_stamp(self) -> object:
        return self.stamp

    def expires_at(self) -> datetime | None:
        return self.expiry

    def standing(self) -> CredentialStanding:
        return self.stands or CredentialStanding(state=RENEWS, source="environment", expires_at=self.expiry)


def _query_fields(action: str, parameters: dict[str, Any]) -> dict[str, str]:
    fields = {"Action": action, "Version": CLOUDFORMATION_VERSION}
    for name, value in parameters.items():
        if isinstance(value, list):
            fields |= {f"{name}.member.{number}": str(item) for number, item in enumerate(value, 1)}
        else:
            fields[name] = str(value)
    return fields


class StopAt(threading.Event):
    """An event that is set from a moment of a clock on, or by hand."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._at_s = clock.monotonic() + seconds

    def is_set(self) -> bool:
        return super().is_set() or self._clock.monotonic() >= self._at_s


class Recorder:
    """A recording in virtual time: one archive, one door, as many runs as a test wants."""

    def __init__(
        self,
        directory: Path,
        door: EndpointDoor,
        clock: ManualClock,
        wanted: Wanted,
        options: CaptureOptions | None = None,
    ) -> None:
        self.directory = directory / "archive"
        self.door = door
        self.clock = clock
        self.wanted = wanted
        self.options = options or CaptureOptions()
        self.writer_options: WriterOptions | None = None
        self.disk: Disk | None = None
        self.runs = 0
        self.committed: list[Record] = []
        self.supervisor: Supervisor

    def start(self, **how: Any) -> Supervisor:
        """Open the archive and return a supervisor over it that nothing runs yet."""
        self.runs += 1
        writer = Writer.open(
            self.directory,
            clock=self.clock,
            run=f"{self.runs:08x}{0:08x}",
            tool="forensics test",
            options=self.writer_options,
            disk=self.disk,
        )
        settings: dict[str, Any] = {
            "sites": [Site(label="main", door=self.door, wanted=self.wanted)],
            "writer": writer,
            "clock": self.clock,
            "options": self.options,
            "on_commit": self.committed.extend,
            "executor": InlineExecutor(),
            "rng": random.Random(7),
            **how,
        }
        self.supervisor = Supervisor(**settings)
        return self.supervisor

    def run_for(self, seconds: float, *, abort: bool = False, **how: Any) -> Outcome:
        """Record for so many seconds of the clock, then end in order (or at once)."""
        event = StopAt(self.clock, seconds)
        supervisor = self.start(**how)
        return supervisor.run(threading.Event(), event) if abort else supervisor.run(event)

    def run(self, **how: Any) -> Outcome:
        """Record until the options say that it is over; a day at most."""
        return self.start(**how).run(StopAt(self.clock, 86_400))

    def records(self) -> list[Record]:
        """Return all records of the archive."""
        return list(Archive.open(self.directory).records())

    def of(self, kind: str) -> list[Any]:
        """Return the payloads of the records of one type."""
        return [record.payload() for record in self.records() if record.type == kind]

    def keys(self, kind: str) -> list[str]:
        """Return the ids of the records of one type, in the archive's order."""
        return [record.id for record in self.records() if record.type == kind]


def keys(truth: Iterable[Fact], kind: str) -> set[str]:
    """Return the ids of the facts of one type."""
    return {fact.id for fact in truth if fact.type == kind}


def after(clock: ManualClock, start: datetime, seconds: float) -> bool:
    """Return whether so many seconds have passed since the start."""
    return clock.now() >= start + timedelta(seconds=seconds)
