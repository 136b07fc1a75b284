"""All sites looked at side by side, within a time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from datetime import timedelta

from forensics.capture.pool import PollThreads
from forensics.capture.selection import Site
from forensics.model.checkup import PROBLEM, SiteReport
from forensics.model.clock import Clock
from forensics.model.times import format_duration
from forensics.preflight.notes import Notes
from forensics.preflight.site import examine, summed_up

_GLANCE_S = 0.2


def examine_all(
    sites: Sequence[Site],
    clock: Clock,
    *,
    expect: timedelta,
    is_waiting: bool,
    limit: timedelta,
    abort: threading.Event,
    on_progress: Callable[[Sequence[Notes]], object] = lambda _notes: None,
) -> tuple[SiteReport, ...]:
    """Return what was found of each site, in the order given; whatever hangs is cut off and named.

    Args:
        sites: Ways to AWS with what is wanted behind each.
        clock: The machine's.
        expect: How long the recording is expected to take.
        is_waiting: What does not exist yet is waited for.
        limit: How long it may take, all in all.
        abort: Set when the time is over, so that no call is begun or waits any more.
        on_progress: Told several times a second how far it is.
    """
    all_notes = [Notes(label=site.label, region=site.door.region) for site in sites]
    threads = PollThreads()
    futures = [
        threads.submit(examine, site, clock, notes, expect=expect, is_waiting=is_waiting)
        for site, notes in zip(sites, all_notes, strict=True)
    ]
    ends_at_s = clock.monotonic() + limit.total_seconds()
    waiting = set(futures)
    while waiting and (left_s := ends_at_s - clock.monotonic()) > 0:
        done, waiting = wait(waiting, timeout=min(_GLANCE_S, left_s), return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()  # a defect of ours is not hidden behind a report
        on_progress(all_notes)
    reports = tuple(_cut_off(notes, limit) for notes in all_notes)
    abort.set()
    threads.shutdown(wait=False, cancel_futures=True)
    return reports


def _cut_off(notes: Notes, limit: timedelta) -> SiteReport:
    if not notes.is_done:
        what = f"still waiting for {notes.doing}" if notes.doing else "not begun"
        text = f"not everything could be looked at within {format_duration(limit)}: {what}"
        notes.check("time", PROBLEM, text, remedy="check the network and the proxy, or give more --timeout")
    return summed_up(notes)
