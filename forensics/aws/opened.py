"""Credentials that were opened: the session, what signs, and where it came from."""

import hashlib
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.session import Session

from forensics.aws.credential_files import Stamp
from forensics.aws.origin import Origin
from forensics.aws.renewal import Renewal
from forensics.errors import AwsError

ROLE = "assume-role"
"""botocore's name for a role that is assumed with other credentials."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A botocore session together with the credentials that its clients sign with."""

    session: Session
    credentials: Credentials
    region: str
    origin: Origin
    """Where the credentials come from."""
    noted_end: datetime | None = None
    """When credentials end that botocore takes for lasting ones; None where nobody noted it."""
    renewal: Renewal | None = None
    """What renews them inside botocore; None where nothing does."""
    base_end: datetime | None = None
    """When the credentials end that a role is assumed with; None where that is not known, or for no role."""

    @property
    def method(self) -> str:
        """The name of the source, such as ``env`` or ``assume-role``, as botocore calls it."""
        return str(self.credentials.method)

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that must never be shown; asks no source for anything."""
        return tuple(text for text in self._texts()[1:] if text)

    def mark(self) -> str:
        """Return what tells these credentials from others and gives nothing of them away."""
        access_key, _, token = self._texts()
        return mark_of(access_key, token)

    def expires_at(self) -> datetime | None:
        """Return when the credentials end, aware UTC; None where their source does not say."""
        if not isinstance(self.credentials, RefreshableCredentials):
            return self.noted_end
        ends_at = self.credentials._expiry_time
        return ends_at.astimezone(UTC) if isinstance(ends_at, datetime) else None

    def stands_until(self) -> datetime | None:
        """Return when a person is needed at the earliest, aware UTC; None where that is not known.

        The session of a role is renewed as long as what it is assumed with lasts: its own end is the end
        only when a renewal has failed, or where it comes later.
        """
        ends_at = self.expires_at()
        if self.method != ROLE or self.origin.renews or self.trouble() is not None:
            return ends_at
        return max(self.base_end, ends_at) if self.base_end and ends_at else None

    def has_ended(self, now: datetime) -> bool:
        """Return whether the credentials are past their end, as far as that is known."""
        ends_at = self.expires_at()
        return ends_at is not None and ends_at <= now

    def trouble(self) -> AwsError | None:
        """Return what the last renewal failed with; None where it worked."""
        return self.renewal.trouble if self.renewal else None

    def _texts(self) -> tuple[str, str, str]:
        """Return access key, secret key and token, "" where there is none."""
        # The public attributes of renewable credentials would renew them.
        is_renewable = isinstance(self.credentials, RefreshableCredentials)
        names = ("_access_key", "_secret_key", "_token") if is_renewable else (
            "access_key", "secret_key", "token"
        )  # fmt: skip
        found = (getattr(self.credentials, name, None) for name in names)
        access_key, secret_key, token = (text if isinstance(text, str) else "" for text in found)
        return access_key, secret_key, token


def mark_of(access_key: str, token: str | None) -> str:
    """Return what tells credentials from others and gives nothing of them away."""
    return hashlib.sha256(f"{access_key}\0{token or ''}".encode()).hexdigest()


class CredentialSource(Protocol):
    """Opens credentials; botocore's chain is one source, and others stand beside it."""

    @property
    def origin(self) -> Origin:
        """Where credentials come from: as last opened, or as far as the settings tell."""
        ...

    def open(self) -> Opened:
        """Return credentials that were read now.

        Raises:
            CredentialsError: There are none, or they are broken.
            AwsError: Who gives them could not be asked.
            UsageError: There is no region.
        """
        ...

    def refuse(self, opened: Opened) -> None:
        """Take note that AWS refuses these credentials: others are better, where there are others."""
        ...

    def accept(self, opened: Opened) -> None:
        """Take note that AWS accepts these credentials, whatever it said of them before."""
        ...

    def stamp(self) -> Stamp:
        """Return the state of the files that credentials come from; cheap, never fails."""
        ...


class OnePlace:
    """A source with one place to look, which is looked at anew each time: what AWS says changes nothing."""

    def refuse(self, opened: Opened) -> None:
        """Do nothing."""

    def accept(self, opened: Opened) -> None:
        """Do nothing."""
