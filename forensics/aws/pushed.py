"""Credentials that a person hands to a running recording."""

import threading
from datetime import datetime
from typing import Annotated

import msgspec
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from forensics.aws.credential_files import Stamp
from forensics.aws.faults import from_exception
from forensics.aws.opened import Opened, mark_of
from forensics.aws.origin import Origin
from forensics.aws.sessions import ChainOptions, session_with
from forensics.errors import CredentialsAbsent
from forensics.model.clock import Clock

METHOD = "pushed"
NOTHING = "NothingPushed"
"""The code of the error while nothing has been handed over, which is no trouble."""


class Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credentials as they are handed over."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When they end, aware; None where that is not known."""

    def __repr__(self) -> str:
        return "Keys(…)"


class Pushed:
    """The place for handed-over credentials; empty until some come, and again once they have ended.

    Args:
        options: What sessions are made with.
        clock: What tells whether they have ended.
    """

    def __init__(self, options: ChainOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._keys: Keys | None = None
        self._count = 0
        self._lock = threading.Lock()

    @property
    def origin(self) -> Origin:
        """A person; nothing renews what was handed over."""
        return Origin(name="pushed credentials")

    def opened(self, keys: Keys) -> Opened:
        """Return handed-over credentials ready to sign with; they are not taken by that.

        Raises:
            CredentialsAbsent: There can be no session.
            UsageError: There is no region.
        """
        credentials = Credentials(
            keys.access_key_id, keys.secret_access_key, keys.session_token, method=METHOD
        )
        try:
            session = session_with(self._options, credentials)
        except BotoCoreError as error:
            raise from_exception(error, "credentials", now=self._clock.now()) from error
        lasts = keys.session_token is None and keys.expires_at is None
        return Opened(
            session=session,
            credentials=credentials,
            region=session.get_config_variable("region"),
            origin=msgspec.structs.replace(self.origin, renews=lasts),
            noted_end=keys.expires_at,
        )

    def take(self, keys: Keys) -> None:
        """Give these from now on, in place of what was handed over before."""
        with self._lock:
            self._keys = keys
            self._count += 1

    def succeed(self, former: "Pushed") -> None:
        """Take over what was handed to another place."""
        if former._keys is not None:
            self.take(former._keys)

    def open(self) -> Opened:
        """Return what was handed over.

        Raises:
            CredentialsAbsent: Nothing was, or it has ended.
        """
        keys = self._keys
        if keys is None or (keys.expires_at is not None and keys.expires_at <= self._clock.now()):
            raise CredentialsAbsent("no credentials have been pushed", code=NOTHING)
        return self.opened(keys)

    def refuse(self, opened: Opened) -> None:
        """Forget what was handed over, if it is this: AWS does not take it any more."""
        with self._lock:
            keys = self._keys
            if keys is not None and opened.mark() == mark_of(keys.access_key_id, keys.session_token):
                self._keys = None

    def accept(self, opened: Opened) -> None:
        """Do nothing: what was handed over is kept until AWS refuses it."""

    def stamp(self) -> Stamp:
        """Return what changes each time that something is handed over."""
        return (("pushed", self._count, 0, 0),)
