"""Trouble on the way to AWS: the endpoint behind a server that can break every answer.

`FaultyPlayer` serves an `Endpoint` like `serve.player.Player`, but owns the socket, so that it can do what
no web framework does: reset a connection, drip bytes, stay silent for ever, cut a body short.

    with FaultyPlayer(Endpoint(history, clock)) as player:
        player.faults.fail("ecs:ListTasks", error="AccessDeniedException", times=None)
        player.faults.fail("cloudformation:*", error="Throttling", times=3)
        player.faults.fail("*", error="ExpiredToken", access_key="AKIAOLD", times=None)
        player.faults.reset("cloudformation:DescribeStackEvents", page=2)
        player.faults.hang("ecs:DescribeServices")
        ... door(player.url) ...
        assert player.faults.calls("ecs:ListTasks") == 4

Each rule names an operation (``service:Operation``; ``*`` stands for any part, as in shell patterns) and
what to do with calls of it:

* `fail(error=, status=, message=)` answers with an AWS error in the protocol's own shape. ``ExpiredToken``,
  ``Throttling``, ``AccessDenied``, ``InvalidClientTokenId`` and ``ServiceUnavailable`` are spelled as each
  protocol spells them; any other code is sent as given.
* `status(503)` answers with an HTTP status and no body; `html()` with a proxy's page and status 200;
  `malformed()` with bytes that are of neither protocol; `empty()` with nothing and 200.
* `truncate(keep=0.5)` sends a part of the body and closes; `cut(keep=0.5)` sends that part as if it were all.
* `reset()` resets the connection; `hang()` never answers; `drip(every_s=…)` sends a byte at a time.

Every rule takes ``times`` (how often it strikes; None: always), ``skip`` (calls that pass first), ``page``
(only the n-th page of a walk: a call without a token is page 1, the next with one page 2 …), ``access_key``
(only calls signed with it), ``share`` (which part of the calls, by a chance that is the same in each run).
The first rule that fits strikes. `clear()` ends all rules, `release()` lets
hanging connections close; leaving the block does both.
"""

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Self, TypedDict, Unpack

from forensics.serve.credentials import access_key_of
from forensics.serve.endpoint import Answer, Endpoint
from forensics.serve.refusal import Refusal
from forensics.serve.request import Asked, read_request

HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"

# Code and status for (query, JSON): the protocols spell the same trouble differently.
_SPELLED = {
    "ExpiredToken": (("ExpiredToken", 403), ("ExpiredTokenException", 400)),
    "Throttling": (("Throttling", 400), ("ThrottlingException", 400)),
    "AccessDenied": (("AccessDenied", 403), ("AccessDeniedException", 400)),
    "InvalidClientTokenId": (("InvalidClientTokenId", 403), ("UnrecognizedClientException", 400)),
    "ServiceUnavailable": (("ServiceUnavailable", 503), ("ServerException", 500)),
}
_MESSAGES = {
    "ExpiredToken": "The security token included in the request is expired",
    "Throttling": "Rate exceeded",
    "InvalidClientTokenId": "The security token included in the request is invalid.",
    "ServiceUnavailable": "Service is temporarily unavailable.",
}


class When(TypedDict, total=False):
    """Which calls a rule strikes."""

    times: int | None
    skip: int
    page: int | None
    access_key: str | None
    share: float


@dataclass(frozen=True)
class Seen:
    """One call as it arrived."""

    operation: str
    access_key: str
    parameters: Mapping[str, object]


class Line:
    """The server's end of one connection."""

    def __init__(
        self, connection: socket.socket, closing: threading.Event, date: Callable[[], datetime] | None = None
    ) -> None:
        self.connection = connection
        self.closing = closing
        self.date = date

    def send(self, answer: Answer, *, length: int | None = None) -> None:
        """Send an answer; `length` is what Content-Length claims where it is not the truth."""
        claimed = len(answer.body) if length is None else length
        fields = {**answer.headers, "content-length": str(claimed)}
        if self.date is not None:
            fields["date"] = format_datetime(self.date(), usegmt=True)
        head = f"HTTP/1.1 {answer.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.connection.sendall(head.encode() + b"\r\n" + answer.body)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(self, answer: Answer, every_s: float) -> None:
        """Send the head, then a byte each time that `every_s` seconds have passed."""
        self.send(Answer(status=answer.status, headers=answer.headers, body=b""), length=len(answer.body))
        for byte in answer.body:
            if self.closing.wait(every_s):
                return
            self.connection.sendall(bytes([byte]))


# Deals with a call in place of the endpoint; returns whether the connection stays open.
Strike = Callable[[Line, Asked, Callable[[], Answer]], bool]


@dataclass
class _Rule:
    pattern: str
    strike: Strike
    times: int | None
    skip: int
    page: int | None
    access_key: str | None
    share: float
    chance: random.Random

    def takes(self, seen: Seen, page: int) -> bool:
        if not fnmatchcase(seen.operation, self.pattern) or self.times == 0:
            return False
        if self.page not in (None, page) or self.access_key not in (None, seen.access_key):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.chance.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """The rules by which calls go wrong, and the calls that came."""

    seen: list[Seen] = field(default_factory=list)
    """Every call, in the order they came, also those that went wrong."""
    struck: Counter[str] = field(default_factory=Counter)
    """How many calls of each operation a rule struck: a test of faults must see that they happened."""
    date: Callable[[], datetime] | None = None
    """What every Date header shows; None: the endpoint's clock."""

    def __post_init__(self) -> None:
        self._rules: list[_Rule] = []
        self._tokens: dict[tuple[str, str], list[object]] = {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._chance = random.Random(17)

    def calls(self, pattern: str = "*") -> int:
        """Return how many calls of an operation have come."""
        return sum(fnmatchcase(seen.operation, pattern) for seen in self.seen)

    def fail(
        self,
        pattern: str,
        *,
        error: str = "Throttling",
        status: int | None = None,
        message: str | None = None,
        **when: Unpack[When],
    ) -> None:
        """Answer with an AWS error."""

        def strike(line: Line, asked: Asked, _answer: Callable[[], Answer]) -> bool:
            code, own = _SPELLED.get(error, ((error, 400), (error, 400)))[asked.is_json]
            text = (
                _MESSAGES.get(error)
                or f"User: arn:aws:iam::123456789012:user/replay: {error} on {asked.name}"
            )
            refusal = Refusal(code, text if message is None else message, status=status or own)
            line.send(self._endpoint.refuse(asked, refusal))
            return True

        self._add(pattern, strike, **when)

    def status(self, pattern: str, status: int, *, body: bytes = b"", **when: Unpack[When]) -> None:
        """Answer with an HTTP status and a body of one's own."""
        answer = Answer(status=status, headers={"content-type": "text/html"}, body=body)

        def strike(line: Line, _asked: Asked, _answer: Callable[[], Answer]) -> bool:
            line.send(answer)
            return True

        self._add(pattern, strike, **when)

    def html(self, pattern: str, **when: Unpack[When]) -> None:
        """Answer 200 with a page for people, as a captive portal does."""
        self.status(pattern, 200, body=HTML, **when)

    def malformed(self, pattern: str, **when: Unpack[When]) -> None:
        """Answer 200 with bytes of neither protocol."""
        self.status(pattern, 200, body=b'\xff\xfe{"services": <member>', **when)

    def empty(self, pattern: str, **when: Unpack[When]) -> None:
        """Answer 200 without a body."""
        self.status(pattern, 200, **when)

    def truncate(self, pattern: str, *, keep: float = 0.5, **when: Unpack[When]) -> None:
        """Send a part of the body, then close before the rest."""

        def strike(line: Line, _asked: Asked, answer: Callable[[], Answer]) -> bool:
            whole = answer()
            line.send(_part(whole, keep), length=len(whole.body))
            return False

        self._add(pattern, strike, **when)

    def cut(self, pattern: str, *, keep: float = 0.5, **when: Unpack[When]) -> None:
        """Send a part of the body as if it were the whole: Content-Length fits it."""

        def strike(line: Line, _asked: Asked, answer: Callable[[], Answer]) -> bool:
            line.send(_part(answer(), keep))
            return True

        self._add(pattern, strike, **when)

    def reset(self, pattern: str, **when: Unpack[When]) -> None:
        """Reset the connection instead of answering."""

        def strike(line: Line, _asked: Asked, _answer: Callable[[], Answer]) -> bool:
            line.reset()
            return False

        self._add(pattern, strike, **when)

    def hang(self, pattern: str, **when: Unpack[When]) -> None:
        """Never answer; the connection closes when released."""

        def strike(_line: Line, _asked: Asked, _answer: Callable[[], Answer]) -> bool:
            self._released.wait()
            return False

        self._add(pattern, strike, **when)

    def drip(self, pattern: str, *, every_s: float = 0.05, **when: Unpack[When]) -> None:
        """Send the body a byte at a time."""

        def strike(line: Line, _asked: Asked, answer: Callable[[], Answer]) -> bool:
            line.drip(answer(), every_s)
            return False

        self._add(pattern, strike, **when)

    def clear(self) -> None:
        """End all rules."""
        with self._lock:
            self._rules.clear()

    def release(self) -> None:
        """Close the connections that hang; from now on nothing hangs."""
        self._released.set()

    def strike_for(self, asked: Asked, access_key: str) -> Strike | None:
        """Note a call and return what to do with it; None: answer it."""
        seen = Seen(asked.name, access_key, asked.parameters or {})
        with self._lock:
            self.seen.append(seen)
            page = self._page_of(seen)
            rule = next((rule for rule in self._rules if rule.takes(seen, page)), None)
            if rule is not None:
                self.struck[seen.operation] += 1
        return rule.strike if rule else None

    def _page_of(self, seen: Seen) -> int:
        token = seen.parameters.get("NextToken") or seen.parameters.get("nextToken")
        named = [str(value) for key, value in seen.parameters.items() if key.lower() != "nexttoken"]
        walk = (seen.operation, "\0".join(sorted(named)))
        if not token:
            self._tokens[walk] = []
            return 1
        # A page that is asked for again after an error is the same page.
        tokens = self._tokens.setdefault(walk, [])
        if token not in tokens:
            tokens.append(token)
        return tokens.index(token) + 2

    def serve(self, endpoint: Endpoint) -> None:
        """Take the endpoint whose errors `fail` answers with."""
        self._endpoint = endpoint

    def _add(self, pattern: str, strike: Strike, **when: Unpack[When]) -> None:
        rule = _Rule(
            pattern,
            strike,
            when.get("times", 1),
            when.get("skip", 0),
            when.get("page"),
            when.get("access_key"),
            when.get("share", 1.0),
            self._chance,
        )
        with self._lock:
            self._rules.append(rule)


class FaultyPlayer:
    """Serves an endpoint on loopback, a thread a connection, with faults; a context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.faults = Faults()
        self.faults.serve(endpoint)
        self._endpoint = endpoint
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens; for ``--endpoint-url``."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self.faults.release()
        self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            _shut(connection)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            if self._closing.is_set():
                _shut(connection)
            self._start(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        line = Line(connection, self._closing, self.faults.date)
        try:
            with connection.makefile("rb") as reader:
                while (request := _read(reader.readline, reader.read)) is not None:
                    if request == ({}, b"") or not self._deal(line, *request):
                        return
        except OSError:
            return  # the client went away, which clients of a broken server do
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _deal(self, line: Line, headers: dict[str, str], body: bytes) -> bool:
        asked = read_request(headers, body)
        strike = self.faults.strike_for(asked, access_key_of(headers.get("authorization", "")))
        if strike is not None:
            return strike(line, asked, lambda: self._endpoint.answer(headers, body))
        line.send(self._endpoint.answer(headers, body))
        return True


def _read(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> tuple[dict[str, str], bytes] | None:
    if not readline():
        return None
    headers: dict[str, str] = {}
    while (line := readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, read(int(headers.get("content-length", "0")))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already


def _part(answer: Answer, keep: float) -> Answer:
    return Answer(
        status=answer.status, headers=answer.headers, body=answer.body[: int(len(answer.body) * keep)]
    )
