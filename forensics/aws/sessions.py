"""botocore sessions with a region, time limits and credentials of their own."""

import os
from functools import cache

import msgspec
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from forensics.aws.faults import from_exception
from forensics.errors import UsageError


class ChainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a botocore session is made with."""

    profile: str | None = None
    """None means botocore's choice."""
    region: str | None = None
    """None means that of the environment or the profile."""
    endpoint_url: str | None = None
    """Where calls of our own go that get credentials; None means AWS's own."""
    connect_timeout_s: float = 3
    """For calls that get credentials (AssumeRole, GetRoleCredentials)."""
    read_timeout_s: float = 10
    """For calls that get credentials."""
    process_timeout_s: float = 30
    """How long a credential process may take."""


def session_for(options: ChainOptions) -> Session:
    """Return a new session with a region and time limits of its own; nothing is asked.

    Raises:
        BotoCoreError: The profile does not exist or its file cannot be read.
        UsageError: Neither flag, environment nor profile names a region.
    """
    session = Session(profile=options.profile)
    # The calls that get credentials need it too.
    session.set_config_variable("region", _region_of(session, options))
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    config = Config(
        connect_timeout=options.connect_timeout_s,
        read_timeout=options.read_timeout_s,
        retries={"total_max_attempts": 2, "mode": "standard"},
    )
    session.set_default_client_config(config)
    return session


def session_with(options: ChainOptions, credentials: Credentials) -> Session:
    """Return a new session whose clients sign with these credentials; see `session_for`."""
    session = session_for(options)
    session.register_component("credential_provider", _Given(credentials))
    return session


def region_for(options: ChainOptions) -> str:
    """Return the region that calls go to, without looking for credentials.

    Raises:
        CredentialsAbsent: The profile does not exist or its file cannot be read.
        UsageError: Neither flag, environment nor profile names one.
    """
    if options.region:
        return options.region
    try:
        session = Session(profile=options.profile)
        session.get_scoped_config()  # a profile that does not exist is said before anything begins
        return _region_of(session, options)
    except BotoCoreError as error:
        raise from_exception(error, "credentials") from error


def _region_of(session: Session, options: ChainOptions) -> str:
    # botocore reads AWS_DEFAULT_REGION only; containers, Lambda and the newer SDKs set AWS_REGION.
    found = options.region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not found:
        where = f" for profile {options.profile!r}" if options.profile else ""
        raise UsageError(
            f"no AWS region given{where}",
            hint="give --region, set AWS_REGION, or put `region` into the profile",
        )
    return str(found)


class _Given:
    """A chain that gives what it was given."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


@cache
def _loader(data_path: str | None) -> Loader:
    """Return the reader of service models, one for all sessions: it keeps what it has read."""
    return create_loader(data_path)
