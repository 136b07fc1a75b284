"""How the credentials in use stand: whether they renew themselves, need a person, or are refused."""

from datetime import datetime

import msgspec

RENEWS = "renews"
"""Their source renews them by itself, or they do not end."""
NEEDS_PERSON = "needs-person"
"""They have ended or will end, and only a person can bring new ones."""
DENIED = "denied"
"""AWS refuses to give or to accept them; new ones of the same kind would not help."""


class CredentialStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the credentials of one door stand now; never a secret."""

    state: str
    """``renews``, ``needs-person`` or ``denied``."""
    source: str
    """Which source they are from, such as ``profile deploy``, ``environment`` or ``GitHub OIDC``."""
    expires_at: datetime | None = None
    """When those in use end, aware UTC; None where that is not known or they do not end."""
    works: bool = True
    """Whether AWS takes those in use, as far as is known: they may though their renewal has failed."""
    command: str = ""
    """What a person types to bring new ones, such as ``aws sso login --profile deploy``; "" where nothing
    can be typed."""
    detail: str = ""
    """One sentence on what is wrong; "" while nothing is."""
