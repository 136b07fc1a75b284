"""Which streams a recording opens: those asked for, those found, those of an earlier run."""

from forensics.capture import cadence, gaps
from forensics.capture.book import SURVEYED, WANTED, Watched, cluster_of_service, place_of
from forensics.capture.discovery import Discovered, explicit, missing, needs_repeating
from forensics.capture.looking import note_seen
from forensics.capture.outage import HOLD_S, pause
from forensics.capture.recording import Errand, Recording
from forensics.capture.selection import (
    Wanted,
    is_arn,
    wants_service,
    wants_stack,
    wants_tasks_of,
)
from forensics.capture.sites import SiteState, place_from
from forensics.errors import AccessDenied
from forensics.model.clock import from_rfc3339
from forensics.model.identity import Stream, parse_arn, parse_stream


def begin(recording: Recording, state: SiteState) -> None:
    """Open what is known of a site at the start: its ARNs, and what the archive already follows."""
    # In a new archive the first survey finds every stack by itself.
    state.is_resolved = recording.options.wait_for_missing and recording.past.last_number() == 0
    if state.account is None:
        arns = (parse_arn(stream.target) for stream in explicit(state.site.wanted))
        first = next((arn for arn in arns if arn is not None), None)
        if first is not None:
            state.account, state.partition = first.account, first.partition
        elif (place := _place_before(recording, state)) is not None:
            state.partition, state.account = place
            state.held_until_s = recording.now_s() + HOLD_S
    if state.account is not None:
        settle_in(recording, state)


def _place_before(recording: Recording, state: SiteState) -> tuple[str, str] | None:
    """Return the partition and account that a site of this name had last in earlier runs; None if none."""
    earlier = [
        who
        for who in recording.writer.state.identities.values()
        if who.get("site") == state.label and who.get("region") == state.region and who.get("account")
    ]
    return place_from(max(earlier, key=lambda who: str(who.get("at")))) if earlier else None


def settle_in(recording: Recording, state: SiteState) -> None:
    """Open what needs the account to be known: earlier streams, ARNs, the survey."""
    resume(recording, state)
    wanted = state.site.wanted
    recording.open(state.label, explicit(wanted), WANTED)
    if wanted.stacks:
        target = f"arn:{state.partition}:cloudformation:{state.region}:{state.account}:stack/*"
        state.survey = Stream(cadence.SURVEY, target)
        recording.open(state.label, [state.survey], WANTED)


def resume(recording: Recording, state: SiteState) -> None:
    """Go on with the streams of earlier runs that are asked for, or were found through such a one."""
    here = (state.region, state.account)
    streams = recording.past.rooted(
        lambda stream: place_of(stream.target) == here,
        lambda stream: is_wanted(state.site.wanted, stream),
    )
    for stream in streams:
        watched = _as_it_was(recording, state, stream)
        if watched is not None and recording.book.get(stream) is None:
            recording.admit([watched])


def _as_it_was(recording: Recording, state: SiteState, stream: Stream) -> Watched | None:
    source = recording.sources.get(stream.source)
    kept = recording.past.state(stream)
    if source is None or kept is None or kept.is_ended:
        return None
    because = recording.past.because(stream)
    sure_until = from_rfc3339(kept.sure_until) if kept.sure_until is not None else None
    down = gaps.opened(str(stream), sure_until, gaps.DAEMON_DOWN) if sure_until else None
    return Watched(
        stream=stream,
        number=kept.number,
        source=source,
        site=state.label,
        opened_because=because,
        opened_at=recording.now(),
        blind_since=sure_until,
        position=recording.past.position(stream),
        polled_at=sure_until if kept.polled_at is not None else None,
        open_gap=kept.open_gap or down,
        is_gap_recorded=kept.open_gap is not None,
        parents=set() if because in (WANTED, SURVEYED) else {parse_stream(because)},
    )


def is_wanted(wanted: Wanted, stream: Stream) -> bool:
    """Return whether a stream was asked for by itself, not only found through another one."""
    if stream.source == cadence.SURVEY:
        return bool(wanted.stacks)
    if stream.source == "stack_events":
        return wants_stack(wanted, stream.target)
    if stream.source == "services":
        return wants_service(wanted, stream.target)
    return wants_tasks_of(wanted, stream.target)


def take_discovered(recording: Recording, discovered: Discovered) -> None:
    """Open what a look found, note what is refused or absent, and plan the next look.

    Raises:
        NotFound: Something wanted does not exist, and it is not to be waited for.
    """
    recording.calls += discovered.calls
    state = recording.sites.get(discovered.ask.label)
    if state is None:
        return
    state.calls += discovered.calls
    if state.account is None and discovered.account is not None:
        state.account, state.partition = discovered.account, discovered.partition
        settle_in(recording, state)
    recording.open(state.label, discovered.found, WANTED, blind=state.look_gap)
    _note_errors(recording, state, discovered)
    state.is_listing_refused = discovered.is_listing_refused or (
        state.is_listing_refused and not discovered.ask.with_stacks
    )
    is_complete = all(isinstance(error, AccessDenied) for error in discovered.errors)
    state.look_error = next((e for e in discovered.errors if not isinstance(e, AccessDenied)), None)
    if is_complete:
        note_seen(recording, state, discovered)
        state.discover_failures = 0
        state.is_resolved = state.is_resolved or discovered.ask.with_stacks
        if discovered.absent and not recording.options.wait_for_missing:
            raise missing(discovered.absent[0])
    else:
        state.discover_failures += 1
    _plan_next_look(recording, state)


def _note_errors(recording: Recording, state: SiteState, discovered: Discovered) -> None:
    for error in discovered.errors:
        if gaps.stops_the_site(error):
            pause(recording, state.label, error)
        elif not isinstance(error, AccessDenied):
            recording.log.warning("look failed", site=state.label, code=error.code, reason=error.message)
        elif error.operation not in state.refused_actions:
            state.refused_actions.add(error.operation)
            recording.log.warning("look refused", site=state.label, action=error.operation)
            where = f"discovery {state.label}"
            recording.write([recording.mint.refused(where, error, is_optional=True)])


def _plan_next_look(recording: Recording, state: SiteState) -> None:
    options = recording.options
    if state.discover_failures:
        delay_s = cadence.backoff_s(
            state.discover_failures, base_s=options.backoff_base_s, ceiling_s=options.backoff_ceiling_s
        )
    elif state.is_listing_refused and waiting_for(recording, state):
        delay_s = options.survey_s
    elif state.is_listing_refused or needs_repeating(state.site.wanted) or state.account is None:
        delay_s = options.discovery_s
    else:
        return
    errand = Errand(kind="discover", site=state.label)
    recording.schedule.put(errand, recording.now_s() + recording.jittered_s(delay_s))


def waiting_for(recording: Recording, state: SiteState) -> tuple[str, ...]:
    """Return what a site was asked for and has not been seen to exist, as it was asked for."""
    seen = [w for w in recording.book.of_site(state.label) if not w.is_missing]
    wanted = state.site.wanted
    stacks = [w.stream.target for w in seen if w.stream.source == "stack_events"]
    services = [w.stream.target for w in seen if w.stream.source == "services" and w.polled_at]
    clusters = {w.stream.target for w in seen if w.stream.source == "stopped_tasks" and w.polled_at}
    clusters.update(cluster_of_service(arn) for arn in services)
    absent = [
        text for text in wanted.stacks if not any(wants_stack(Wanted(stacks=(text,)), arn) for arn in stacks)
    ]
    absent += [
        text
        for text in wanted.clusters
        if not any(wants_tasks_of(Wanted(clusters=(text,)), arn) for arn in clusters)
    ]
    absent += [
        text
        for text in wanted.services
        if not any(wants_service(Wanted(services=(text,)), arn) for arn in services)
    ]
    return tuple(absent)


def needs_stack_look(state: SiteState) -> bool:
    """Return whether names and globs of stacks must be looked up by a call of their own."""
    named = [text for text in state.site.wanted.stacks if not is_arn(text)]
    return bool(named) and (not state.is_resolved or state.is_listing_refused or state.account is None)
