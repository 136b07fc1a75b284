"""One stream's evidence put together: the intervals in which it was seen, and those in which it was not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from forensics.model.clock import to_rfc3339
from forensics.model.identity import parse_stream
from forensics.model.record import Gap

SEEN = ("recovered", "polled", "vouched")
"""How an interval may have been seen: read afterwards, by a poll, through the survey."""
# Of what is said about the same moment, the first here counts.
_GRAVEST_FIRST = ("lost", "unknown", "open", *SEEN)

DAEMON_DOWN = "daemon-down"
NEVER_READ = "never-read"
_SURVEY = "stacks"


class TracedGap(msgspec.Struct, frozen=True, kw_only=True):
    """A gap with its ends as moments."""

    gap: Gap
    since: datetime
    until: datetime | None
    """None while it is open."""
    is_inferred: bool = False
    """No record says it; it follows from what the records do not say."""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A span of one stream in which it was seen, or not, in one way."""

    since: datetime
    until: datetime
    how: str
    """One of `SEEN`, or the gap's kind: lost, unknown, open."""

    @property
    def is_seen(self) -> bool:
        """Whether everything that happened in it is in the archive."""
        return self.how in SEEN

    @property
    def length_s(self) -> float:
        """Seconds."""
        return (self.until - self.since).total_seconds()


class Trace(msgspec.Struct, kw_only=True, eq=False):
    """What the records say of one stream, in their order."""

    stream: str
    opened_at: datetime
    """When it was first watched: what is counted begins here."""
    because: str = ""
    number: int | None = None
    facts: int = 0
    run: int = 0
    """The number of the last run that opened or saw it."""
    refusal: str | None = None
    """The IAM action that was missing at last; None after a good poll."""
    reads_back_to: datetime | None = None
    """How far back the first poll reached; None before it, or where it reached the beginning."""
    ended_at: datetime | None = None
    ended_because: str = ""
    until: datetime | None = None
    """The end of what can be said; set by `close`."""
    gaps: list[TracedGap] = []
    open_gap: TracedGap | None = None
    _sure_until: datetime | None = None
    _anew_at: datetime | None = None
    _outage_since: datetime | None = None
    """Start of the outage that the next good poll ends."""
    _spans: list[Interval] = []

    @property
    def was_read(self) -> bool:
        """Whether a poll of it ever succeeded, or the survey vouched for it."""
        return self._sure_until is not None or bool(self._spans)

    @property
    def _began_at(self) -> datetime:
        return self._anew_at or self.opened_at

    def open(self, at: datetime, because: str, *, run: int) -> None:
        """The stream is watched from now on; where it had ended, anew."""
        if self.ended_at is not None:
            self._sure_until, self._anew_at = None, at
        self.because, self.run = because or self.because, run
        self.ended_at, self.ended_because = None, ""

    def end(self, at: datetime, because: str, *, run: int) -> None:
        """Nothing more is watched. What was open then, or left by an earlier run, stays unknown."""
        unread = self._sure_until is None and (self.open_gap is not None or run != self.run)
        since = self._began_at if unread else None
        reason, detail = DAEMON_DOWN, ""
        if self.open_gap is not None:
            since = self.open_gap.since if since is None else min(since, self.open_gap.since)
            reason, detail = self.open_gap.gap.reason, self.open_gap.gap.detail
        if since is not None:
            detail = "; ".join(text for text in (detail, f"then it ended: {because}") if text)
            self._infer(since, at, "unknown", reason, detail=detail)
        self.open_gap = None
        self.ended_at, self.ended_because = at, because

    def poll(self, until: datetime, reaches_to: datetime | None, *, run: int) -> None:
        """A good poll brought something, and proves that nothing is missing from some moment on.

        Args:
            until: When the poll began.
            reaches_to: From when on it proves it; None: from the beginning.
            run: The number of the run that made it.
        """
        self.refusal = None
        if self._sure_until is None:
            self._begin(until, reaches_to, "polled", run=run)
        elif run != self.run:
            self._bridge(until, reaches_to)
        else:
            self._see(self._sure_until, until, "polled")
        if self._outage_since is not None:
            self._see(self._outage_since, until, "recovered")
            self._outage_since = None
        self._sure_until, self.run = until, run

    def stay_calm(self, until: datetime, how: str, *, run: int) -> None:
        """A statement says that the stream was looked at after a moment, and nothing had come."""
        if self._sure_until is None:
            self._sure_until = self._began_at
            self._begin(until, None, how, run=run)
        elif run != self.run:
            self._bridge(until, until)
        else:
            self._see(self._sure_until, until, how)
        self._sure_until, self.run = max(self._sure_until, until), run

    def miss(self, gap: TracedGap, *, run: int) -> None:
        """A record says that an interval could not be watched; it takes the place of what was open."""
        if gap.until is not None:
            self._outage_since = self.open_gap.since if self.open_gap is not None else None
            self.open_gap = None
            self.gaps.append(gap)
            return
        self.open_gap = gap
        if self._sure_until is not None and self.run == run and gap.since > self._sure_until:
            # It names the last moment that was sure.
            self._see(self._sure_until, gap.since, "polled")
            self._sure_until = gap.since

    def clock_set(self, after: datetime, jumped_s: float) -> None:
        """The wall clock was set: a moment that has not come yet is one by the old clock."""
        if self._sure_until is not None and self._sure_until > after:
            self._sure_until = min(after, self._sure_until + timedelta(seconds=jumped_s))

    def leave_open(self, detail: str) -> None:
        """No process looks after the stream although it is asked for."""
        if self.ended_at is None and self.open_gap is None:
            since = self._sure_until or self._began_at
            self.open_gap = self._inferred(since, None, "open", DAEMON_DOWN, detail=detail)

    def close(self, last_at: datetime) -> None:
        """Nothing more is known; the end of the archive is the end of what is still open."""
        if self.open_gap is None and self.ended_at is None and self._sure_until is None:
            detail = "No poll of it ever succeeded; perhaps it does not exist yet."
            self.open_gap = self._inferred(self._began_at, None, "open", NEVER_READ, detail=detail)
        if self.open_gap is not None:
            if self._sure_until is None and self.open_gap.since > self._began_at:
                detail = "It was opened by a run that ended before it was read."
                self._infer(self._began_at, self.open_gap.since, "unknown", DAEMON_DOWN, detail=detail)
            self.gaps.append(self.open_gap)
            self.until = max(last_at, self.open_gap.since)
        else:
            self.until = self._sure_until or self.ended_at
        self.gaps.sort(key=lambda gap: gap.since)

    def intervals(self) -> list[Interval]:
        """Return the intervals from the opening on, in order; none overlaps another."""
        marks: list[tuple[datetime, int, int]] = []
        for how, since, until in self._said():
            if until > since:
                rank = _GRAVEST_FIRST.index(how)
                marks += [(since, rank, 1), (until, rank, -1)]
        return _painted(sorted(marks))

    def _said(self) -> Iterable[tuple[str, datetime, datetime]]:
        for span in self._spans:
            yield span.how, span.since, span.until
        for gap in self.gaps:
            end = gap.until or self.until
            if end is not None:
                how = gap.gap.kind if gap.gap.kind in _GRAVEST_FIRST else "unknown"
                yield how, max(gap.since, self.opened_at), end

    def _begin(self, until: datetime, reaches_to: datetime | None, how: str, *, run: int) -> None:
        opened_at = start = self._began_at
        is_first = not self._spans
        # The survey lists what is: it reaches back to nothing, and nothing of its own can be missed.
        if reaches_to is not None and parse_stream(self.stream).source != _SURVEY:
            self.reads_back_to = reaches_to if is_first else self.reads_back_to
            start = max(opened_at, reaches_to)
        is_said = any(gap.since <= opened_at and (gap.until or start) >= start for gap in self.gaps[-2:])
        if start > opened_at and not is_said:
            reason = DAEMON_DOWN if run != self.run else "window"
            detail = "The first poll did not reach back to the time from which it was watched."
            self._infer(opened_at, start, "unknown", reason, detail=detail)
        self._see(start, until, how)

    def _bridge(self, until: datetime, reaches_to: datetime | None) -> None:
        """See again, after a time without a process."""
        since = self._sure_until or self.opened_at
        # A record may say what became of the time since the stream was last seen.
        is_said = any(gap.since <= since < (gap.until or until) for gap in self.gaps[-2:])
        if not is_said and until > since:
            sure_from = min(max(reaches_to or since, since), until)
            detail = "No recorder was at work."
            if sure_from > since:
                self._infer(since, sure_from, "unknown", DAEMON_DOWN, detail=detail)
            if until > sure_from:
                self._infer(sure_from, until, "recovered", DAEMON_DOWN, detail=detail)
        self._see(since, until, "recovered")

    def _see(self, since: datetime, until: datetime, how: str) -> None:
        if until <= since:
            return
        last = self._spans[-1] if self._spans else None
        if last is not None and last.how == how and last.until == since:
            self._spans[-1] = replace(last, until=until)
        else:
            self._spans.append(Interval(since=since, until=until, how=how))

    def _infer(self, since: datetime, until: datetime, kind: str, reason: str, *, detail: str) -> None:
        self.gaps.append(self._inferred(since, until, kind, reason, detail=detail))

    def _inferred(
        self, since: datetime, until: datetime | None, kind: str, reason: str, *, detail: str
    ) -> TracedGap:
        end = None if until is None else to_rfc3339(until)
        gap = Gap(
            stream=self.stream, since=to_rfc3339(since), until=end, reason=reason, kind=kind, detail=detail
        )
        return TracedGap(gap=gap, since=since, until=until, is_inferred=True)


def _painted(marks: list[tuple[datetime, int, int]]) -> list[Interval]:
    """Return the gravest of what is said of each moment, as intervals."""
    intervals: list[Interval] = []
    said = [0] * len(_GRAVEST_FIRST)
    before: datetime | None = None
    for at, rank, change in marks:
        now = next((place for place, count in enumerate(said) if count > 0), None)
        if before is not None and at > before and now is not None:
            how = _GRAVEST_FIRST[now]
            last = intervals[-1] if intervals else None
            if last is not None and last.how == how and last.until == before:
                intervals[-1] = replace(last, until=at)
            else:
                intervals.append(Interval(since=before, until=at, how=how))
        said[rank] += change
        before = at
    return intervals
