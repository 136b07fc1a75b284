"""How credentials stand, worked out from where they come from and what went wrong last."""

from datetime import datetime

from forensics.aws.faults import DENYING, INSTALL_LIBRARY, NO_ANSWER, NO_LIBRARY
from forensics.aws.origin import Origin
from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    ServerFault,
    Throttled,
    Unreachable,
)
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS, CredentialStanding

_PASSING = (Unreachable, ServerFault, Throttled, ClockSkewed)


def standing_of(
    origin: Origin,
    expires_at: datetime | None,
    trouble: AwsError | None,
    *,
    works: bool = True,
    command: str = "",
) -> CredentialStanding:
    """Return how credentials stand.

    Args:
        origin: Where those in use come from.
        expires_at: When they end; None where that is not known or they do not end.
        trouble: What the last renewal or signed call failed with, None while nothing is wrong.
        works: Whether AWS takes those in use, as far as is known.
        command: What brings new ones whatever they come from; used where the origin has no command.
    """
    state = _state_of(origin, trouble)
    needed = state == NEEDS_PERSON or (trouble is not None and not _is_passing(trouble))
    return CredentialStanding(
        state=state,
        source=origin.name,
        expires_at=expires_at,
        works=works,
        command=_command(origin, trouble, command) if needed else "",
        detail=trouble.message if trouble else "",
    )


def _command(origin: Origin, trouble: AwsError | None, otherwise: str) -> str:
    if trouble is not None and trouble.code == NO_LIBRARY:
        return INSTALL_LIBRARY  # logging in again would not help
    return origin.command or otherwise


def _is_passing(trouble: AwsError) -> bool:
    return isinstance(trouble, _PASSING) or trouble.code == NO_ANSWER


def _state_of(origin: Origin, trouble: AwsError | None) -> str:
    if trouble is None or _is_passing(trouble):
        # A source that does not answer is asked again, without anybody's help.
        return RENEWS if origin.renews else NEEDS_PERSON
    if isinstance(trouble, AccessDenied) or trouble.code in DENYING:
        return DENIED
    return NEEDS_PERSON
