"""Credentials that end or change: the site pauses, is probed, and goes on where it stood."""

from forensics.aws.skew import in_words
from forensics.capture import gaps
from forensics.capture.book import Watched
from forensics.capture.recording import Errand, Recording
from forensics.capture.sites import (
    Identified,
    SiteState,
    identity_of,
    in_use,
    place_from,
    probe_delay_s,
)
from forensics.errors import AwsError, ClockSkewed, CredentialsInvalid
from forensics.model.credentials import DENIED

HOLD_S = 3.0
"""Polls wait so long for the word whose credentials they are; a network may have no way to STS."""


def pause(recording: Recording, label: str, error: AwsError) -> None:
    """Poll nothing of a site until a probe succeeds."""
    state = recording.sites[label]
    if state.is_paused:
        return
    standing = state.site.door.standing()
    # What new credentials were refused with says what to mend; that the old ones have ended does not.
    is_denied = standing.state == DENIED and standing.detail != ""
    state.paused_because = standing.detail if is_denied else _words(state, error)
    state.paused_reason = gaps.reason_of(error)
    state.paused_since = recording.now()
    recording.log.warning(
        "site paused",
        site=label,
        code=error.code,
        reason=state.paused_because,
        credentials=standing.state,
        command=standing.command,
        hint=None if is_denied else error.hint,
    )
    _schedule_probe(recording, state)


def _words(state: SiteState, error: AwsError) -> str:
    skew_s = state.site.door.skew()
    if not isinstance(error, ClockSkewed) or skew_s is None or "this machine's clock" in error.message:
        return error.message
    return f"{error.message}; {in_words(skew_s)}"


def _schedule_probe(recording: Recording, state: SiteState) -> None:
    delay_s = recording.jittered_s(probe_delay_s(state, recording.options))
    state.probes += 1
    recording.schedule.put(Errand(kind="identify", site=state.label), recording.now_s() + delay_s)


def park(recording: Recording, due: list[Watched]) -> None:
    """Note streams that came due while nobody may ask for them: from now on each has an open gap."""
    facts, opened = [], []
    for watched in due:
        state = recording.sites[watched.site]
        state.parked.add(watched.stream)
        if watched.is_gap_recorded or watched.is_missing:
            continue
        gap = watched.open_gap or gaps.opened(
            str(watched.stream),
            watched.polled_at or watched.opened_at,
            state.paused_reason if state.is_paused else gaps.CREDENTIALS,
            detail=state.paused_because or f"The credentials are of account {state.account} now.",
        )
        facts.append(recording.mint.gap(watched.stream.target, gap))
        opened.append((watched, gap))
    if recording.write(facts):
        for watched, gap in opened:
            watched.open_gap, watched.is_gap_recorded = gap, True


def take_identity(recording: Recording, identified: Identified) -> bool:
    """Learn whose credentials a site has, and let it go on or stay paused accordingly.

    Returns:
        Whether AWS said whose they are, and they may be used.
    """
    recording.calls += identified.calls
    state = recording.sites.get(identified.label)
    if state is None:
        return False
    state.calls += identified.calls
    state.is_identifying = state.is_stale = False
    state.verified_s, state.held_until_s = recording.now_s(), 0.0
    state.checked = identified.in_use
    if identified.who is None:
        error = identified.error or AwsError("AWS did not say whose credentials these are")
        _take_error(recording, state, error)
        return False
    if identified.error is not None:
        recording.log.warning(
            "credentials not read anew, the old ones stay", site=state.label, reason=identified.error.message
        )
    partition, account = place_from(identified.who)
    if state.account is not None and account != state.account:
        if not recording.options.allow_other_account:
            _refuse_account(recording, state, account)
            return False
        _change_account(recording, state)
    state.partition, state.account = partition, account
    state.identify_failures = 0
    note_identity(recording, state, identity_of(state, identified.who))
    if state.is_paused:
        resume(recording, state)
    return True


def _refuse_account(recording: Recording, state: SiteState, account: str) -> None:
    message = f"the credentials are of account {account}, and this recording is of {state.account}"
    hint = "bring credentials of the first account, or set capture.allow_other_account"
    if state.is_paused:
        recording.log.error("wrong account", site=state.label, account=account, expected=state.account)
        state.paused_because = message
        _schedule_probe(recording, state)
    else:
        pause(recording, state.label, CredentialsInvalid(message, hint=hint))


def _change_account(recording: Recording, state: SiteState) -> None:
    """Forget what was true of the account before; the caller opens what is wanted of the new one."""
    state.survey = None
    state.is_resolved = state.is_listing_refused = state.is_looked_for = False
    state.refused_actions.clear()


def sort_by_account(recording: Recording, state: SiteState) -> None:
    """Set aside the streams that are of another account than the credentials, and take back the others."""
    foreign = []
    for watched in recording.book.of_site(state.label):
        was_foreign, watched.is_foreign = watched.is_foreign, recording.is_foreign(watched)
        if watched.is_foreign and not watched.is_ended:
            foreign.append(watched)
        elif was_foreign and not watched.is_ended:
            recording.schedule.pull(watched.stream, recording.now_s())
    if foreign:
        park(recording, foreign)


def _take_error(recording: Recording, state: SiteState, error: AwsError) -> None:
    if state.is_paused:
        state.paused_because = _words(state, error)
        _schedule_probe(recording, state)
    elif gaps.stops_the_site(error):
        pause(recording, state.label, error)
    else:
        state.identify_failures += 1
        recording.log.warning("identity unknown", site=state.label, code=error.code, reason=error.message)
        _schedule_probe(recording, state)


def note_identity(recording: Recording, state: SiteState, who: dict[str, object]) -> None:
    """Record whose credentials are in use, if that or their expiry has changed."""
    if who != state.who and recording.write([recording.mint.identity(who)]):
        state.who = who


def note_expiry(recording: Recording, label: str) -> None:
    """Record a new expiry when the credentials have renewed themselves."""
    state = recording.sites[label]
    if state.who is not None and not state.is_paused:
        note_identity(recording, state, identity_of(state, state.who))


def watch_credentials(recording: Recording) -> None:
    """Ask at once whose credentials they are, where others have come since that was asked last.

    Others are there when the files that they come from have changed, when keys were handed over, or when the
    next source in the list has taken over. A running site holds its polls for the answer: another account
    would say of everything here that it does not exist.
    """
    for state in recording.sites.values():
        is_asked = state.verified_s is None or state.is_identifying or state.is_stale
        if is_asked or in_use(state.site.door) == state.checked:
            continue
        state.is_stale = True
        if not state.is_paused:
            state.held_until_s = recording.now_s() + HOLD_S
        recording.schedule.pull(Errand(kind="identify", site=state.label), recording.now_s())


def is_sure_whose(state: SiteState, since_s: float) -> bool:
    """Return whether a call that began at a moment was surely made with credentials of the site's account."""
    return (
        not state.is_stale
        and state.verified_s is not None
        and since_s >= state.verified_s
        and in_use(state.site.door) == state.checked
    )


def resume(recording: Recording, state: SiteState) -> None:
    """Let a paused site go on: what came due meanwhile is due now."""
    recording.log.info("site resumed", site=state.label, streams=len(state.parked))
    state.blind_since = state.paused_since
    state.paused_because, state.paused_since = None, None
    state.is_resolved = False
    recording.schedule.put(Errand(kind="discover", site=state.label), recording.now_s())
    for stream in state.parked:
        watched = recording.book.get(stream)
        if watched is not None and not watched.is_ended:
            recording.schedule.pull(stream, recording.now_s())
    state.parked.clear()
