"""The door to AWS: signed calls within a budget and a time, answered with untouched bodies."""

import random
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import botocore
from botocore.config import Config
from msgspec.structs import replace
from tenacity import RetryCallState, Retrying, retry_if_exception_type

import forensics
from forensics.aws.budget import Budget
from forensics.aws.choice import CredentialOptions, RoleKeys, profile_of, role_of, source_of
from forensics.aws.connection import Connection, RawReply
from forensics.aws.opened import Opened
from forensics.aws.pushed import Keys, Pushed
from forensics.aws.sessions import ChainOptions, region_for
from forensics.aws.signing import Signing
from forensics.aws.skew import skew_of
from forensics.aws.tally import Counts, Tally
from forensics.errors import (
    AccessDenied,
    AwsError,
    CredentialsInvalid,
    NotFound,
    ServerFault,
    Throttled,
    Unreachable,
)
from forensics.model.clock import Clock, to_rfc3339
from forensics.model.credentials import CredentialStanding
from forensics.model.record import JsonObject

_WHO = "sts:GetCallerIdentity"
_MOST_CREDENTIALS = 4
"""Different credentials that one call is tried with, at most."""
_RETRIED = (Throttled, ServerFault, Unreachable)


class ClientOptions(RoleKeys, frozen=True, kw_only=True):
    """Where calls go, with which role, and what each may cost."""

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


class Client:
    """The door to one account and region; implements `door.Door`, for several threads at once.

    Args:
        options: Where calls go and what each may cost.
        clock: Deadlines and waits run on it. A clock that runs faster needs a longer `deadline_s`.
        budget: Shared by the doors of one account; None makes one of its own.
        credentials: Where they come from, in the order to try; () is botocore's chain.
        rescue: What a person types to bring new credentials whatever they come from.
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
        credentials: Sequence[CredentialOptions] = (),
        rescue: str = "",
        stop: threading.Event | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._budget = budget or Budget()
        ours = ChainOptions(
            profile=options.profile,
            region=options.region,
            endpoint_url=options.endpoint_url,
            connect_timeout_s=options.connect_timeout_s,
            read_timeout_s=options.read_timeout_s,
        )
        self._region = region_for(replace(ours, profile=profile_of(credentials, options.profile)))
        ours = replace(ours, region=self._region)
        self._pushed = Pushed(ours, clock)
        source = source_of(credentials, role_of(options), ours, clock, self._pushed)
        self._signing = Signing(source, self._connection_to, clock)
        self._rescue = rescue
        # Of its own: other threads' draws from the shared generator would change what a seed gives to
        # whoever embeds us, and a test is one such.
        self._rng = random.Random()  # noqa: S311  jitter is no secret
        self._stop = stop or threading.Event()
        self._tally = Tally()
        self._skew_s: float | None = None

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
        try:
            return self._asked(operation, parameters)
        except AwsError:
            self._tally.add(operation, failures=1)
            raise

    def _asked(self, operation: str, parameters: JsonObject) -> RawReply:
        connection = self._signing.connection()
        tried = {connection.opened.mark()}
        while True:
            try:
                return self._retried(connection, operation, parameters)
            except AwsError as error:
                newer = self._signing.instead_of(connection, error)
                if newer is None or newer.opened.mark() in tried or len(tried) == _MOST_CREDENTIALS:
                    raise
            connection = newer
            tried.add(connection.opened.mark())

    def renew(self) -> None:
        """Read the credentials anew, so that the next call signs with them.

        Raises:
            CredentialsError: There are none now; the old ones stay in use.
        """
        self._signing.renew()

    def whoami(self) -> JsonObject:
        """Return whose credentials are in use: {account, arn, source, region, expires_at}.

        Raises:
            AwsError: STS could not be asked.
        """
        said = self.call(_WHO).values()
        ends_at = self.expires_at()
        return {
            "account": said.get("Account"),
            "arn": said.get("Arn"),
            "source": self._signing.connection().opened.method,
            "region": self._region,
            "expires_at": to_rfc3339(ends_at) if ends_at else None,
        }

    def skew(self) -> float | None:
        """Return our wall clock minus AWS's, seconds; None before any answer."""
        return self._skew_s

    def credentials_stamp(self) -> object:
        """Return the state of the files that credentials come from."""
        return self._signing.stamp()

    def expires_at(self) -> datetime | None:
        """Return when the credentials in use end; None where unknown or none are open yet."""
        return self._signing.expires_at()

    def standing(self) -> CredentialStanding:
        """Return how the credentials stand; cheap, asks nobody, never raises."""
        return self._signing.standing(self._rescue)

    def adopt(self, keys: Keys, *, account: str | None) -> str:
        """Sign with handed-over credentials from now on, until they end.

        Args:
            keys: The credentials.
            account: The only account that they may be of; None: any.

        Returns:
            The account that they are of.

        Raises:
            CredentialsError: AWS does not take them, or they are of another account.
            AwsError: AWS could not be asked.
        """
        connection = self._connection_to(self._pushed.opened(keys))
        ends_at_s = self._clock.monotonic() + self._options.deadline_s
        theirs = str(self._once(connection, _WHO, {}, ends_at_s).values().get("Account"))
        if account is not None and theirs != account:
            raise CredentialsInvalid(
                f"these credentials are of account {theirs}, and the recording is of {account}",
                hint="push credentials of that account, or set capture.allow_other_account",
            )
        self._pushed.take(keys)
        self._signing.renew()
        return theirs

    def succeed(self, former: "Client") -> None:
        """Take over what was handed to another door for the same target, which this one replaces."""
        self._pushed.succeed(former._pushed)

    def counts(self) -> dict[str, Counts]:
        """Return a copy of what each operation has cost since the door was made."""
        return self._tally.counts()

    @property
    def renewals(self) -> int:
        """How often credentials were read anew, the first time not counted."""
        return self._signing.renewals

    def _retried(self, connection: Connection, operation: str, parameters: JsonObject) -> RawReply:
        connection.renew_in_time()
        ends_at_s = self._clock.monotonic() + self._options.deadline_s

        def is_over(state: RetryCallState) -> bool:
            return self._stop.is_set() or self._clock.monotonic() + state.upcoming_sleep >= ends_at_s

        def backoff_s(state: RetryCallState) -> float:
            options = self._options
            longest_s = options.backoff_s * 2.0 ** min(state.attempt_number - 1, 30)
            return self._rng.uniform(0, min(options.backoff_ceiling_s, longest_s))

        def wait(delay_s: float) -> None:
            self._tally.add(operation, retries=1)
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
        self._tally.add(operation, calls=1)
        try:
            reply = connection.send(operation, parameters, ends_at_s)
        except Throttled:
            self._tally.add(operation, throttles=1)
            self._budget.throttled(self._region, operation, self._clock.monotonic())
            raise
        except (AccessDenied, NotFound):
            self._signing.accepted(connection)  # AWS knows who we are
            raise
        self._signing.accepted(connection)
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
            now=self._clock.now,
        )

    def _note_date(self, date: str) -> float | None:
        skew_s = skew_of(date, self._clock.now())
        if skew_s is not None:
            self._skew_s = skew_s
        return skew_s
