"""One poll: what is asked of a source, and what came of it."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from forensics.aws.door import Door, Reply
from forensics.errors import AwsError
from forensics.model.credentials import CredentialStanding
from forensics.model.identity import Stream
from forensics.model.record import JsonObject
from forensics.sources.base import Batch, Failed, Position, Source


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A fetch to make: streams of one group with where each stands."""

    site: str
    door: Door
    source: Source
    streams: tuple[Stream, ...]
    positions: Mapping[str, Position | None]
    polled_at: Mapping[str, datetime | None]
    wanted_since: Mapping[str, datetime]
    at: datetime
    """Wall time when it was decided."""
    at_s: float
    """The same on monotonic time."""


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What a poll brought: one Batch or Failed for each stream, in the order asked."""

    poll: Poll
    answers: tuple[Batch | Failed, ...]
    calls: int
    bug: str | None = None
    """An error that no source should raise; the answers are then all Failed."""


class CountedDoor:
    """A door that counts the calls made through it.

    Args:
        door: Where they go.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lock = threading.Lock()
        self.calls = 0
        """Calls made so far."""

    @property
    def region(self) -> str:
        """The region that calls go to."""
        return self._door.region

    def call(self, operation: str, **parameters: Any) -> Reply:
        """Ask AWS once; see `Door.call`."""
        with self._lock:
            self.calls += 1
        return self._door.call(operation, **parameters)

    def renew(self) -> None:
        """Read the credentials anew; see `Door.renew`."""
        self._door.renew()

    def whoami(self) -> JsonObject:
        """Return whose credentials are in use; see `Door.whoami`."""
        with self._lock:
            self.calls += 1
        return self._door.whoami()

    def skew(self) -> float | None:
        """Return our wall clock minus AWS's; see `Door.skew`."""
        return self._door.skew()

    def credentials_stamp(self) -> object:
        """Return the state of the files that credentials come from; see `Door.credentials_stamp`."""
        return self._door.credentials_stamp()

    def expires_at(self) -> datetime | None:
        """Return when the credentials end; see `Door.expires_at`."""
        return self._door.expires_at()

    def standing(self) -> CredentialStanding:
        """Return how the credentials stand; see `Door.standing`."""
        return self._door.standing()


def run(poll: Poll) -> Polled:
    """Make the fetch; nothing that goes wrong escapes as an exception."""
    door = CountedDoor(poll.door)
    targets = [stream.target for stream in poll.streams]
    try:
        answers = poll.source.fetch(
            door,
            targets,
            poll.positions,
            now=poll.at,
            polled_at=poll.polled_at,
            wanted_since=poll.wanted_since,
        )
    except AwsError as error:
        return Polled(poll=poll, answers=_all_failed(poll, error), calls=door.calls)
    except Exception as error:  # noqa: BLE001  one source's defect must not end the recording of the others
        ours = AwsError(f"{poll.source.name} broke: {type(error).__name__}: {error}")
        return Polled(poll=poll, answers=_all_failed(poll, ours), calls=door.calls, bug=repr(error))
    return Polled(poll=poll, answers=tuple(answers), calls=door.calls)


def _all_failed(poll: Poll, error: AwsError) -> tuple[Failed, ...]:
    return tuple(Failed(stream=stream, error=error) for stream in poll.streams)
