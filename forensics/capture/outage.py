"""Credentials that end: the site pauses, is probed, and goes on where it stood."""

from forensics.capture import gaps
from forensics.capture.book import Watched
from forensics.capture.recording import Errand, Recording
from forensics.capture.sites import (
    Identified,
    SiteState,
    identity_of,
    place_from,
    probe_delay_s,
)
from forensics.errors import AwsError


def pause(recording: Recording, label: str, error: AwsError) -> None:
    """Poll nothing of a site until a probe succeeds."""
    state = recording.sites[label]
    if state.is_paused:
        return
    state.paused_because = error.message
    state.paused_reason = gaps.reason_of(error)
    state.paused_since = recording.now()
    state.stamp = state.site.door.credentials_stamp()
    recording.log.warning("site paused", site=label, code=error.code, reason=error.message, hint=error.hint)
    _schedule_probe(recording, state)


def _schedule_probe(recording: Recording, state: SiteState) -> None:
    delay_s = recording.jittered_s(probe_delay_s(state, recording.options))
    state.probes += 1
    recording.schedule.put(Errand(kind="identify", site=state.label), recording.now_s() + delay_s)


def park(recording: Recording, due: list[Watched]) -> None:
    """Note streams that came due while their site is paused: from now on each has an open gap."""
    facts, opened = [], []
    for watched in due:
        state = recording.sites[watched.site]
        state.parked.add(watched.stream)
        if watched.is_gap_recorded or watched.is_missing:
            continue
        gap = watched.open_gap or gaps.opened(
            str(watched.stream),
            watched.polled_at or watched.opened_at,
            state.paused_reason,
            detail=state.paused_because or "",
        )
        facts.append(recording.mint.gap(watched.stream.target, gap))
        opened.append((watched, gap))
    if recording.write(facts):
        for watched, gap in opened:
            watched.open_gap, watched.is_gap_recorded = gap, True


def take_identity(recording: Recording, identified: Identified) -> bool:
    """Learn whose credentials a site has, and let it go on or stay paused accordingly.

    Returns:
        Whether AWS said whose they are, and they are of the account that the site began with.
    """
    recording.calls += identified.calls
    state = recording.sites.get(identified.label)
    if state is None:
        return False
    state.calls += identified.calls
    if identified.who is None:
        error = identified.error or AwsError("AWS did not say whose credentials these are")
        _take_error(recording, state, error)
        return False
    partition, account = place_from(identified.who)
    if state.account is not None and account != state.account:
        message = f"the credentials are of account {account}, and this recording is of {state.account}"
        if not state.is_paused:
            pause(recording, state.label, AwsError(message, hint="give credentials of the first account"))
        else:
            recording.log.error("wrong account", site=state.label, account=account, expected=state.account)
            state.paused_because = message
            _schedule_probe(recording, state)
        return False
    state.partition, state.account = partition, account
    state.identify_failures = 0
    note_identity(recording, state, identity_of(state, identified.who))
    if state.is_paused:
        resume(recording, state)
    return True


def _take_error(recording: Recording, state: SiteState, error: AwsError) -> None:
    if state.is_paused:
        state.paused_because = error.message
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


def watch_files(recording: Recording) -> None:
    """Probe at once where the files that credentials come from have changed since the site paused."""
    for state in recording.sites.values():
        if not state.is_paused:
            continue
        stamp = state.site.door.credentials_stamp()
        if stamp != state.stamp:
            state.stamp = stamp
            recording.schedule.pull(Errand(kind="identify", site=state.label), recording.now_s())


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
