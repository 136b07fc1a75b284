"""An append on its way to the disk."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from forensics.archive.append import Append
from forensics.archive.recent import Key
from forensics.errors import ArchiveError
from forensics.model.record import Record

Then = Callable[[Sequence[Record]], None]
EMPTY: Mapping[Key, object] = MappingProxyType({})


class Pending:
    """What is known of an append: that it was written, and in the end whether it is durable.

    Args:
        append: What was written; None where there was nothing to write.
        keys: Those of its facts.
        settle: Waits for the disk, then calls `succeed` or `fail`.
        then: Told the records as soon as they are durable.
    """

    def __init__(
        self,
        append: Append | None = None,
        keys: Mapping[Key, object] = EMPTY,
        *,
        settle: Callable[[], None] = lambda: None,
        then: Then | None = None,
    ) -> None:
        self.append = append
        self.keys = keys
        self.error: ArchiveError | None = None
        """Why none of it was written; None as long as nothing is known to have failed."""
        self._settle = settle
        self._then = then
        self._is_settled = append is None

    def succeed(self) -> None:
        """Note that it is durable."""
        self._is_settled = True
        if self._then is not None and self.append is not None:
            self._then(self.append)

    def fail(self, error: ArchiveError) -> None:
        """Note that none of it was written."""
        self._is_settled = True
        self.error = error

    def wait(self) -> Sequence[Record]:
        """Return the records, in order, when they are durable.

        Raises:
            ArchiveUnwritable: None of them was written; trying again is safe.
        """
        if not self._is_settled:
            self._settle()
        if self.error is not None:
            raise self.error
        return [] if self.append is None else self.append
