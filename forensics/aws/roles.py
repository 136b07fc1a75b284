"""Roles taken with other credentials or with a token, renewed as long as those can be had."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    AssumeRoleWithWebIdentityCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.session import Session
from botocore.utils import FileWebIdentityTokenLoader

from forensics.aws.credential_files import Stamp, stamps_of
from forensics.aws.faults import FAILING, from_exception
from forensics.aws.opened import ROLE, CredentialSource, OnePlace, Opened
from forensics.aws.origin import Origin
from forensics.aws.renewal import renewed_in_time
from forensics.aws.sessions import ChainOptions, session_for, session_with
from forensics.errors import CredentialsAbsent, CredentialsError
from forensics.model.clock import Clock

SESSION_NAME = "forensics"


class RoleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A role to take."""

    role_arn: str
    external_id: str | None = None
    session_name: str | None = None
    """What CloudTrail calls the session; None: ``forensics``."""
    duration_s: int | None = None
    """Seconds that one session lasts; None: an hour, as STS has it."""

    def extra(self) -> dict[str, Any]:
        """Return what is asked of STS beside the role's ARN."""
        asked: dict[str, Any] = {"RoleSessionName": self.session_name or SESSION_NAME}
        if self.external_id is not None:
            asked["ExternalId"] = self.external_id
        if self.duration_s is not None:
            asked["DurationSeconds"] = self.duration_s
        return asked


class AssumedRole(OnePlace):
    """A role that is assumed with the credentials of another source.

    Args:
        base: What it is assumed with; followed when its files change.
        role: The role.
        options: Where STS is, and how long its answers may take.
        clock: What tells how long credentials still last.
    """

    def __init__(
        self, base: CredentialSource, role: RoleOptions, options: ChainOptions, clock: Clock
    ) -> None:
        self._base = base
        self._role = role
        self._options = options
        self._clock = clock

    @property
    def origin(self) -> Origin:
        """The role, which renews itself as long as its base does."""
        return _role_over(self._base.origin, self._role)

    def open(self) -> Opened:
        """Return credentials of the role; a base that AWS refuses gives way to the next.

        Raises:
            CredentialsError: There is no base, or none may assume the role.
            AwsError: STS could not be asked.
        """
        refused: set[str] = set()
        base = self._base.open()
        while True:
            try:
                opened = self._assumed(base)
            except CredentialsError:
                refused.add(base.mark())
                self._base.refuse(base)
                base = self._base.open()
                if base.mark() in refused:
                    raise
            else:
                self._base.accept(base)
                return opened

    def stamp(self) -> Stamp:
        """Return the state of the files that the base's credentials come from."""
        return self._base.stamp()

    def _assumed(self, base: Opened) -> Opened:
        fetch = AssumeRoleCredentialFetcher(
            client_creator=_sts(base.session, self._options),
            source_credentials=base.credentials,
            role_arn=self._role.role_arn,
            extra_args=self._role.extra(),
        )
        origin = _role_over(base.origin, self._role)
        opened = _opened(fetch, ROLE, origin, self._options, self._clock)
        return msgspec.structs.replace(opened, base_end=base.stands_until())


class TokenRole(OnePlace):
    """A role that is taken with a web identity token, which is got anew for each session.

    Args:
        get_token: Returns a token that is good now.
        role: The role.
        options: Where STS is, and how long its answers may take.
        clock: What tells how long credentials still last.
        method: Names the source in records.
        origin: Where the token comes from.
        token_file: The file that holds it, where it is a file.
    """

    def __init__(
        self,
        get_token: Callable[[], str],
        role: RoleOptions,
        options: ChainOptions,
        clock: Clock,
        *,
        method: str,
        origin: Origin,
        token_file: str | None = None,
    ) -> None:
        self._get_token = get_token
        self._role = role
        self._options = options
        self._clock = clock
        self._method = method
        self._origin = origin
        self._token_file = token_file

    @property
    def origin(self) -> Origin:
        """Where the token comes from."""
        return self._origin

    def open(self) -> Opened:
        """Return credentials of the role, taken with a new token.

        Raises:
            CredentialsError: There is no token, or STS does not take it.
            AwsError: STS, or who gives the token, could not be asked.
        """
        try:
            session = session_for(self._options)
        except FAILING as error:
            raise from_exception(error, "credentials", now=self._clock.now()) from error
        fetch = AssumeRoleWithWebIdentityCredentialFetcher(
            client_creator=_sts(session, self._options),
            web_identity_token_loader=self._get_token,
            role_arn=self._role.role_arn,
            extra_args=self._role.extra(),
        )
        return _opened(fetch, self._method, self._origin, self._options, self._clock)

    def stamp(self) -> Stamp:
        """Return the state of the token's file, () where it is none."""
        return stamps_of(self._token_file) if self._token_file else ()


def token_file_role(
    token_file: str | None, role: RoleOptions | None, options: ChainOptions, clock: Clock
) -> TokenRole:
    """Return a role that is taken with the token in a file, read anew for each session.

    Args:
        token_file: None means that of AWS_WEB_IDENTITY_TOKEN_FILE.
        role: None means that of AWS_ROLE_ARN.
        options: Where STS is, and how long its answers may take.
        clock: What tells how long credentials still last.
    """
    token_file = token_file or os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    named = RoleOptions(
        role_arn=os.environ.get("AWS_ROLE_ARN", ""), session_name=os.environ.get("AWS_ROLE_SESSION_NAME")
    )
    role = role or named

    def read() -> str:
        for name, value in (("AWS_WEB_IDENTITY_TOKEN_FILE", token_file), ("AWS_ROLE_ARN", role.role_arn)):
            if not value:
                raise CredentialsAbsent(
                    f"no web identity here: {name} is not set",
                    hint="set it, or give token_file and role_arn in the settings",
                )
        token: str = FileWebIdentityTokenLoader(token_file)()
        return token

    return TokenRole(
        read,
        role,
        options,
        clock,
        method="assume-role-with-web-identity",
        origin=Origin(name=f"web identity file {token_file}".rstrip(), renews=True),
        token_file=token_file,
    )


def _role_over(base: Origin, role: RoleOptions) -> Origin:
    name = role.role_arn.rpartition("/")[2]
    return Origin(name=f"role {name} by {base.name}", renews=base.renews, command=base.command)


def _opened(
    fetch: AssumeRoleCredentialFetcher | AssumeRoleWithWebIdentityCredentialFetcher,
    method: str,
    origin: Origin,
    options: ChainOptions,
    clock: Clock,
) -> Opened:
    """Return what a role gives now, and gives again before it ends."""

    def refresh() -> dict[str, Any]:
        fetch._cache.clear()  # it would give a revoked session again
        renewed: dict[str, Any] = fetch.fetch_credentials()
        return renewed

    credentials = DeferredRefreshableCredentials(method=method, refresh_using=refresh)
    renewal = renewed_in_time(credentials, clock)
    try:
        session = session_with(options, credentials)
        credentials.get_frozen_credentials()
    except FAILING as error:
        raise from_exception(error, "credentials", now=clock.now()) from error
    return Opened(
        session=session,
        credentials=credentials,
        region=session.get_config_variable("region"),
        origin=origin,
        renewal=renewal,
    )


def _sts(session: Session, options: ChainOptions) -> Callable[..., Any]:
    region = session.get_config_variable("region")
    return partial(session.create_client, region_name=region, endpoint_url=options.endpoint_url)
