"""The state of one recording, owned by the thread that runs it."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from forensics.capture import cadence
from forensics.capture.book import Book, Watched, place_of
from forensics.capture.catalogue import all_sources
from forensics.capture.coverage import Coverage
from forensics.capture.facts import Mint
from forensics.capture.journal import ArchiveWriter, Entry, Journal
from forensics.capture.options import CaptureOptions
from forensics.capture.past import Past
from forensics.capture.schedule import Schedule
from forensics.capture.selection import Site, wants_stack
from forensics.capture.sites import SiteState
from forensics.capture.suspension import Suspension
from forensics.capture.wall import Reading
from forensics.model.clock import Clock, from_rfc3339, to_rfc3339
from forensics.model.identity import Stream
from forensics.model.record import Fact, Gap, Record
from forensics.redact.secrets import without_secrets
from forensics.sources.base import Position, Source
from forensics.telemetry import get_logger

OnCommit = Callable[[Sequence[Record]], None]


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do for a site that is no poll."""

    kind: str
    """``identify`` or ``discover``."""
    site: str


class Recording:
    """What the parts of the recorder share: streams, schedule, sites, the way into the archive.

    Args:
        sites: Ways to AWS with what is wanted behind each.
        writer: The open archive.
        clock: Time to schedule on and to stamp with.
        options: Cadence and limits.
        sources: What reads AWS, one of each name; None: every source there is.
        on_commit: Told what was written.
        rng: Where jitter comes from.
    """

    def __init__(
        self,
        *,
        sites: Sequence[Site],
        writer: ArchiveWriter,
        clock: Clock,
        options: CaptureOptions,
        sources: Sequence[Source] | None,
        on_commit: OnCommit | None,
        rng: random.Random,
    ) -> None:
        self.options = options
        self.clock = clock
        self.writer = writer
        self.sites = {site.label: SiteState(site=site) for site in sites}
        readers = all_sources(self._wants_stack) if sources is None else sources
        self.sources = {source.name: source for source in readers}
        self.past = Past(writer, readers)
        self.book = Book()
        self.book.reserve(self.past.last_number())
        self.schedule: Schedule[Stream | Errand] = Schedule()
        self.in_line: dict[Stream, Watched] = {}
        """Streams that were due and wait for a free thread."""
        self.mint = Mint(writer.archive_id, writer.run)
        self.journal = Journal(writer, options)
        self.coverage = Coverage(Reading.of(clock))
        self.log = get_logger("capture")
        self.rng = rng
        self.started_at = clock.now()
        self.started_text = to_rfc3339(self.started_at)
        self.started_s = clock.boottime()
        self.suspension = Suspension(clock)
        self.polls = 0
        self.calls = 0
        self.unkept_polls = 0
        """Polls whose answers neither the archive nor memory could take, in this run."""
        self.is_overflowing = False
        """Whether some of them have not been asked for again since."""
        self._gaps_before = writer.state.gap_count
        self.saw_activity = False
        self._on_commit = on_commit
        self._is_listener_broken = False

    def _wants_stack(self, _name: str, arn: str) -> bool:
        # Asked by the survey, on the threads of the polls.
        region, account = place_of(arn)
        return any(
            state.region == region
            and state.account in (account, None)
            and wants_stack(state.site.wanted, arn)
            for state in tuple(self.sites.values())
        )

    @property
    def gaps(self) -> int:
        """Gaps that this run has recorded; one that was open and then closed is one."""
        return self.writer.state.gap_count - self._gaps_before

    def now(self) -> datetime:
        """Return the wall time."""
        return self.clock.now()

    def now_s(self) -> float:
        """Return seconds that never go backwards and count the time asleep: what is due is due by them."""
        return self.clock.boottime()

    def write(
        self,
        facts: Sequence[Fact],
        *,
        poll: str | None = None,
        again: Sequence[Fact] = (),
        positions: Sequence[tuple[Watched, Position | None]] = (),
    ) -> bool:
        """Write facts in one transaction, or hold them while the archive cannot be written.

        Args:
            facts: What to write, in order.
            poll: The poll that brought them.
            again: What it saw again, to be held against what was written.
            positions: Where streams stand once they are written.

        Returns:
            False where they were neither written nor held.
        """
        if not facts:
            return True

        if self.options.redact == "secrets":
            facts, again = list(map(without_secrets, facts)), list(map(without_secrets, again))

        def then(written: Sequence[Record]) -> None:
            for watched, position in positions:
                self.past.keep(watched.stream, position, watched.opened_because)
            self._tell(written)

        return self.journal.write(Entry(facts=facts, poll=poll, again=again, then=then), self.now_s())

    def _tell(self, written: Sequence[Record]) -> None:
        if self._on_commit is None or not written:
            return
        try:
            self._on_commit(written)
        except Exception:  # whoever listens must not be able to stop the recording
            if not self._is_listener_broken:
                self.log.exception("listener failed; further failures are not told")
            self._is_listener_broken = True

    def watch(
        self,
        label: str,
        streams: Iterable[Stream],
        because: str,
        *,
        parent: Stream | None = None,
        blind: Gap | None = None,
    ) -> tuple[list[Watched], list[Fact]]:
        """Prepare streams that are not watched, or ended and found again; others get the parent added.

        Args:
            label: The site's.
            streams: What to watch.
            because: What led there.
            parent: The stream that led there.
            blind: The outage in which they may have come into being: what they said since may be lost.

        Returns:
            The new entries, not in the book yet, and the facts that open them.
        """
        fresh: dict[Stream, Watched] = {}
        for stream in streams:
            known = self.book.get(stream)
            source = self.sources.get(stream.source)
            if known is not None and not known.is_ended:
                known.parents.update(() if parent is None else (parent,))
            elif source is not None and stream not in fresh:
                earlier = known or self.past.state(stream)
                fresh[stream] = Watched(
                    stream=stream,
                    number=earlier.number if earlier else self.book.next_number(),
                    source=source,
                    site=label,
                    opened_because=because,
                    opened_at=self.now(),
                    blind_since=from_rfc3339(blind.since) if blind is not None else None,
                    position=known.position if known else self.past.position(stream),
                    parents={parent} if parent is not None else set(),
                    is_gone=earlier is not None and earlier.is_ended,
                    open_gap=_born_blind(stream, blind) if earlier is None else None,
                )
        return list(fresh.values()), [self.mint.opened(w.stream, w.number, because) for w in fresh.values()]

    def admit(self, fresh: Iterable[Watched]) -> None:
        """Put new streams into the book; they are due at once."""
        for watched in fresh:
            self.book.add(watched)
            self.schedule.put(watched.stream, self.now_s())

    def open(self, label: str, streams: Iterable[Stream], because: str, *, blind: Gap | None = None) -> None:
        """Watch streams from now on, in a transaction of their own; see `watch`."""
        fresh, facts = self.watch(label, streams, because, blind=blind)
        if self.write(facts, positions=[(watched, watched.position) for watched in fresh]):
            self.admit(fresh)

    def is_surveyed(self, label: str) -> bool:
        """Return whether the site's survey works, so that idle stacks need no polls of their own."""
        state = self.sites.get(label)
        survey = self.book.get(state.survey) if state is not None and state.survey is not None else None
        return (
            survey is not None
            and survey.failures == 0
            and survey.refusal is None
            and survey.polled_s is not None
        )

    def is_foreign(self, watched: Watched) -> bool:
        """Return whether a stream's target is of another account than the credentials of its site."""
        account, state = place_of(watched.stream.target)[1], self.sites.get(watched.site)
        return state is not None and bool(state.account and account) and account != state.account

    def is_due(self, watched: Watched) -> bool:
        """Return whether a stream is being read, or should be by now."""
        due_s = self.schedule.due_s(watched.stream)
        return (
            watched.is_in_flight
            or watched.stream in self.in_line
            or (due_s is not None and due_s <= self.now_s())
        )

    def is_dormant(self, watched: Watched) -> bool:
        """Return whether only the survey looks after a stream now."""
        return (
            watched.stream.source == "stack_events"
            and not watched.is_ended
            and watched.polled_at is not None
            and watched.failures == 0
            and not watched.is_in_flight
            and not watched.is_foreign
            and watched.stream not in self.in_line
            and self.schedule.due_s(watched.stream) is None
            and self.is_surveyed(watched.site)
        )

    def jittered_s(self, delay_s: float) -> float:
        """Return a delay shortened by chance."""
        return cadence.jittered_s(delay_s, share=self.options.jitter, chance=self.rng.random())

    def next_delay_s(self, watched: Watched) -> float | None:
        """Return when a stream that was just polled well is due again, without jitter; None: when woken."""
        return cadence.next_delay_s(
            self.options,
            watched.stream.source,
            horizon=watched.source.horizon,
            is_busy=self.book.is_lively(watched),
            is_surveyed=self.is_surveyed(watched.site),
        )

    def wake_dependents(self, watched: Watched) -> None:
        """Poll fast what a stream that has just become busy leads to."""
        for other in self.book.dependents(watched):
            delay_s = self.next_delay_s(other)
            is_waiting = not (other.is_ended or other.is_in_flight or other.failures)
            if delay_s is not None and is_waiting:
                self.schedule.pull(other.stream, self.now_s() + delay_s)

    def wake_dormant(self, label: str) -> None:
        """Poll the idle stacks one by one: their survey does not work any more."""
        for watched in self.book.of_site(label):
            if watched.stream.source == "stack_events" and not watched.is_ended and not watched.is_in_flight:
                share_s = self.options.stack_events_quiet_s * self.rng.random()
                self.schedule.pull(watched.stream, self.now_s() + share_s)


def _born_blind(stream: Stream, outage: Gap | None) -> Gap | None:
    """Return the open gap of a stream found after an outage; None for a stack, whose walk goes back."""
    if outage is None or stream.source not in ("services", "stopped_tasks"):
        return None
    return replace(outage, stream=str(stream), until=None, kind="open", lower_bound=None)
