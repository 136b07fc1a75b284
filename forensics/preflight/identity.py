"""Whose credentials are in use, for how long, and whether our clock agrees with AWS's."""

from datetime import datetime, timedelta

from forensics.aws.door import Door
from forensics.errors import (
    AwsError,
    ClockSkewed,
    CredentialsError,
    CredentialsExpired,
    Undecodable,
    Unreachable,
)
from forensics.model.checkup import NOTE, OK, PROBLEM
from forensics.model.clock import Clock, to_rfc3339
from forensics.model.credentials import DENIED, RENEWS, CredentialStanding
from forensics.model.record import JsonObject
from forensics.model.times import format_duration
from forensics.preflight.notes import Notes
from forensics.preflight.policy import IDENTITY

# The Date header counts whole seconds, and an answer takes its time.
_SKEW_SEEN_S = 5.0
# A command of ours hands new credentials to a recorder that is at work: none is yet.
_OURS = "forensics "
_ENVIRONMENT = "environment"
SKEW_LIMIT_S = 300.0
"""AWS takes signatures that are five minutes old, and no older ones."""


def check_identity(door: Door, clock: Clock, expect: timedelta, notes: Notes) -> bool:
    """Note whose credentials are in use, how long they last, and how far our clock is off.

    Returns:
        Whether anything else can be asked with these credentials.
    """
    notes.doing = "the source of credentials"
    try:
        door.renew()
        who: JsonObject | None = door.whoami()
    except AwsError as error:
        who = None
        is_usable = _note_trouble(error, door, notes)
    else:
        is_usable = True
    _check_clock(door, notes)
    if who is not None:
        standing = door.standing()
        ends_at = standing.expires_at
        notes.identity = {
            "account": who.get("account"),
            "arn": who.get("arn"),
            "source": standing.source,
            "region": door.region,
            "expires_at": to_rfc3339(ends_at) if ends_at else None,
        }
        # What counts is AWS's clock: it decides when they have ended.
        _check_length(notes, standing, clock.now() - timedelta(seconds=door.skew() or 0), expect)
    return is_usable


def _note_trouble(error: AwsError, door: Door, notes: Notes) -> bool:
    """Note why AWS did not say who we are; return whether other questions may be answered all the same."""
    match error:
        case ClockSkewed():
            if abs(door.skew() or 0) < SKEW_LIMIT_S:  # else its size says it better
                notes.check("clock", PROBLEM, error.message, remedy=error.hint or "")
        case Unreachable() if error.operation == IDENTITY:
            return True  # noted with the other services that are silent
        case CredentialsError() | Unreachable():
            standing = door.standing()
            facts = {"source": standing.source, "standing": standing.state}
            text = message_of(error)
            notes.check("credentials", PROBLEM, text, remedy=_cure(error, standing), facts=facts)
        case Undecodable():
            remedy = "a proxy or a sign-in page may stand between: check the network and --endpoint-url"
            notes.check("endpoint", PROBLEM, error.message, remedy=remedy)
        case _:
            remedy = "a recording cannot tell whose account it sees, and waits for the answer"
            notes.check("credentials", PROBLEM, error.message, remedy=remedy)
            return True
    return False


def message_of(error: AwsError) -> str:
    """Return an error's words for a check that is called credentials already."""
    return error.message.removeprefix("credentials: ")


def _cure(error: AwsError, standing: CredentialStanding) -> str:
    """Return what a person can do where the credentials do not work."""
    if standing.command and not standing.command.startswith(_OURS):
        return f"type `{standing.command}`"
    if isinstance(error, CredentialsExpired) and standing.source == _ENVIRONMENT:
        return "export new ones and look again; or use a profile or a role that renews itself"
    return error.hint or ""


def _check_clock(door: Door, notes: Notes) -> None:
    skew_s = door.skew()
    if skew_s is None:
        if notes.answering:
            notes.check("clock", NOTE, "AWS sent no Date, so that this machine's clock cannot be compared")
        return
    facts = {"skew_s": round(skew_s, 1)}
    if abs(skew_s) < _SKEW_SEEN_S:
        notes.check("clock", OK, "agrees with AWS's", facts=facts)
        return
    size = format_duration(timedelta(seconds=abs(skew_s)))
    text = f"this machine's clock is {size} {'ahead of' if skew_s > 0 else 'behind'} AWS's"
    if abs(skew_s) < SKEW_LIMIT_S:
        notes.check(
            "clock", NOTE, f"{text}; from 5m on AWS takes no signature", remedy="set the clock", facts=facts
        )
    else:
        notes.check(
            "clock", PROBLEM, f"{text}: AWS takes no signature beyond 5m", remedy="set the clock", facts=facts
        )


def _check_length(notes: Notes, standing: CredentialStanding, now: datetime, expect: timedelta) -> None:
    ends_at = standing.expires_at
    left = ends_at - now if ends_at else None
    whose = f"{(notes.identity or {}).get('arn')} from {standing.source}"
    facts = {
        "source": standing.source,
        "standing": standing.state,
        "expires_at": to_rfc3339(ends_at) if ends_at else None,
        "left_s": round(left.total_seconds()) if left is not None else None,
    }
    state, text = _length(standing, left, expect)
    if standing.detail and state == OK:
        state, text = NOTE, f"{text}; but: {standing.detail}"
    notes.check("credentials", state, f"{whose}: {text}", remedy=_remedy(standing, state), facts=facts)


def _length(standing: CredentialStanding, left: timedelta | None, expect: timedelta) -> tuple[str, str]:
    ends = "" if left is None else f"they end in {format_duration(max(left, timedelta(0)))}"
    if standing.state == DENIED:
        return PROBLEM, f"AWS refuses to renew them: {standing.detail}"
    if standing.state == RENEWS:
        return (
            OK,
            f"{ends} and are renewed without anybody's help"
            if ends
            else "they do not end, or are renewed without anybody's help",
        )
    if left is None:
        return NOTE, "nobody renews them, and when they end is not known"
    if left < expect:
        return (
            PROBLEM,
            f"{ends}, the recording is expected to take {format_duration(expect)}, nobody renews them",
        )
    return OK, f"{ends}, after the {format_duration(expect)} that are expected; nobody renews them"


def _remedy(standing: CredentialStanding, state: str) -> str:
    if state == OK or standing.state == DENIED:
        return ""
    if standing.command and not standing.command.startswith(_OURS):
        return f"type `{standing.command}` before, or while it records"
    lasting = "use a profile or a role that renews itself"
    return f"{lasting}; or type `{standing.command}` while it records" if standing.command else lasting
