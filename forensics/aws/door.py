"""The one way to AWS, as those who go through it see it."""

from datetime import datetime
from typing import Any, Protocol

from forensics.model.credentials import CredentialStanding
from forensics.model.record import JsonObject


class Reply(Protocol):
    """A successful answer, its bytes untouched until somebody asks for values."""

    @property
    def body(self) -> bytes:
        """The answer's body as it came over the wire, decompressed."""
        ...

    @property
    def answered_at(self) -> datetime | None:
        """When AWS answered, by its own clock in whole seconds (the Date header); None without it."""
        ...

    def values(self) -> JsonObject:
        """Return the answer as plain values: JSON as it is; query XML as ``wire.read_xml`` walks it.

        For query operations this is the inside of ``<OperationResult>``.

        Raises:
            Undecodable: The body is not what the operation returns; the error keeps its bytes.
        """
        ...


class Door(Protocol):
    """Calls AWS in one account and region, within its budget; safe for use by several threads."""

    @property
    def region(self) -> str:
        """The region that calls go to."""
        ...

    def call(self, operation: str, **parameters: Any) -> Reply:
        """Ask AWS once; short faults are retried within the deadline, by the door alone.

        Args:
            operation: As ``service:Operation``, such as ``ecs:ListTasks``; the operation that IAM names.
            parameters: The operation's parameters as AWS spells them, plain values.

        Raises:
            AwsError: The subclass says what kind of trouble; nothing was changed anywhere.
        """
        ...

    def renew(self) -> None:
        """Read the credentials anew from where they came, so that the next call signs with them.

        Raises:
            CredentialsError: There are none now; the old ones stay in use.
        """
        ...

    def whoami(self) -> JsonObject:
        """Return whose credentials are in use: {account, arn, source, region, expires_at}.

        ``source`` is botocore's method name (``shared-credentials-file``, ``env``, ``assume-role`` …);
        ``expires_at`` is RFC 3339 or None where unknown. Never a secret.

        Raises:
            AwsError: STS could not be asked.
        """
        ...

    def skew(self) -> float | None:
        """Return our wall clock minus AWS's, seconds, from the last answer's Date; None before any answer."""
        ...

    def credentials_stamp(self) -> object:
        """Return the state of the files that credentials come from; it compares equal while they stay.

        Cheap enough for every tick. When it changes, `renew` at once.
        """
        ...

    def expires_at(self) -> datetime | None:
        """Return when the credentials in use end, aware UTC; None where their source does not say."""
        ...

    def standing(self) -> CredentialStanding:
        """Return how the credentials stand: after a failed renewal or a refused call, what is wrong.

        Cheap enough for every tick; asks nobody and never raises. What was wrong is forgotten once AWS has
        accepted a call.
        """
        ...
