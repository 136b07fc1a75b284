"""Sources of credentials in an order: the first that gives some which AWS takes."""

from collections.abc import Sequence
from itertools import chain, count

import msgspec

from forensics.aws.credential_files import Stamp
from forensics.aws.opened import CredentialSource, Opened
from forensics.aws.origin import Origin
from forensics.aws.pushed import NOTHING
from forensics.errors import AccessDenied, AwsError, CredentialsAbsent, CredentialsError
from forensics.model.clock import Clock

_REMEMBERED = 32
"""Refused credentials, at most; one that comes again after so many others is tried once more."""


class Ordered:
    """Several sources as one; what AWS has refused is passed over while another source gives something.

    Args:
        sources: At least one, in the order to try.
        clock: What tells whether credentials have ended.
    """

    def __init__(self, sources: Sequence[CredentialSource], clock: Clock) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._refused: dict[str, int] = {}
        self._turn = count()
        self._failed: set[int] = set()
        self._origin: Origin | None = None

    @property
    def origin(self) -> Origin:
        """Where credentials come from: as last tried, or before that the source that most is hoped of."""
        if self._origin is not None:
            return self._origin
        origins = [source.origin for source in self._sources]
        return next((origin for origin in origins if origin.renews), origins[-1])

    def open(self) -> Opened:
        """Return the first credentials that are good as far as is known.

        Where all have ended or were refused, those come again whose refusal is longest ago: AWS may take
        them now, and new keys are not known everywhere at once.

        Raises:
            AwsError: No source gave any; the error of the one that a person would mend, all named.
        """
        errors: list[tuple[AwsError, Origin]] = []
        spare: list[tuple[int, int, Opened]] = []
        for place, source in enumerate(self._sources):
            try:
                opened = source.open()
            except AwsError as error:
                self._failed.add(place)
                errors.append((error, source.origin))
                continue
            self._failed.discard(place)
            turn = self._refused.get(opened.mark(), -1)
            if turn < 0 and not opened.has_ended(self._clock.now()):
                return self._chosen(opened, place)
            spare.append((turn, place, opened))
        if spare:
            _, place, opened = min(spare, key=lambda entry: entry[:2])
            return self._chosen(opened, place)
        worst, self._origin = _none_of(errors)
        raise worst

    def refuse(self, opened: Opened) -> None:
        """Pass these credentials over from now on, as long as there are others."""
        mark = opened.mark()
        self._refused.pop(mark, None)
        self._refused[mark] = next(self._turn)
        while len(self._refused) > _REMEMBERED:
            self._refused.pop(next(iter(self._refused)))
        for source in self._sources:
            source.refuse(opened)

    def accept(self, opened: Opened) -> None:
        """Pass these credentials over no more: new keys are not known everywhere in AWS at once."""
        self._refused.pop(opened.mark(), None)
        for source in self._sources:
            source.accept(opened)

    def stamp(self) -> Stamp:
        """Return the state of the files of all sources."""
        return tuple(chain.from_iterable(source.stamp() for source in self._sources))

    def _chosen(self, opened: Opened, place: int) -> Opened:
        """Return the credentials, which renew themselves also where a later source will take over."""
        successors = (
            source.origin
            for other, source in enumerate(self._sources)
            if other > place and other not in self._failed
        )
        renews = opened.origin.renews or any(origin.renews for origin in successors)
        self._origin = msgspec.structs.replace(opened.origin, renews=renews)
        return msgspec.structs.replace(opened, origin=self._origin)


def _none_of(errors: Sequence[tuple[AwsError, Origin]]) -> tuple[AwsError, Origin]:
    """Return the error that says most, which names the others, and whose it is."""
    errors = [entry for entry in errors if entry[0].code != NOTHING] or errors
    worst, origin = max(errors, key=lambda entry: _weight(entry[0]))
    others = [error.message for error, _ in errors if error is not worst]
    if not others:
        return worst, origin
    said = "; ".join([worst.message, *others])
    return type(worst)(said, code=worst.code, operation=worst.operation, hint=worst.hint), origin


def _weight(error: AwsError) -> int:
    """Return how much an error says about what a person can do; an empty place says nothing."""
    if isinstance(error, CredentialsAbsent):
        return 0
    return 2 if isinstance(error, CredentialsError | AccessDenied) else 1
