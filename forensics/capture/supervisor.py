"""The daemon's heart: decides when to poll, and writes what came before it moves on."""

import os
import random
import threading
from collections.abc import Sequence
from concurrent.futures import Executor

from forensics.capture import (
    ending,
    intake,
    looking,
    opening,
    outage,
    overflow,
    reloading,
    reporting,
    standing,
    waking,
)
from forensics.capture.discovery import Discovered
from forensics.capture.dispatch import Answer, Dispatch
from forensics.capture.journal import ArchiveWriter
from forensics.capture.options import CaptureOptions
from forensics.capture.poll import Polled
from forensics.capture.pool import PollThreads
from forensics.capture.recording import Errand, OnCommit, Recording
from forensics.capture.selection import Site
from forensics.capture.sites import Identified
from forensics.capture.status import Outcome, Snapshot
from forensics.errors import NotFound
from forensics.model.clock import Clock
from forensics.sources.base import Source

_TICK_S = 0.5
"""The longest wait of the loop: signals and files are looked at so often."""


class Supervisor:
    """Records what its sites show until told to stop.

    One thread, the one that calls `run`, owns the archive and decides; polls run on the executor.

    Args:
        sites: Ways to AWS with what is wanted behind each; labels differ.
        writer: The open archive. `run` closes it.
        clock: Time to schedule on and to stamp with.
        options: Cadence and limits.
        on_commit: Told what was written, in order, on the thread that runs; must return at once.
            What it raises is logged and changes nothing.
        executor: Runs the polls; None: threads of its own, which never keep the process from ending.
        rng: Where jitter comes from; None: its own.
        sources: What reads AWS; None: every source there is.
    """

    def __init__(
        self,
        *,
        sites: Sequence[Site],
        writer: ArchiveWriter,
        clock: Clock,
        options: CaptureOptions | None = None,
        on_commit: OnCommit | None = None,
        executor: Executor | None = None,
        rng: random.Random | None = None,
        sources: Sequence[Source] | None = None,
    ) -> None:
        options = options or CaptureOptions()
        self._clock = clock
        self._wake = threading.Event()
        self._own_executor = None if executor else PollThreads()
        self._recording = Recording(
            sites=sites,
            writer=writer,
            clock=clock,
            options=options,
            sources=sources,
            on_commit=on_commit,
            rng=rng or random.Random(),  # noqa: S311  jitter is no secret
        )
        self._dispatch = Dispatch(
            self._recording, executor or self._own_executor or PollThreads(), self._wake
        )
        self._done = ending.AtRest(self._recording)
        self._coverage_due_s = 0.0
        self._reload: tuple[Sequence[Site], CaptureOptions | None] | None = None

    def run(self, stop: threading.Event, abort: threading.Event | None = None) -> Outcome:
        """Record until there is a reason to end, then close the archive.

        Blocks; run it on a thread of its own where a live view or signal handlers need the main one.
        The events are looked at twice a second at least.

        Args:
            stop: Set it to end in order: a last poll of what is open, flush, seal; under 25 s.
            abort: Set it to end at once; what was committed stays committed.

        Returns:
            How it ended, with the digest of the last record.

        Raises:
            NotFound: With ``wait_for_missing=False``, something wanted does not exist; it is named.
            ArchiveUnwritable: The archive could not be sealed at the end; its records are whole.
        """
        abort = abort or threading.Event()
        try:
            reason = self._record(stop, abort)
            return ending.close(self._recording, reason)
        finally:
            if self._own_executor is not None:
                self._own_executor.shutdown(wait=False, cancel_futures=True)

    def reload(self, sites: Sequence[Site], options: CaptureOptions | None = None) -> None:
        """Take a new selection from the next turn on; safe from any thread.

        Streams that are wanted before and after go on without missing a poll. A site is the same one when
        its label is.

        Args:
            sites: The new sites, checked by the caller (`selection.check`).
            options: New cadence and limits; None keeps the old.
        """
        self._reload = (tuple(sites), options)
        self._wake.set()

    def snapshot(self) -> Snapshot:
        """Return what the recording looks like now; safe from any thread."""
        return reporting.snapshot(self._recording)

    def _record(self, stop: threading.Event, abort: threading.Event) -> str:
        """Record until there is a reason to end, the last polls included, and return it."""
        try:
            self._begin()
            while (reason := self._reason_to_end(stop, abort)) is None:
                self._turn()
            if reason != "aborted":
                ending.last_round(self._recording, self._dispatch, self._take_answers, self._wake, abort)
        except NotFound as error:
            self._recording.log.warning("recording ended early", reason=error.message)
            ending.close(self._recording, "failed")
            raise
        return reason

    def _begin(self) -> None:
        recording = self._recording
        recording.write(
            [recording.mint.run("started", **reporting.what_is_asked(recording), pid=os.getpid())]
        )
        for state in recording.sites.values():
            recording.schedule.put(Errand(kind="identify", site=state.label), recording.now_s())
            opening.begin(recording, state)
        self._coverage_due_s = recording.now_s() + recording.options.coverage_s

    def _turn(self) -> None:
        recording = self._recording
        if self._reload is not None:
            (sites, options), self._reload = self._reload, None
            reloading.apply(recording, sites, options)
        waking.note_sleep(recording)
        self._take_answers()
        if recording.journal.retry(recording.now_s()):
            overflow.catch_up(recording)
        outage.watch_credentials(recording)
        standing.watch(recording)
        looking.watch(recording)
        self._dispatch.send_due()
        self._state_coverage()
        recording.journal.settle(recording.now_s())
        self._wait()

    def _take_answers(self) -> None:
        for answer in self._dispatch.answers():
            try:
                self._take(answer)
            except NotFound:
                raise
            except Exception:  # one answer that breaks us must not end the recording
                self._recording.log.exception("answer not understood")
                intake.give_up(self._recording, answer)
        self._recording.journal.settle(self._recording.now_s())

    def _take(self, answer: Answer) -> None:
        recording = self._recording
        if isinstance(answer, Polled):
            intake.take(recording, answer)
            outage.note_expiry(recording, answer.poll.site)
        elif isinstance(answer, Discovered):
            opening.take_discovered(recording, answer)
        else:
            self._take_identified(answer)

    def _take_identified(self, answer: Identified) -> None:
        recording = self._recording
        state = recording.sites.get(answer.label)
        if state is None:
            return
        is_known = outage.take_identity(recording, answer)
        if is_known and state.survey is None:
            opening.settle_in(recording, state)
            outage.sort_by_account(recording, state)
        if not state.is_paused and not state.is_looked_for:
            state.is_looked_for = True
            recording.schedule.put(Errand(kind="discover", site=state.label), recording.now_s())

    def _state_coverage(self) -> None:
        recording = self._recording
        if recording.now_s() < self._coverage_due_s:
            return
        reporting.state_coverage(recording)
        interval_s = recording.options.coverage_s
        self._coverage_due_s = max(self._coverage_due_s + interval_s, recording.now_s())

    def _wait(self) -> None:
        recording = self._recording
        now_s = recording.now_s()
        times = (recording.schedule.next_s(), recording.journal.retry_at_s(), self._coverage_due_s)
        until_s = min((at_s for at_s in times if at_s is not None), default=now_s + _TICK_S)
        if self._clock.wait(self._wake, max(0.001, min(_TICK_S, until_s - now_s))):
            self._wake.clear()

    def _reason_to_end(self, stop: threading.Event, abort: threading.Event) -> str | None:
        options = self._recording.options
        if abort.is_set():
            return "aborted"
        if stop.is_set():
            return "stopped"
        if options.max_duration_s is not None:
            elapsed_s = self._recording.now_s() - self._recording.started_s
            if elapsed_s >= options.max_duration_s:
                return "max-duration"
        if options.until == "done" and self._done.is_reached():
            return "done"
        return None
