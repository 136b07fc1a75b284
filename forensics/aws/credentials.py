"""Where credentials come from, opened so that nothing waits for a person or keeps what is stale."""

import os
import subprocess
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Protocol

import msgspec
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from forensics.aws.credential_files import Stamp, noted_expiry, stamp
from forensics.aws.faults import FAILING, from_exception
from forensics.aws.origin import Origin, expected, origin_of
from forensics.errors import CredentialsAbsent, UsageError

_MANDATORY_REFRESH_S = 30


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A botocore session together with the credentials that its clients sign with."""

    session: Session
    credentials: Credentials
    region: str
    origin: Origin
    """Where the credentials come from."""

    @property
    def method(self) -> str:
        """The name that botocore gives the source, such as ``env`` or ``assume-role``."""
        return str(self.credentials.method)

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that must never be shown; asks no source for anything."""
        # The public attributes of renewable credentials would renew them.
        names = ("_secret_key", "_token") if self._is_renewable() else ("secret_key", "token")
        found = (getattr(self.credentials, name, None) for name in names)
        return tuple(text for text in found if isinstance(text, str) and text)

    def _is_renewable(self) -> bool:
        return isinstance(self.credentials, RefreshableCredentials)

    def expires_at(self) -> datetime | None:
        """Return when the credentials end, aware UTC; None where their source does not say."""
        if isinstance(self.credentials, RefreshableCredentials):
            ends_at = self.credentials._expiry_time
            return ends_at.astimezone(UTC) if isinstance(ends_at, datetime) else None
        return _noted_expiry(self.session, self.method)


class CredentialSource(Protocol):
    """Opens sessions; botocore's chain is one source, and others can stand beside it."""

    @property
    def origin(self) -> Origin:
        """Where credentials come from: as last opened, or as far as the settings tell."""
        ...

    def open(self) -> Opened:
        """Return a session whose credentials were read now.

        Raises:
            CredentialsError: There are none, or they are broken.
            UsageError: There is no region.
        """
        ...

    def stamp(self) -> Stamp:
        """Return the state of the files that credentials come from; cheap, never fails."""
        ...


class Chain:
    """botocore's own chain of sources: environment, profile, role, SSO, process, container, instance.

    Args:
        profile: Name of a profile; None means botocore's choice.
        region: None means that of the environment or the profile.
        connect_timeout_s: For the chain's own calls (AssumeRole, GetRoleCredentials).
        read_timeout_s: For the chain's own calls.
        process_timeout_s: How long a credential process may take.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        connect_timeout_s: float = 3,
        read_timeout_s: float = 10,
        process_timeout_s: float = 30,
    ) -> None:
        self._profile = profile
        self._region = region
        self._origin = Origin(name=f"profile {profile}" if profile else "AWS default chain", renews=True)
        self._process_timeout_s = process_timeout_s
        self._config = Config(
            connect_timeout=connect_timeout_s,
            read_timeout=read_timeout_s,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )

    @property
    def origin(self) -> Origin:
        """Where credentials come from: as last opened, or as far as the profile tells."""
        return self._origin

    def open(self) -> Opened:
        """Return a new session: botocore never reads static files a second time.

        Raises:
            CredentialsError: There are none, or they are broken.
            UsageError: There is no region.
        """
        try:
            session = self._session()
            region = self.region_of(session)
            session.set_config_variable("region", region)  # the chain's own calls need it too
            self._origin = expected(session.profile, _profiles(session))
            credentials = session.get_credentials()
            if credentials is not None:
                _use_to_the_end(credentials)
                frozen = credentials.get_frozen_credentials()
                if not (frozen.access_key and frozen.secret_key):
                    credentials = None
        except FAILING as error:
            raise from_exception(error, "credentials") from error
        if credentials is None:
            raise CredentialsAbsent(
                f"no AWS credentials found{self._where()}",
                hint="give --profile, log in, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
        self._origin = _origin(session, credentials, frozen.token)
        return Opened(session=session, credentials=credentials, region=region, origin=self._origin)

    def region(self) -> str:
        """Return the region that calls go to, without looking for credentials.

        Raises:
            CredentialsAbsent: The profile does not exist or its file cannot be read.
            UsageError: Neither flag, environment nor profile names one.
        """
        if self._region:
            return self._region
        try:
            return self.region_of(self._session())
        except BotoCoreError as error:
            raise from_exception(error, "credentials") from error

    def region_of(self, session: Session) -> str:
        """Return the region that a session's calls go to.

        Raises:
            UsageError: Neither flag, environment nor profile names one.
        """
        # botocore reads AWS_DEFAULT_REGION only; containers, Lambda and the newer SDKs set AWS_REGION.
        found = self._region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not found:
            raise UsageError(
                f"no AWS region given{self._where()}",
                hint="give --region, set AWS_REGION, or put `region` into the profile",
            )
        return str(found)

    def stamp(self) -> Stamp:
        """Return the state of the credentials file, the config file, the token and the login caches."""
        return stamp()

    def _session(self) -> Session:
        session = Session(profile=self._profile)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        session.set_default_client_config(self._config)
        chain = session.get_component("credential_provider")
        # A prompt for a one-time password would hold a thread for ever.
        chain.get_provider("assume-role")._prompter = _refuse_to_ask
        # botocore waits for a credential process without end.
        chain.get_provider("custom-process")._popen = partial(_Process, within_s=self._process_timeout_s)
        return session

    def _where(self) -> str:
        return f" for profile {self._profile!r}" if self._profile else ""


def _profiles(session: Session) -> dict[str, dict[str, Any]]:
    profiles: dict[str, dict[str, Any]] = session.full_config.get("profiles", {})
    return profiles


def _noted_expiry(session: Session, method: str) -> datetime | None:
    if method not in ("shared-credentials-file", "config-file"):
        return None
    return noted_expiry(_profiles(session).get(session.profile or "default", {}))


def _origin(session: Session, credentials: Credentials, token: str | None) -> Origin:
    method = str(credentials.method)
    is_lasting = not token and _noted_expiry(session, method) is None
    return origin_of(method, session.profile, _profiles(session), is_lasting=is_lasting)


class _Process(subprocess.Popen[bytes]):
    """A credential process that is killed when it takes too long."""

    def __init__(self, command: list[str], *, within_s: float, stdout: int, stderr: int) -> None:
        # Nothing to read: a question on our standard input would wait for ever, or eat what is not its own.
        super().__init__(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        self._within_s = within_s

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Return what the process wrote.

        Raises:
            CredentialsAbsent: It took too long.
        """
        try:
            return super().communicate(input, timeout or self._within_s)
        except subprocess.TimeoutExpired as error:
            self.kill()
            super().communicate()
            raise CredentialsAbsent(
                f"the credential process gave nothing within {self._within_s:g} s",
                hint="run it by hand; it may be waiting for an answer",
            ) from error


@cache
def _loader(data_path: str | None) -> Loader:
    """Return the reader of service models, one for all sessions: it keeps what it has read."""
    return create_loader(data_path)


def _refuse_to_ask(_prompt: str) -> str:
    raise CredentialsAbsent(
        "the profile asks for a one-time password (mfa_serial), and nobody is there to type it",
        hint="get a session first and hand it over, such as with "
        "`eval $(aws configure export-credentials --format env)`",
    )


def _use_to_the_end(credentials: Credentials) -> None:
    """Let credentials that are still valid be used when their renewal fails.

    botocore refuses to sign in the last ten minutes if it cannot renew, though the old ones still work.
    """
    if isinstance(credentials, RefreshableCredentials):
        credentials._mandatory_refresh_timeout = _MANDATORY_REFRESH_S
