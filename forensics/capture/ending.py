"""How a recording ends: when it is done, the last polls, the closing words."""

import threading
from collections.abc import Callable

from forensics.capture import gaps, looking, reporting
from forensics.capture.book import Watched
from forensics.capture.dispatch import Dispatch
from forensics.capture.recording import Recording
from forensics.capture.status import Outcome

_TICK_S = 0.25
_SILENT_SHARE = 0.25
"""Of the time for the last polls, what endpoints get that do not answer at all."""


class AtRest:
    """Tells when what was asked for has happened and is over.

    Done means: an operation or deployment was in progress or ended during this run, no stream has been busy
    for the settle time, and every open stream was polled once more after it.

    Args:
        recording: The streams.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._rests_since_s: float | None = None
        self._last_polls_s: float | None = None

    def is_reached(self) -> bool:
        """Return whether the recording is done; asks for the last polls itself."""
        recording = self._recording
        if not recording.saw_activity:
            return False
        open_streams = [w for w in recording.book if not (w.is_ended or w.is_missing or w.is_foreign)]
        if any(w.is_busy for w in open_streams):
            self._rests_since_s = self._last_polls_s = None
            return False
        now_s = recording.now_s()
        if self._rests_since_s is None:
            self._rests_since_s = now_s
        if now_s < self._rests_since_s + recording.options.settle_s:
            return False
        pending = [w for w in open_streams if w.refusal is None and not recording.is_dormant(w)]
        if self._last_polls_s is None:
            self._last_polls_s = now_s
            for watched in pending:
                if not watched.failures and not watched.is_in_flight:
                    recording.schedule.pull(watched.stream, now_s)
        since_s = self._last_polls_s
        return recording.journal.held == 0 and all(
            w.polled_s is not None and w.polled_s >= since_s and not w.is_in_flight for w in pending
        )


def last_round(
    recording: Recording,
    dispatch: Dispatch,
    take_answers: Callable[[], None],
    wake: threading.Event,
    abort: threading.Event,
) -> None:
    """Poll once more what is busy or due, and look at what was not looked at yet, within the time for it.

    A recording may end before its first answer, and shall still know what it was asked for. What could not
    be polled gets an open gap: the archive then says from when on nothing is sure.

    Args:
        recording: The streams.
        dispatch: Where the polls go out.
        take_answers: Takes in what came back.
        wake: Set when something came back.
        abort: Set when even this takes too long.
    """
    # A statement proves what lies before it began: the last polls get one that begins here.
    reporting.state_coverage(recording)
    began_s = recording.now_s()
    deadline_s = began_s + recording.options.shutdown_s
    silent_until_s = began_s + recording.options.shutdown_s * _SILENT_SHARE
    asked = {w.stream: w for w in recording.book if _is_worth_a_last_poll(recording, w)}
    waiting = [w for w in asked.values() if not recording.sites[w.site].is_paused]
    dispatch.forget()
    while not abort.is_set() and recording.now_s() < deadline_s:
        take_answers()
        for watched in recording.book:
            if watched.polled_s is None and watched.stream not in asked and not watched.is_ended:
                asked[watched.stream] = watched
                waiting += () if recording.sites[watched.site].is_paused else (watched,)
        # What was in flight when the end came began before it: it is asked once more.
        dispatch.make_ready([w for w in waiting if not w.is_in_flight])
        waiting = [w for w in waiting if w.is_in_flight]
        dispatch.send_errands()
        dispatch.send_ready()
        is_hopeless = not any(state.may_answer for state in recording.sites.values())
        if dispatch.is_idle or (is_hopeless and recording.now_s() >= silent_until_s):
            break
        if recording.clock.wait(wake, min(_TICK_S, max(0.001, deadline_s - recording.now_s()))):
            wake.clear()
    take_answers()
    missed = [w for w in asked.values() if w.polled_s is None or w.polled_s < began_s]
    _leave_open(recording, [w for w in missed if not w.is_ended and not w.is_missing])


def _is_worth_a_last_poll(recording: Recording, watched: Watched) -> bool:
    if watched.is_ended or watched.is_missing or watched.is_foreign or watched.refusal is not None:
        return False
    # The survey vouches for the stacks that are at rest.
    is_wanted = watched.polled_s is None or watched.stream == recording.sites[watched.site].survey
    return is_wanted or recording.is_due(watched) or recording.book.is_lively(watched)


def _leave_open(recording: Recording, missed: list[Watched]) -> None:
    facts, opened = [], []
    for watched in missed:
        if watched.is_gap_recorded:
            continue
        since = watched.polled_at or watched.opened_at
        state = recording.sites[watched.site]
        reason = state.paused_reason if state.is_paused else gaps.DAEMON_DOWN
        gap = watched.open_gap or gaps.opened(
            str(watched.stream), since, reason, detail="the recording ended before the last poll"
        )
        facts.append(recording.mint.gap(watched.stream.target, gap))
        opened.append((watched, gap))
    if recording.write(facts):
        for watched, gap in opened:
            watched.open_gap, watched.is_gap_recorded = gap, True
    for state in recording.sites.values():
        if state.look_gap is None and state.looked_at is None and looking.has_names(state):
            detail = "The recording ended before it was known what there is."
            reason = gaps.DAEMON_DOWN if any(state.heard.values()) else gaps.UNREACHABLE
            looking.note_blind(recording, state, reason, detail)


def close(recording: Recording, reason: str) -> Outcome:
    """State what is left to state, seal the archive, and return how it went.

    Raises:
        ArchiveUnwritable: The archive cannot be sealed; its records are whole.
    """
    now_s = recording.now_s()
    recording.journal.settle(now_s)
    recording.journal.retry(now_s, at_once=True)
    reporting.state_coverage(recording)
    open_gaps = sum(w.open_gap is not None and not w.is_ended for w in recording.book)
    open_gaps += sum(state.look_gap is not None for state in recording.sites.values())
    counts = {"polls": recording.polls, "calls": recording.calls, "gaps": recording.gaps}
    recording.write([recording.mint.run("ended", reason=reason, open_gaps=open_gaps, **counts)])
    recording.journal.settle(now_s)
    if recording.journal.held:
        recording.log.error(
            "polls not written", polls=recording.journal.held, reason=recording.journal.trouble
        )
    head = recording.writer.close()
    recording.log.info("recording ended", reason=reason, records=recording.journal.records, head=head)
    return Outcome(
        reason=reason,
        head=head,
        records=recording.journal.records,
        open_gaps=open_gaps,
        duration_s=now_s - recording.started_s,
        **counts,
    )
