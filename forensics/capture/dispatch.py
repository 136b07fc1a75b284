"""Which polls go out now, and what they ask."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from forensics.aws.door import Door
from forensics.capture import cadence, outage, poll
from forensics.capture.book import Watched
from forensics.capture.discovery import Ask, Discovered, discover
from forensics.capture.opening import needs_stack_look
from forensics.capture.poll import Poll, Polled
from forensics.capture.recording import Errand, Recording
from forensics.capture.sites import Identified, SiteState, identify
from forensics.errors import Unreachable
from forensics.sources.base import Failed

Answer = Polled | Identified | Discovered

FILL_SHARE = 0.25
"""A fetch with room takes streams along that are due within this share of their quiet delay."""


class Dispatch:
    """Polls and errands on their way out and back.

    Args:
        recording: Where streams and schedule are.
        executor: Runs the calls.
        wake: Set whenever an answer is there.
    """

    def __init__(self, recording: Recording, executor: Executor, wake: threading.Event) -> None:
        self._recording = recording
        self._executor = executor
        self._wake = wake
        self._answers: SimpleQueue[tuple[str, str, Answer]] = SimpleQueue()
        self.in_flight = 0
        """Calls that have not come back."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way and nothing waits for a free thread."""
        return self.in_flight == 0 and not self._recording.in_line and self._answers.empty()

    def answers(self) -> list[Answer]:
        """Return what has come back since the last call, in that order."""
        taken: list[Answer] = []
        while True:
            try:
                label, lane, answer = self._answers.get_nowait()
            except Empty:
                return taken
            self.in_flight -= 1
            if (state := self._recording.sites.get(label)) is not None:
                state.in_flight[lane] -= 1
                state.heard[lane] = not _is_silence(answer)
            taken.append(answer)

    def send_due(self) -> None:
        """Send errands and polls that are due; those of paused sites get an open gap instead."""
        recording = self._recording
        for key in recording.schedule.take_due(recording.now_s()):
            if isinstance(key, Errand):
                self._run_errand(key)
                continue
            watched = recording.book.get(key)
            if watched is None or watched.is_ended or watched.is_in_flight:
                continue
            recording.in_line[key] = watched
        self.send_ready()

    def _park(self) -> None:
        """Take aside what nobody may ask for now, also where it waited for a thread when its site paused."""
        recording = self._recording
        # A new selection may have dropped what still waited.
        line = {stream: w for stream, w in recording.in_line.items() if recording.book.get(stream) is w}
        parked = [w for w in line.values() if w.is_foreign or recording.sites[w.site].is_paused]
        for watched in parked:
            del line[watched.stream]
        recording.in_line = line
        if parked:
            outage.park(recording, parked)

    def send_errands(self) -> None:
        """Send the errands that are due, and no polls."""
        now_s = self._recording.now_s()
        for label in tuple(self._recording.sites):
            for kind in ("identify", "discover"):
                errand = Errand(kind=kind, site=label)
                due_s = self._recording.schedule.due_s(errand)
                if due_s is not None and due_s <= now_s:
                    self._recording.schedule.drop(errand)
                    self._run_errand(errand)

    def make_ready(self, streams: list[Watched]) -> None:
        """Put streams first in line, whenever they would have been due."""
        for watched in streams:
            if not watched.is_in_flight:
                self._recording.schedule.drop(watched.stream)
                self._recording.in_line[watched.stream] = watched

    def send_ready(self) -> None:
        """Send as many polls as may be in flight, those nearest to losing something first."""
        self._park()
        recording = self._recording
        now, now_s = recording.now(), recording.now_s()
        sendable = [watched for watched in recording.in_line.values() if self._has_room(watched)]
        for watched in sorted(sendable, key=lambda watched: _urgency(watched, now, now_s)):
            if watched.stream in recording.in_line and self._has_room(watched):
                self._send(self._with_mates(watched))

    def forget(self) -> None:
        """Drop what waits for a thread; what is in flight comes back unasked for."""
        self._recording.in_line.clear()

    def _has_room(self, watched: Watched) -> bool:
        # A lane for each source of each site: calls that never come back must not delay the rest.
        state = self._recording.sites[watched.site]
        if state.held_until_s > self._recording.now_s():
            return False
        return state.in_flight[watched.stream.source] < self._recording.options.workers

    def _with_mates(self, first: Watched) -> list[Watched]:
        recording = self._recording
        size = first.source.group_size
        if size <= 1:
            return [first]
        chosen = [first]
        soon: list[tuple[float, int, Watched]] = []
        for other in recording.book.mates(first):
            if other is first or other.is_in_flight or other.is_ended:
                continue
            if other.stream in recording.in_line:
                chosen.append(other)
            elif (due_s := recording.schedule.due_s(other.stream)) is not None and self._is_soon(
                other, due_s
            ):
                soon.append((due_s, other.number, other))
        chosen += [other for _, _, other in sorted(soon, key=lambda entry: entry[:2])]
        return chosen[:size]

    def _is_soon(self, watched: Watched, due_s: float) -> bool:
        if watched.failures or watched.is_missing:
            return False
        delay_s = self._recording.next_delay_s(watched) or 0.0
        return due_s <= self._recording.now_s() + delay_s * FILL_SHARE

    def _send(self, group: list[Watched]) -> None:
        recording = self._recording
        state = recording.sites[group[0].site]
        for watched in group:
            recording.in_line.pop(watched.stream, None)
            recording.schedule.drop(watched.stream)
            watched.is_in_flight = True
        now, now_s = recording.now(), recording.now_s()
        request = Poll(
            site=state.label,
            door=state.site.door,
            source=group[0].source,
            streams=tuple(watched.stream for watched in group),
            positions={watched.stream.target: watched.position for watched in group},
            polled_at={watched.stream.target: _last_poll(watched, now, now_s) for watched in group},
            wanted_since={watched.stream.target: watched.wanted_since for watched in group},
            at=now,
            at_s=now_s,
        )
        self._submit(state, request.source.name, poll.run, request)

    def _run_errand(self, errand: Errand) -> None:
        state = self._recording.sites.get(errand.site)
        if state is None:
            return
        if errand.kind == "identify":
            self._ask_whose(state, errand)
        elif not state.is_paused and state.held_until_s <= self._recording.now_s():
            ask = Ask(
                label=state.label,
                door=state.site.door,
                wanted=state.site.wanted,
                account=state.account,
                partition=state.partition,
                with_stacks=needs_stack_look(state),
                since=state.blind_since or self._recording.started_at,
            )
            self._submit(state, errand.kind, discover, ask)
        else:
            due_s = self._recording.now_s() + self._recording.options.probe_base_s
            self._recording.schedule.put(errand, due_s)

    def _ask_whose(self, state: SiteState, errand: Errand) -> None:
        if state.is_identifying:
            # One at a time: a source of credentials may take long, and AWS counts failed calls.
            due_s = self._recording.now_s() + self._recording.options.probe_base_s
            self._recording.schedule.put(errand, due_s)
            return
        state.is_identifying = True
        is_paused = state.is_paused
        renew = is_paused or state.is_stale or state.identify_failures > 0
        self._submit(state, errand.kind, _identify, state.label, state.site.door, renew, is_paused)

    def _submit(self, state: SiteState, lane: str, work: Callable[..., Answer], *values: Any) -> None:
        self.in_flight += 1
        state.in_flight[lane] += 1
        label = state.label

        def job() -> None:
            self._answers.put((label, lane, work(*values)))
            self._wake.set()

        self._executor.submit(job)


def _identify(label: str, door: Door, renew: bool, insist: bool) -> Identified:
    return identify(label, door, renew=renew, insist=insist)


def _is_silence(answer: Answer) -> bool:
    """Return whether nobody answered, as an endpoint that cannot be reached does."""
    if isinstance(answer, Identified):
        return isinstance(answer.error, Unreachable)
    if isinstance(answer, Discovered):
        return any(isinstance(error, Unreachable) for error in answer.errors) and not answer.found
    return all(isinstance(one, Failed) and isinstance(one.error, Unreachable) for one in answer.answers)


def _urgency(watched: Watched, now: datetime, now_s: float) -> tuple[float, ...]:
    polled_at = _last_poll(watched, now, now_s)
    age_s = None if polled_at is None else (now - polled_at).total_seconds()
    horizon = watched.source.horizon
    order = cadence.urgency(watched.stream.source, age_s=age_s, horizon=horizon, is_busy=watched.is_busy)
    return *order, watched.number


def _last_poll(watched: Watched, now: datetime, now_s: float) -> datetime | None:
    """Return when a stream was last polled by today's wall clock, however that was set meanwhile."""
    if watched.polled_s is None:
        return watched.polled_at
    return now - timedelta(seconds=now_s - watched.polled_s)
