"""What a recording says about itself: coverage statements, snapshots."""

from forensics.capture.book import Watched
from forensics.capture.opening import waiting_for
from forensics.capture.recording import Recording
from forensics.capture.sites import SiteState
from forensics.capture.status import SiteStatus, Snapshot, StreamStatus
from forensics.capture.wall import Reading, jumped_s
from forensics.model.record import JsonObject


def what_is_asked(recording: Recording) -> JsonObject:
    """Return the selection of every site, for the run's own record."""
    return {
        "until": recording.options.until,
        "coverage_s": recording.options.coverage_s,
        **({"redact": recording.options.redact} if recording.options.redact != "nothing" else {}),
        "sites": [
            {
                "label": state.label,
                "region": state.region,
                "stacks": list(state.site.wanted.stacks),
                "clusters": list(state.site.wanted.clusters),
                "services": list(state.site.wanted.services),
            }
            for state in recording.sites.values()
        ],
    }


def state_coverage(recording: Recording) -> None:
    """Write one statement about the quiet polls since the last one; it is also the heartbeat.

    Where the wall clock was set since then, that is stated with it.
    """
    coverage, now = recording.coverage, Reading.of(recording.clock)
    for watched in recording.book:
        if recording.is_dormant(watched) and not recording.sites[watched.site].is_paused:
            surveyed_s = _surveyed_s(recording, watched)
            if surveyed_s is not None and now.at_s - surveyed_s <= recording.options.coverage_s:
                coverage.vouch(watched.number, at_s=surveyed_s)
    facts = [coverage.statement(recording.mint, now)]
    jump_s = jumped_s(coverage.since, now)
    if jump_s is not None:
        recording.log.warning("wall clock set", jumped_s=jump_s)
        facts.append(recording.mint.clock_set(coverage.since.expected(now), now.at, jumped_s=jump_s))
    if recording.write(facts):
        coverage.start_anew(now)


def _surveyed_s(recording: Recording, watched: Watched) -> float | None:
    """Return when the survey that looks after a stream was last polled with success."""
    survey = recording.sites[watched.site].survey
    seen = recording.book.get(survey) if survey is not None else None
    return seen.polled_s if seen is not None else None


def _lag_s(recording: Recording, watched: Watched) -> float | None:
    polled_s = _surveyed_s(recording, watched) if recording.is_dormant(watched) else watched.polled_s
    if polled_s is not None:
        return max(0.0, recording.now_s() - polled_s)
    if watched.polled_at is not None:
        return max(0.0, (recording.now() - watched.polled_at).total_seconds())
    return None


def snapshot(recording: Recording) -> Snapshot:
    """Return what the recording looks like now.

    Reads without a lock: each value is whole, and values of different streams may be moments apart.
    """
    return Snapshot(
        at=recording.now(),
        started_at=recording.started_at,
        sites=tuple(_site_status(state) for state in tuple(recording.sites.values())),
        streams=tuple(
            _stream_status(recording, watched) for watched in sorted(recording.book, key=lambda w: w.number)
        ),
        waiting_for=tuple(
            text for state in tuple(recording.sites.values()) for text in waiting_for(recording, state)
        ),
        records=recording.journal.records,
        polls=recording.polls,
        calls=recording.calls,
        archive_trouble=recording.journal.trouble,
        buffered=recording.journal.held,
        unkept=recording.unkept_polls,
    )


def _stream_status(recording: Recording, watched: Watched) -> StreamStatus:
    return StreamStatus(
        stream=str(watched.stream),
        number=watched.number,
        opened_because=watched.opened_because,
        polled_at=watched.polled_at,
        lag_s=None if watched.is_ended else _lag_s(recording, watched),
        is_busy=watched.is_busy,
        is_ended=watched.is_ended,
        facts=watched.facts,
        open_gap=watched.open_gap,
        refusal=watched.refusal,
        trouble=watched.trouble,
    )


def _site_status(state: SiteState) -> SiteStatus:
    standing = state.site.door.standing()
    return SiteStatus(
        label=state.label,
        region=state.region,
        account=state.account,
        arn=str(state.who["arn"]) if state.who and state.who.get("arn") else None,
        expires_at=standing.expires_at,
        standing=standing,
        paused_because=state.paused_because,
        paused_since=state.paused_since,
        look_gap=state.look_gap,
        calls=state.calls,
    )
