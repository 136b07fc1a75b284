"""Which credentials calls are signed with: followed as their files change, replaced as AWS refuses them."""

import threading
from collections.abc import Callable
from datetime import datetime

from forensics.aws.connection import Connection
from forensics.aws.opened import CredentialSource, Opened
from forensics.aws.standing import standing_of
from forensics.errors import AwsError, CredentialsError
from forensics.model.clock import Clock
from forensics.model.credentials import CredentialStanding


class Signing:
    """The connection of now, for several threads.

    Args:
        source: Where credentials come from.
        connect: Makes a connection that signs with what was opened; asks nobody.
        clock: What tells whether credentials have ended.
    """

    def __init__(
        self, source: CredentialSource, connect: Callable[[Opened], Connection], clock: Clock
    ) -> None:
        self._source = source
        self._connect = connect
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._former: Connection | None = None
        self._opened_from: object = None
        self._openings = 0
        self._trouble: AwsError | None = None
        self._refused: str | None = None

    @property
    def renewals(self) -> int:
        """How often credentials were read anew, the first time not counted."""
        return max(0, self._openings - 1)

    def connection(self) -> Connection:
        """Return the connection to call through, with what changed files say where they make sense.

        Raises:
            AwsError: There are no credentials yet.
        """
        connection = self._connection
        if connection is None:
            with self._lock:
                return self._connection or self._opened_anew()
        # Without waiting for the lock: renewing may take long, and the old keys may still work.
        if self._source.stamp() == self._opened_from or not self._lock.acquire(blocking=False):
            return connection
        try:
            return self._followed(connection)
        finally:
            self._lock.release()

    def renew(self) -> None:
        """Read the credentials anew.

        Raises:
            AwsError: There are none now; the old ones stay in use.
        """
        with self._lock:
            self._opened_anew()

    def instead_of(self, used: Connection, error: AwsError) -> Connection | None:
        """Return a connection with other credentials than those that a call failed with.

        Args:
            used: What the call went through.
            error: What it failed with.

        Returns:
            None where there are no others, or the call did not fail for its credentials.
        """
        if not self._is_for_want_of_credentials(used, error):
            return None
        with self._lock:
            self._trouble = error
            if self._connection is not used:
                return self._connection
            self._source.refuse(used.opened)
            self._refused = mark = used.opened.mark()
            try:
                newer = self._opened_anew()
            except AwsError:
                newer = used
            return self._back(used) if newer.opened.mark() == mark else newer

    def accepted(self, connection: Connection) -> None:
        """Take note that AWS has accepted a call: nothing is wrong with its credentials."""
        if not connection.is_accepted:
            connection.is_accepted = True
            self._source.accept(connection.opened)
        if connection is self._connection:
            self._trouble = self._refused = None

    def stamp(self) -> object:
        """Return the state of the files that credentials come from."""
        return self._source.stamp()

    def expires_at(self) -> datetime | None:
        """Return when the credentials in use end; None where unknown or none are open yet."""
        connection = self._connection
        return connection.opened.expires_at() if connection else None

    def standing(self, rescue: str) -> CredentialStanding:
        """Return how the credentials stand.

        Args:
            rescue: What a person types to bring new ones whatever they come from.
        """
        connection = self._connection
        if connection is None:
            return standing_of(self._source.origin, None, self._trouble, works=False, command=rescue)
        opened = connection.opened
        trouble = self._trouble or opened.trouble()
        works = self._refused != opened.mark() and not opened.has_ended(self._clock.now())
        return standing_of(opened.origin, opened.stands_until(), trouble, works=works, command=rescue)

    def _followed(self, used: Connection) -> Connection:
        stamp = self._source.stamp()
        if stamp == self._opened_from:
            return used
        self._opened_from = stamp  # a file that is half written is read again when it changes again
        try:
            opened = self._source.open()
        except AwsError:
            return used
        return used if opened.mark() == used.opened.mark() else self._taken(opened)

    def _opened_anew(self) -> Connection:
        stamp = self._source.stamp()
        try:
            opened = self._source.open()
        except AwsError as error:
            self._trouble = error
            raise
        self._opened_from = stamp
        return self._taken(opened)

    def _taken(self, opened: Opened) -> Connection:
        """Sign with these from now on; the last ones that AWS accepted stay at hand."""
        former = self._connection
        if former is not None and former.is_accepted:
            self._former = former
        self._connection = self._connect(opened)
        self._openings += 1
        return self._connection

    def _is_for_want_of_credentials(self, used: Connection, error: AwsError) -> bool:
        """Tell whether a call was refused for its credentials, or they are past their end and not renewed."""
        if isinstance(error, CredentialsError):
            return True
        return used.opened.trouble() is not None and used.opened.has_ended(self._clock.now())

    def _back(self, used: Connection) -> Connection | None:
        """Return to the credentials before these, where AWS never accepted these: a file was half written."""
        former, self._former = self._former, None
        if former is None or used.is_accepted or former.opened.has_ended(self._clock.now()):
            return None
        self._connection = former
        return former
