"""The time in which nobody could look what the names and globs that were asked for mean."""

from msgspec.structs import replace

from forensics.capture import gaps
from forensics.capture.book import WANTED
from forensics.capture.discovery import Discovered, explicit, needs_repeating
from forensics.capture.recording import Recording
from forensics.capture.sites import SiteState
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream
from forensics.model.record import Fact


def stream_of(state: SiteState) -> Stream:
    """Return what gaps call a site's looking."""
    return Stream("discovery", state.label)


def watch(recording: Recording) -> None:
    """Open a gap for each site that cannot be looked at: it stands for streams that nobody knows yet."""
    for state in recording.sites.values():
        if state.look_gap is None and (why := _why_blind(recording, state)) is not None:
            note_blind(recording, state, *why)


def _why_blind(recording: Recording, state: SiteState) -> tuple[str, str] | None:
    """Return the reason for which a site's looking fails now, with AWS's words; None where it does not."""
    is_first = state.looked_at is None and has_names(state)
    if not (is_first or needs_repeating(state.site.wanted) or state.is_listing_refused):
        return None
    if state.is_paused:
        return state.paused_reason, state.paused_because or ""
    if state.look_error is not None:
        return gaps.reason_of(state.look_error), state.look_error.message
    return None


def has_names(state: SiteState) -> bool:
    """Return whether a site was asked for something that only a look can find."""
    wanted = state.site.wanted
    asked = {*wanted.stacks, *wanted.clusters, *wanted.services}
    return not asked <= {stream.target for stream in explicit(wanted)}


def note_blind(recording: Recording, state: SiteState, reason: str, detail: str) -> None:
    """Write that nobody can look for what a site was asked for, from the last good look on."""
    stream = stream_of(state)
    earlier = recording.past.state(stream)
    number = earlier.number if earlier else recording.book.next_number()
    since = state.looked_at or recording.started_at
    gap = (earlier.open_gap if earlier else None) or gaps.opened(str(stream), since, reason, detail=detail)
    facts = [recording.mint.opened(stream, number, WANTED), recording.mint.gap(stream.target, gap)]
    if recording.write(facts):
        state.look_gap, state.look_number = gap, number


def note_seen(recording: Recording, state: SiteState, discovered: Discovered) -> None:
    """Close the gap after a whole look.

    Stacks that came and went meanwhile were among the deleted ones; of a service or a cluster that is not
    there nobody can say whether it was.
    """
    state.looked_at = recording.now()
    if state.look_gap is None:
        earlier = recording.past.state(stream_of(state))
        if earlier is None or earlier.open_gap is None:
            return
        state.look_gap, state.look_number = earlier.open_gap, earlier.number
    stream, wanted = stream_of(state), state.site.wanted
    lacking = [text for text in discovered.absent if text in (*wanted.services, *wanted.clusters)]
    kind = "unknown" if lacking or discovered.is_listing_refused else "recovered"
    closed = replace(state.look_gap, until=to_rfc3339(recording.now()), kind=kind)
    facts: list[Fact] = [
        recording.mint.gap(stream.target, closed),
        recording.mint.ended(stream, state.look_number, "what was asked for has been looked for"),
    ]
    if recording.write(facts):
        state.look_gap = None
