"""A door that notes which AWS services answer."""

from collections.abc import Callable
from typing import Any, TypeVar

from forensics.aws.door import Door, Reply
from forensics.capture.poll import CountedDoor
from forensics.errors import AwsError, Unreachable
from forensics.model.record import JsonObject
from forensics.preflight.notes import Notes
from forensics.preflight.policy import IDENTITY

T = TypeVar("T")


class ListeningDoor(CountedDoor):
    """A door that remembers who is silent, and does not wait for the same silence twice. For one thread.

    Args:
        door: Where calls go.
        notes: Where it notes them, and what it waits for.
    """

    def __init__(self, door: Door, notes: Notes) -> None:
        super().__init__(door)
        self._notes = notes

    def call(self, operation: str, **parameters: Any) -> Reply:
        """Ask AWS once; see `Door.call`."""
        return self._heard(operation, lambda: super(ListeningDoor, self).call(operation, **parameters))

    def whoami(self) -> JsonObject:
        """Return whose credentials are in use; see `Door.whoami`."""
        return self._heard(IDENTITY, super().whoami)

    def _heard(self, operation: str, ask: Callable[[], T]) -> T:
        service = operation.partition(":")[0]
        if service in self._notes.silent:
            raise self._notes.silent[service]
        self._notes.doing = operation
        try:
            answer = ask()
        except AwsError as error:
            # What went wrong with the source of credentials says nothing about the service.
            if error.operation == operation:
                self._note(service, error)
            raise
        self._notes.answering.add(service)
        return answer

    def _note(self, service: str, error: AwsError) -> None:
        if isinstance(error, Unreachable):
            self._notes.silent[service] = error
        elif error.code:
            self._notes.answering.add(service)
