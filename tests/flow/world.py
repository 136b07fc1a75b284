"""A recorder whose credentials end in the middle of a walk over several pages of events."""

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.aws.choice import CredentialOptions
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.model.record import Record
from forensics.serve.credentials import AccessKey, access_key_of
from forensics.serve.endpoint import Answer, Endpoint, EndpointOptions
from forensics.serve.history import History
from forensics.serve.refusal import Refusal
from forensics.serve.request import read_request
from tests.support.capture_fakes import InlineExecutor, StopAt
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.givers import Givers
from tests.support.histories import REGION, facts, stack

EVENTS = 230
"""Events of the stack: three pages."""
SHOP = stack("Shop")
for _number in range(EVENTS - 2):
    SHOP.event(f"R{_number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=1 + _number / 10)
SHOP.itself("CREATE_COMPLETE", at=60)
TRUTH = facts(SHOP)
BEGIN_S = 100.0
"""Seconds after the start of the history at which the recorder starts."""


class Mortal(Endpoint):
    """An endpoint where the key that asks for the second page of a walk ends at that moment."""

    def __init__(self, clock: ManualClock) -> None:
        keys = (AccessKey(id="AKIDUNUSED"),)  # with none at all, every key is good
        super().__init__(History.of(TRUTH), clock, EndpointOptions(keys=keys))
        self.deaths = 1
        """Keys that are still to end."""
        self.dead: list[str] = []
        self.on_death: Callable[[], object] = lambda: None

    def answer(self, headers: Any, body: bytes) -> Answer:
        asked = read_request(headers, body)
        key = access_key_of(headers.get("authorization", ""))
        is_later_page = asked.operation == "DescribeStackEvents" and "NextToken" in (asked.parameters or {})
        if is_later_page and self.deaths and key not in self.dead:
            self.deaths -= 1
            self.dead.append(key)
            self.on_death()
        if key and key in self.dead:
            text = "The security token included in the request is expired"
            code = "ExpiredTokenException" if asked.is_json else "ExpiredToken"
            return self.refuse(asked, Refusal(code, text, status=403))
        return super().answer(headers, body)


class World:
    """An AWS of one stack, those who give credentials, and a home directory."""

    def __init__(
        self, home: Path, clock: ManualClock, aws: Mortal, player: FaultyPlayer, givers: Givers
    ) -> None:
        self.home = home
        self.clock = clock
        self.aws = aws
        self.player = player
        self.givers = givers
        self.door: Client
        self._plan: list[tuple[float, Callable[[], object]]] = []
        self._wait = clock.wait
        clock.wait = self._tick  # type: ignore[method-assign]

    def later(self, after_s: float, action: Callable[[], object]) -> None:
        """Plan something for so many seconds from now."""
        self._plan.append((self.clock.monotonic() + after_s, action))

    def _tick(self, event: threading.Event, timeout_s: float) -> bool:
        while self._plan and self.clock.monotonic() >= self._plan[0][0]:
            self._plan.pop(0)[1]()
        return self._wait(event, timeout_s)

    def keys(self, profile: str = "default", *, whole: bool = True) -> str:
        """Write new keys of a profile, all of them or as far as a slow writer has come; return their id."""
        key, _ = self.givers.key()
        text = f"[{profile}]\naws_access_key_id = {key}\n"
        if whole:
            text += "aws_secret_access_key = any\naws_session_token = any\n"
        (self.home / ".aws" / "credentials").write_text(text)
        return key

    def config(self, text: str) -> None:
        """Write ~/.aws/config."""
        (self.home / ".aws" / "config").write_text(text)

    def sso_cache(self, name: str, **token: str) -> None:
        """Write the token of an SSO session, or of a start URL, as a login leaves it."""
        self._cache(self.home / ".aws" / "sso" / "cache" / f"{sha1(name.encode()).hexdigest()}.json", token)

    def login_cache(self, name: str, token: dict[str, Any]) -> None:
        """Write the session of an `aws login`."""
        file = f"{sha256(name.encode()).hexdigest()}.json"
        self._cache(self.home / ".aws" / "login" / "cache" / file, token)

    def _cache(self, path: Path, content: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))

    def record(
        self,
        seconds: float = 240,
        *,
        credentials: Sequence[CredentialOptions] = (),
        role_arn: str | None = None,
        profile: str | None = None,
    ) -> Path:
        """Record the stack for so long; return the archive."""
        options = ClientOptions(
            region=REGION, endpoint_url=self.player.url, role_arn=role_arn, profile=profile
        )
        self.door = Client(options, self.clock, credentials=credentials)
        archive = self.home / "archive"
        Supervisor(
            sites=[Site(label="main", door=self.door, wanted=Wanted(stacks=("Shop",)))],
            writer=Writer.open(archive, clock=self.clock, run="1" * 16, tool="test"),
            clock=self.clock,
            options=CaptureOptions(),
            executor=InlineExecutor(),
            rng=random.Random(11),
        ).run(StopAt(self.clock, seconds))
        return archive


def records(archive: Path, kind: str) -> list[Record]:
    """Return the archive's records of one type."""
    return [record for record in Archive.open(archive).records() if record.type == kind]


def assert_whole(archive: Path) -> None:
    """Hold the archive against the history: all of it, once each, and sound."""
    kind = "aws.cloudformation.stack_event"
    held = sorted(record.id for record in records(archive, kind))
    assert held == sorted(fact.id for fact in TRUTH if fact.type == kind)
    assert len(held) == EVENTS
    assert verify(archive, None).verdict.startswith("intact")


def gaps(archive: Path) -> list[Any]:
    """Return the payloads of the archive's gaps."""
    return [record.payload() for record in records(archive, "forensics.gap")]


@contextmanager
def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Build a world; nothing of this machine's settings is in it."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "ACTIONS_")):
            monkeypatch.delenv(name)
    (home / ".aws").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for provider in (SSOProvider, SSOTokenProvider):
        # botocore looks for the home directory when it is imported.
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(home / ".aws" / "sso" / "cache"))
    clock = ManualClock()
    clock.advance(BEGIN_S)
    aws = Mortal(clock)
    with FaultyPlayer(aws) as player, Givers(aws, clock) as givers:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", player.url)
        for service in ("SSO", "SSO_OIDC", "SIGNIN"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", givers.url)
        yield World(home, clock, aws, player, givers)
