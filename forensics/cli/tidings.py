"""What is said when credentials are taken up that will not renew themselves."""

from datetime import timedelta

from forensics.model.clock import Clock
from forensics.model.credentials import NEEDS_PERSON, CredentialStanding
from forensics.model.times import format_duration
from forensics.telemetry import get_logger

log = get_logger("cli")


def say_if_not_renewed(target: str, clock: Clock, standing: CredentialStanding) -> None:
    """Log that credentials end for good, with the time left and what brings new ones.

    Args:
        target: Whose credentials they are.
        clock: What the time left is counted on.
        standing: How they stand.
    """
    if standing.state != NEEDS_PERSON:
        return
    left = "not known"
    if standing.expires_at is not None:
        left = format_duration(max(timedelta(0), standing.expires_at - clock.now()))
    log.warning(
        "credentials do not renew themselves",
        target=target,
        source=standing.source,
        left=left,
        hint=f"new ones: {standing.command}" if standing.command else None,
    )
