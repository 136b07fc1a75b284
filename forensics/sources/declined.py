"""What AWS declined within one fetch, so that it is not asked for again."""

from collections.abc import Iterable

from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsError,
    ServerFault,
    Throttled,
    Unreachable,
)

# Trouble on the way to AWS meets the next question as well.
_OF_THE_WAY = (ClockSkewed, CredentialsError, Throttled, Unreachable)
_OF_EVERYTHING = "on resource: *"
"""In AWS's words for what a policy does not allow at all, whatever it is asked about."""
_UNKNOWN_OPERATIONS = ("UnknownOperationException", "UnknownOperation", "InvalidAction")
"""An emulator does not know the operation."""


class Declined:
    """Remembers refusals: of one thing, or of an operation as a whole."""

    def __init__(self) -> None:
        self._of_all: dict[str, AwsError] = {}
        self._of_one: dict[tuple[str, str], AwsError] = {}

    def why(self, operations: Iterable[str], about: str) -> AwsError | None:
        """Return why there is no use in asking operations about a thing; None where it may be asked."""
        for operation in operations:
            error = self._of_all.get(operation) or self._of_one.get((operation, about))
            if error is not None:
                return error
        return None

    def note(self, error: AwsError, about: str) -> None:
        """Remember that a question about a thing met an error."""
        if self._is_of_all(error):
            self._of_all[error.operation] = error
        else:
            self._of_one[error.operation, about] = error

    def _is_of_all(self, error: AwsError) -> bool:
        if isinstance(error, AccessDenied):
            return _OF_EVERYTHING in error.message
        if isinstance(error, ServerFault):
            # One may be about the thing; each costs as long as it takes to give up.
            return any(
                isinstance(known, ServerFault)
                for (operation, _), known in self._of_one.items()
                if operation == error.operation
            )
        return isinstance(error, _OF_THE_WAY) or error.code in _UNKNOWN_OPERATIONS
