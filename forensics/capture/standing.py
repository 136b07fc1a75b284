"""Credentials while they work: who can renew them, a word ahead of their end, and a last sweep before it."""

from datetime import datetime, timedelta

from forensics.capture.recording import Recording
from forensics.capture.sites import SiteState
from forensics.model.clock import to_rfc3339
from forensics.model.credentials import NEEDS_PERSON, CredentialStanding
from forensics.model.record import JsonObject
from forensics.model.times import format_duration

WARNINGS_S = (60.0, 300.0, 900.0)
"""So long before an end that nobody but a person can put off there is a warning; the tightest first."""
SWEEP_S = 60.0
"""So long before that end every open stream is polled once more."""
_SKEW_TOLERANCE_S = 5.0


def watch(recording: Recording) -> None:
    """Record how credentials stand when that changes, warn ahead of their end, sweep before it."""
    for state in recording.sites.values():
        standing = state.site.door.standing()
        if state.who is not None or state.is_paused:
            _note(recording, state, standing)
        if state.is_paused or standing.state != NEEDS_PERSON or standing.expires_at is None:
            continue
        left_s = _left_s(recording, state, standing.expires_at)
        if left_s > 0:
            _warn(recording, state, standing, left_s)
            _sweep(recording, state, standing.expires_at, left_s)


def _left_s(recording: Recording, state: SiteState, ends_at: datetime) -> float:
    """Return the seconds to the end by AWS's clock, which is the one that counts."""
    skew_s = state.site.door.skew() or 0.0
    ahead_s = skew_s if abs(skew_s) > _SKEW_TOLERANCE_S else 0.0
    return (ends_at - recording.now()).total_seconds() + ahead_s


def _note(recording: Recording, state: SiteState, standing: CredentialStanding) -> None:
    said = statement(state, standing)
    if _gist(said) != _gist(state.said) and recording.write([recording.mint.credentials(said)]):
        state.said = said
        recording.log.info(
            "credentials stand",
            site=state.label,
            state=standing.state,
            source=standing.source,
            expires_at=said["expires_at"],
            command=standing.command,
        )


def statement(state: SiteState, standing: CredentialStanding, *, left_s: float | None = None) -> JsonObject:
    """Return what the archive keeps of how a site's credentials stand; never a secret.

    Args:
        state: The site.
        standing: How its door says that they stand.
        left_s: Seconds to their end, where that is what is said; None else.
    """
    return {
        "site": state.label,
        "region": state.region,
        "account": state.account,
        "state": standing.state,
        "source": standing.source,
        "expires_at": to_rfc3339(standing.expires_at) if standing.expires_at else None,
        "works": standing.works,
        "command": standing.command,
        "detail": standing.detail,
        "left_s": None if left_s is None else round(left_s),
    }


def _gist(said: JsonObject | None) -> tuple[object, ...]:
    """Return what of a statement must change for it to be said anew: not the words of an error."""
    if said is None:
        return ()
    ends_at = said["expires_at"] if said["state"] == NEEDS_PERSON else None
    return said["state"], said["source"], said["works"], said["command"], bool(said["detail"]), ends_at


def _warn(recording: Recording, state: SiteState, standing: CredentialStanding, left_s: float) -> None:
    limit_s = next((limit_s for limit_s in WARNINGS_S if left_s <= limit_s), None)
    if limit_s is None:
        return
    ends_at = standing.expires_at
    _remember(recording, state, ends_at)
    if state.warned is not None and state.warned[0] == ends_at and state.warned[1] <= limit_s:
        return
    said = statement(state, standing, left_s=left_s)
    if recording.write([recording.mint.credentials(said)]):
        state.warned, state.said = (ends_at, limit_s), said
        recording.log.warning(
            "credentials end soon",
            site=state.label,
            left=format_duration(timedelta(seconds=round(left_s))),
            source=standing.source,
            command=standing.command,
        )


def _remember(recording: Recording, state: SiteState, ends_at: datetime | None) -> None:
    """Learn from the archive which warning an earlier run gave of the same end."""
    if state.warned is not None or ends_at is None:
        return
    last = recording.writer.state.credentials.get(state.label, {})
    left_s = last.get("left_s")
    if last.get("expires_at") == to_rfc3339(ends_at) and isinstance(left_s, int | float):
        given_s = next((limit_s for limit_s in WARNINGS_S if left_s <= limit_s), None)
        state.warned = None if given_s is None else (ends_at, given_s)


def _sweep(recording: Recording, state: SiteState, ends_at: datetime, left_s: float) -> None:
    """Have every open stream polled once more in the last minute; what is nearest to losing goes first."""
    if left_s > SWEEP_S or state.swept_before == ends_at:
        return
    state.swept_before = ends_at
    swept = [
        watched
        for watched in recording.book.of_site(state.label)
        if not (watched.is_ended or watched.is_missing or watched.is_foreign or watched.refusal)
    ]
    recording.log.info("last sweep", site=state.label, streams=len(swept), left_s=round(left_s))
    for watched in swept:
        if watched.is_in_flight:
            watched.has_moved = True
        else:
            recording.schedule.pull(watched.stream, recording.now_s())
