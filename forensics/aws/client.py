"""The door to AWS: signed calls within a budget and a time, answered with untouched bodies."""

import random
import threading
from collections import defaultdict
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore
import msgspec
from botocore.config import Config
from tenacity import RetryCallState, Retrying, retry_if_exception_type

import forensics
from forensics.aws.budget import Budget
from forensics.aws.connection import Connection, RawReply
from forensics.aws.credentials import Chain, CredentialSource, Opened
from forensics.aws.standing import standing_of
from forensics.errors import (
    AccessDenied,
    AwsError,
    CredentialsError,
    CredentialsExpired,
    CredentialsInvalid,
    ServerFault,
    Throttled,
    Unreachable,
)
from forensics.model.clock import Clock, to_rfc3339
from forensics.model.credentials import CredentialStanding
from forensics.model.record import JsonObject

_RETRIED = (Throttled, ServerFault, Unreachable)


class ClientOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where calls go and what each may cost."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    """None means AWS's own, or what AWS_ENDPOINT_URL and the profile say."""
    deadline_s: float = 20
    """The longest that one call takes with its retries, on the door's clock."""
    connect_timeout_s: float = 3
    """Seconds of the machine."""
    read_timeout_s: float = 10
    """The longest silence in an answer, seconds of the machine."""
    backoff_s: float = 0.25
    """The first retry comes within so many seconds; each later one within twice the time before."""
    backoff_ceiling_s: float = 5
    max_connections: int = 10
    """Connections kept for each service; as many as there are threads."""
    max_body_bytes: int = 64 << 20


class Counts(msgspec.Struct, kw_only=True):
    """What one operation has cost since the door was made."""

    calls: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    throttles: int = 0
    failures: int = 0
    """Calls that ended in an error after their retries."""


class Client:
    """The door to one account and region; implements `door.Door`, for several threads at once.

    Args:
        options: Where calls go and what each may cost.
        clock: Deadlines and waits run on it. A clock that runs faster needs a longer `deadline_s`.
        budget: Shared by the doors of one account; None makes one of its own.
        source: Where credentials come from; None means botocore's chain.
        stop: Once set, no call waits any more.

    Raises:
        UsageError: There is no region.
        CredentialsAbsent: The profile does not exist.
    """

    def __init__(
        self,
        options: ClientOptions,
        clock: Clock,
        budget: Budget | None = None,
        *,
        source: CredentialSource | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._budget = budget or Budget()
        chain = Chain(
            profile=options.profile,
            region=options.region,
            connect_timeout_s=options.connect_timeout_s,
            read_timeout_s=options.read_timeout_s,
        )
        self._region = chain.region()
        self._source: CredentialSource = source or chain
        # Of its own: other threads' draws from the shared generator would change what a seed gives to
        # whoever embeds us, and a test is one such.
        self._rng = random.Random()  # noqa: S311  jitter is no secret
        self._stop = stop or threading.Event()
        self._lock = threading.RLock()
        self._counts_lock = threading.Lock()
        self._connection: Connection | None = None
        self._opened_from: object = None
        self._openings = 0
        self._trouble: AwsError | None = None
        self._skew_s: float | None = None
        self._counts: defaultdict[str, Counts] = defaultdict(Counts)

    @property
    def region(self) -> str:
        """The region that calls go to."""
        return self._region

    def call(self, operation: str, **parameters: Any) -> RawReply:
        """Ask AWS once; short faults are retried within the deadline.

        Where the credentials have ended and their files have changed since, the new ones are used at once.

        Args:
            operation: As ``service:Operation``, such as ``ecs:ListTasks``.
            parameters: The operation's parameters as AWS spells them.

        Raises:
            AwsError: The subclass says what kind of trouble.
        """
        connection = self._connected()
        try:
            try:
                return self._retried(connection, operation, parameters)
            except (CredentialsExpired, CredentialsInvalid):
                newer = self._newer_than(connection)
                if newer is None:
                    raise
                return self._retried(newer, operation, parameters)
        except AwsError:
            self._count(operation, failures=1)
            raise

    def renew(self) -> None:
        """Read the credentials anew, so that the next call signs with them.

        Raises:
            CredentialsError: There are none now; the old ones stay in use.
        """
        with self._lock:
            self._opened_anew()

    def whoami(self) -> JsonObject:
        """Return whose credentials are in use: {account, arn, source, region, expires_at}.

        Raises:
            AwsError: STS could not be asked.
        """
        said = self.call("sts:GetCallerIdentity").values()
        ends_at = self.expires_at()
        return {
            "account": said.get("Account"),
            "arn": said.get("Arn"),
            "source": self._connected().opened.method,
            "region": self._region,
            "expires_at": to_rfc3339(ends_at) if ends_at else None,
        }

    def skew(self) -> float | None:
        """Return our wall clock minus AWS's, seconds; None before any answer."""
        return self._skew_s

    def credentials_stamp(self) -> object:
        """Return the state of the files that credentials come from."""
        return self._source.stamp()

    def expires_at(self) -> datetime | None:
        """Return when the credentials in use end; None where unknown or none are open yet."""
        connection = self._connection
        return connection.opened.expires_at() if connection else None

    def standing(self) -> CredentialStanding:
        """Return how the credentials stand; cheap, asks nobody, never raises."""
        connection = self._connection
        origin = connection.opened.origin if connection else self._source.origin
        return standing_of(origin, self.expires_at(), self._trouble)

    def counts(self) -> dict[str, Counts]:
        """Return a copy of what each operation has cost since the door was made."""
        with self._counts_lock:
            return {operation: msgspec.structs.replace(counts) for operation, counts in self._counts.items()}

    @property
    def renewals(self) -> int:
        """How often credentials were read anew, the first time not counted."""
        return max(0, self._openings - 1)

    def _connected(self) -> Connection:
        connection = self._connection  # without the lock: renewing may take long, old keys may still work
        if connection is not None:
            return connection
        with self._lock:
            return self._connection or self._opened_anew()

    def _opened_anew(self) -> Connection:
        stamp = self._source.stamp()
        try:
            connection = self._connection_to(self._source.open())
        except AwsError as error:
            self._trouble = error
            raise
        self._connection = connection
        self._opened_from = stamp
        self._openings += 1
        return connection

    def _newer_than(self, used: Connection) -> Connection | None:
        """Return a connection with newer credentials than those that AWS has just refused, or None."""
        with self._lock:
            if self._connection is used:
                if self._source.stamp() == self._opened_from:
                    return None
                try:
                    return self._opened_anew()
                except AwsError:
                    return None
            return self._connection

    def _retried(self, connection: Connection, operation: str, parameters: JsonObject) -> RawReply:
        ends_at_s = self._clock.monotonic() + self._options.deadline_s

        def is_over(state: RetryCallState) -> bool:
            return self._stop.is_set() or self._clock.monotonic() + state.upcoming_sleep >= ends_at_s

        def backoff_s(state: RetryCallState) -> float:
            options = self._options
            longest_s = options.backoff_s * 2.0 ** min(state.attempt_number - 1, 30)
            return self._rng.uniform(0, min(options.backoff_ceiling_s, longest_s))

        def wait(delay_s: float) -> None:
            self._count(operation, retries=1)
            self._clock.wait(self._stop, delay_s)

        attempts = Retrying(
            retry=retry_if_exception_type(_RETRIED),
            wait=backoff_s,
            stop=is_over,
            sleep=wait,
            reraise=True,
        )
        return attempts(self._once, connection, operation, parameters, ends_at_s)

    def _once(
        self, connection: Connection, operation: str, parameters: JsonObject, ends_at_s: float
    ) -> RawReply:
        self._wait_for_budget(operation, ends_at_s)
        self._count(operation, calls=1)
        try:
            reply = connection.send(operation, parameters, ends_at_s)
        except Throttled:
            self._count(operation, throttles=1)
            self._budget.throttled(self._region, operation, self._clock.monotonic())
            raise
        except (CredentialsError, AccessDenied) as error:
            self._trouble = error if isinstance(error, CredentialsError) else None
            raise
        self._trouble = None
        self._budget.succeeded(self._region, operation, self._clock.monotonic())
        return reply

    def _wait_for_budget(self, operation: str, ends_at_s: float) -> None:
        now_s = self._clock.monotonic()
        wait_s = self._budget.take(self._region, operation, now_s, longest_s=max(0.0, ends_at_s - now_s))
        if wait_s is None:
            reason = f"{operation}: our own budget of calls is used up for now"
            raise Throttled(reason, operation=operation, hint="raise the budget if the account can bear it")
        if self._stop.is_set() or (wait_s and self._clock.wait(self._stop, wait_s)):
            raise Unreachable(f"{operation}: not asked, because we are stopping", operation=operation)

    def _connection_to(self, opened: Opened) -> Connection:
        options = self._options
        config = Config(
            connect_timeout=options.connect_timeout_s,
            read_timeout=options.read_timeout_s,
            max_pool_connections=options.max_connections,
            retries={"total_max_attempts": 1},
            # A name that CloudTrail shows; botocore's own is long, and made anew twice for each call.
            user_agent=f"deploy-forensics/{forensics.__version__} botocore/{botocore.__version__}",
        )
        return Connection(
            opened,
            region=self._region,
            endpoint_url=options.endpoint_url,
            config=config,
            max_body_bytes=options.max_body_bytes,
            monotonic=self._clock.monotonic,
            on_date=self._note_date,
        )

    def _note_date(self, date: str) -> None:
        try:
            server_at = parsedate_to_datetime(date)
        except ValueError:
            return
        if server_at.tzinfo is not None:
            self._skew_s = (self._clock.now() - server_at).total_seconds()

    def _count(self, operation: str, **more: int) -> None:
        with self._counts_lock:
            counts = self._counts[operation]
            for name, count in more.items():
                setattr(counts, name, getattr(counts, name) + count)
