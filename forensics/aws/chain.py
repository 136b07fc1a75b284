"""botocore's own sources of credentials, opened so that nothing waits for a person or keeps what is stale."""

import os
import shlex
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from botocore.credentials import Credentials, RefreshableCredentials, create_credential_resolver
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from forensics.aws.credential_files import (
    Stamp,
    noted_expiry,
    noted_expiry_of_base,
    noted_expiry_of_environment,
    stamp,
)
from forensics.aws.faults import FAILING, NO_ANSWER, from_exception
from forensics.aws.opened import ROLE, Opened, mark_of
from forensics.aws.origin import ENVIRONMENT as ENVIRONMENT_KEYS
from forensics.aws.origin import Origin, expected, origin_of
from forensics.aws.process import CredentialProcess
from forensics.aws.renewal import renewed_in_time
from forensics.aws.sessions import ChainOptions, session_for
from forensics.errors import CredentialsAbsent, CredentialsExpired
from forensics.model.clock import Clock, to_rfc3339

ENVIRONMENT = ("env",)
CONTAINER = ("container-role",)
INSTANCE = ("iam-role",)
PROCESS = ("custom-process",)
PROFILE = (
    "assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file", "login",
    "custom-process", "config-file",
)  # fmt: skip
"""What a profile itself can name; the chain would go on to the container and the instance."""
_OF_PROCESS = "process"
_LOGIN = "login"


class Chain:
    """botocore's chain, from the environment to the instance metadata; or a part of it.

    Args:
        options: What sessions are made with.
        clock: What tells how long credentials still last.
        only: botocore's names of the providers to ask; () asks them all.
        origin: Where the credentials of `only` come from; None: told by the profile.
        command: A credential process to ask instead of one that a profile names.
        asks: Whether a profile with ``mfa_serial`` may ask on the terminal.
    """

    def __init__(
        self,
        options: ChainOptions,
        clock: Clock,
        *,
        only: tuple[str, ...] = (),
        origin: Origin | None = None,
        command: str | None = None,
        asks: bool = False,
    ) -> None:
        self._options = options
        self._clock = clock
        self._only = only
        self._is_named = origin is not None
        self._command = command
        self._asks = asks
        self._has_worked = False
        self._revoked: str | None = None
        self._given_by: str | None = None
        self._known_origin = origin

    @property
    def origin(self) -> Origin:
        """Where credentials come from: as last opened, or as far as the profile tells."""
        if self._known_origin is None:
            self._known_origin = self._told()
        return self._known_origin

    def open(self) -> Opened:
        """Return a new session: botocore never reads static files a second time.

        Raises:
            CredentialsError: There are none, or they are broken.
            UsageError: There is no region.
        """
        credentials = None
        try:
            session = session_for(self._options)
            if not self._is_named:
                self._known_origin = self._expected(session)
            self._prepare(session)
            credentials = session.get_credentials()
            renewal = renewed_in_time(credentials, self._clock)
            if renewal is not None and self._is_revoked(credentials):
                renewal.at_once()
            frozen = credentials.get_frozen_credentials() if credentials is not None else None
        except FAILING as error:
            if credentials is not None and credentials.method == "env" and isinstance(error, RuntimeError):
                raise _ended_in_environment() from error
            asked = f"credentials of {self.origin.name}"
            raise from_exception(error, asked, now=self._clock.now()) from error
        if frozen is None or not (frozen.access_key and frozen.secret_key):
            raise self._none_found()
        self._given_by = str(credentials.method)
        noted_end = _noted_end(session, credentials)
        if self._command is None:
            is_lasting = not frozen.token and noted_end is None
            self._known_origin = _origin(session, credentials, is_lasting=is_lasting)
        return Opened(
            session=session,
            credentials=credentials,
            region=session.get_config_variable("region"),
            origin=self.origin,
            noted_end=noted_end,
            renewal=renewal,
            base_end=_base_end(session, credentials),
        )

    def accept(self, opened: Opened) -> None:
        """Take note that credentials from here have worked."""
        self._has_worked = True

    def refuse(self, opened: Opened) -> None:
        """Take note that AWS takes these no more; once, until others have worked.

        Where AWS never took any, such as in a region that is not enabled, renewing a login would help
        nobody, and takes it from other tools that are about to renew it.
        """
        if self._has_worked:
            self._has_worked, self._revoked = False, opened.mark()

    def stamp(self) -> Stamp:
        """Return the state of the credentials file, the config file, the token and the login caches."""
        return stamp()

    def _is_revoked(self, credentials: RefreshableCredentials) -> bool:
        """Tell whether a login's cache gives again what AWS refuses; other sources give new ones."""
        if credentials.method != _LOGIN:
            return False
        return mark_of(credentials._access_key, credentials._token) == self._revoked

    def _told(self) -> Origin:
        """Return where credentials will come from, before anything was opened."""
        try:
            return self._expected(Session(profile=self._options.profile))
        except BotoCoreError:
            return Origin(name=f"profile {self._options.profile}")

    def _expected(self, session: Session) -> Origin:
        """Return where botocore will look first: keys of the environment come before AWS_PROFILE."""
        if self._options.profile is None and os.environ.get("AWS_ACCESS_KEY_ID"):
            return ENVIRONMENT_KEYS
        return expected(session.profile, _profiles(session))

    def _prepare(self, session: Session) -> None:
        """Leave in a session's chain what may be asked, and let nothing in it wait or remember."""
        chain = create_credential_resolver(session, cache=_Forgetful())
        session.register_component("credential_provider", chain)
        # botocore waits for a credential process without end, also for one that a role is assumed with.
        popen = partial(CredentialProcess, within_s=self._options.process_timeout_s)
        chain.get_provider("custom-process")._popen = popen
        roles = chain.get_provider("assume-role")
        builder = roles._profile_provider_builder
        builder._create_process_provider = partial(_timed, builder._create_process_provider, popen)
        if not self._asks:
            # A prompt for a one-time password would hold a thread for ever.
            roles._prompter = partial(_refuse_to_ask, session.profile or "default")
        if self._command is not None:
            process = chain.get_provider("custom-process")
            process._profile_name = _OF_PROCESS
            process._load_config = partial(_process_profile, self._command)
        for provider in list(chain.providers) if self._only else ():
            if provider.METHOD not in self._only:
                chain.remove(provider.METHOD)

    def _none_found(self) -> CredentialsAbsent:
        if self._given_by in INSTANCE:
            # It gave some before, so this is an instance: botocore does not tell silence from nothing.
            text = "the instance metadata give no credentials now"
            return CredentialsAbsent(text, code=NO_ANSWER, hint="they are asked again")
        if self._is_named:
            return CredentialsAbsent(f"no AWS credentials found: {self.origin.name}", hint=_HINT)
        profile = self._options.profile
        return CredentialsAbsent(
            f"no AWS credentials found{f' for profile {profile!r}' if profile else ''}", hint=_HINT
        )


_HINT = "give --profile, log in, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def _profiles(session: Session) -> Mapping[str, Mapping[str, Any]]:
    profiles: dict[str, dict[str, Any]] = session.full_config.get("profiles", {})
    return profiles


def _noted_end(session: Session, credentials: Credentials) -> datetime | None:
    if credentials.method not in ("shared-credentials-file", "config-file"):
        return None
    return noted_expiry(_profiles(session).get(session.profile or "default", {}))


def _base_end(session: Session, credentials: Credentials) -> datetime | None:
    is_role = credentials.method == ROLE
    return noted_expiry_of_base(session.profile or "default", _profiles(session)) if is_role else None


def _ended_in_environment() -> CredentialsExpired:
    ended_at = noted_expiry_of_environment()
    when = f" at {to_rfc3339(ended_at)}" if ended_at else ""
    return CredentialsExpired(
        f"credentials: those of the environment ended{when}",
        operation="credentials",
        hint="export new ones and start again; or use a profile or a role that renews itself",
    )


def _origin(session: Session, credentials: Credentials, *, is_lasting: bool) -> Origin:
    return origin_of(str(credentials.method), session.profile, _profiles(session), is_lasting=is_lasting)


def _timed(make: Any, popen: Any, profile: str) -> Any:
    """Return a provider of a credential process whose runs are timed."""
    provider = make(profile)
    provider._popen = popen
    return provider


def _process_profile(command: str) -> dict[str, Any]:
    return {"profiles": {_OF_PROCESS: {"credential_process": command}}}


class _Forgetful(dict[str, Any]):
    """A cache of role credentials that holds nothing.

    botocore's own would give a revoked role's credentials again, and judges them by the machine's clock.
    """

    def __contains__(self, key: object) -> bool:
        return False

    def __setitem__(self, key: str, value: Any) -> None:
        return


def _refuse_to_ask(profile: str, _prompt: str) -> str:
    named = f"--profile {shlex.quote(profile)}"
    raise CredentialsAbsent(
        f"profile {profile} asks for a one-time password (mfa_serial), and nobody is there to type it",
        hint=f'type it in a shell, `eval "$(aws configure export-credentials {named} --format env)"`, and '
        f"start there without --profile; a recorder at work takes `forensics credentials push {named}`",
    )
