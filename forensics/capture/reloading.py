"""A new selection while the recording goes on."""

from collections.abc import Sequence

from forensics.capture import opening, reporting
from forensics.capture.book import Watched
from forensics.capture.options import CaptureOptions
from forensics.capture.recording import Errand, Recording
from forensics.capture.selection import Site
from forensics.capture.sites import SiteState


def apply(recording: Recording, sites: Sequence[Site], options: CaptureOptions | None) -> None:
    """Replace what is asked for; streams wanted before and after do not notice.

    Args:
        recording: The recording.
        sites: The new sites; one with a known label keeps its state.
        options: New cadence and limits; None keeps the old.
    """
    if options is not None:
        recording.options = options
        recording.journal.options = options
    kept = {site.label: site for site in sites}
    for label in [label for label in recording.sites if label not in kept]:
        for watched in recording.book.of_site(label):
            _close(recording, watched)
        del recording.sites[label]
    for site in sites:
        _take_site(recording, site)
    recording.write([recording.mint.reloaded(reporting.what_is_asked(recording))])
    recording.log.info("selection reloaded", sites=len(sites), streams=len(recording.book))


def _take_site(recording: Recording, site: Site) -> None:
    state = recording.sites.get(site.label)
    if state is None:
        state = recording.sites[site.label] = SiteState(site=site)
        opening.begin(recording, state)
    else:
        state.site = site
        state.is_resolved = False
        for watched in recording.book.of_site(site.label):
            if not _is_still_wanted(recording, state, watched, set()):
                _close(recording, watched)
        if state.account is not None:
            opening.settle_in(recording, state)
    recording.schedule.put(Errand(kind="identify", site=site.label), recording.now_s())
    recording.schedule.put(Errand(kind="discover", site=site.label), recording.now_s())


def _is_still_wanted(recording: Recording, state: SiteState, watched: Watched, seen: set[int]) -> bool:
    if opening.is_wanted(state.site.wanted, watched.stream):
        return True
    if watched.number in seen:
        return False
    seen.add(watched.number)
    parents = [recording.book.get(name) for name in watched.parents]
    return any(parent is not None and _is_still_wanted(recording, state, parent, seen) for parent in parents)


def _close(recording: Recording, watched: Watched) -> None:
    recording.book.remove(watched)
    recording.schedule.drop(watched.stream)
    recording.write([recording.mint.ended(watched.stream, watched.number, "not wanted any more")])
