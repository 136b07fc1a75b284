"""A recording on a thread of its own, and what comes out of it for others."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from forensics.analysis.notable import Notable
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site
from forensics.capture.status import Outcome, Snapshot
from forensics.capture.supervisor import Supervisor
from forensics.cli.aside import Aside
from forensics.cli.telling import worth_telling
from forensics.model.clock import Clock
from forensics.model.record import Fact, Record

_MOST_WAITING = 1_000
"""Commits that may wait to be shown."""

T = TypeVar("T")


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The last message of a recording."""

    outcome: Outcome | None
    """How it ended; None when it broke."""
    error: Exception | None = None
    """Why it broke."""


class Signalled(msgspec.Struct, frozen=True, kw_only=True):
    """A signal came."""

    signum: int


class Recorder:
    """Runs a supervisor on its own thread; commits come out to be shown, events for the main thread.

    The recording never waits for whoever reads the messages: a terminal that is held (Ctrl-S, a pipe that
    nobody empties) costs lines on the screen, never records.

    Args:
        sites: Ways to AWS with what is wanted behind each.
        writer: The open archive, which the recording closes at its end.
        clock: Time to record on.
        options: Cadence and limits.
        listener: Told of each notable record, on the recording's thread; must return at once.
        abort: Ends the recording at once when set, by whoever holds it; None: only `abort()` does.
    """

    def __init__(
        self,
        *,
        sites: Sequence[Site],
        writer: Aside,
        clock: Clock,
        options: CaptureOptions,
        listener: Callable[[Notable], object] | None = None,
        abort: threading.Event | None = None,
    ) -> None:
        self.missed = 0
        """Commits that nobody took in time to be shown."""
        self._commits: queue.SimpleQueue[Sequence[Record] | Ended] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Signalled | Ended] = queue.SimpleQueue()
        self.archive_id = writer.archive_id
        """The archive's own id."""
        self.run = writer.run
        """Names this process in the archive's records."""
        self.first_head = writer.head
        """The head digest before anything was recorded."""
        self._writer = writer
        self._listener = listener
        self._stop = threading.Event()
        self._abort = abort or threading.Event()
        self._supervisor = Supervisor(
            sites=sites, writer=writer, clock=clock, options=options, on_commit=self._commit
        )
        # Not to be waited for at exit: a second signal ends the process even if AWS holds a call.
        self._thread = threading.Thread(target=self._record, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end: a last poll, flush, seal. `Ended` follows, within 25 s."""
        self._stop.set()

    def abort(self) -> None:
        """Ask for the end at once; what was committed stays."""
        self._abort.set()
        self._stop.set()

    def note(self, fact: Fact) -> None:
        """Have a fact of ours written with the next commit, or at the end; from any thread."""
        self._writer.note(fact)

    def reload(self, sites: Sequence[Site], options: CaptureOptions) -> None:
        """Watch another selection from now on, without missing a poll of what stays."""
        self._supervisor.reload(sites, options)

    @property
    def sealed(self) -> tuple[int, str]:
        """Number of the last sealed segment, and the head digest at that moment."""
        return self._writer.sealed

    def snapshot(self) -> Snapshot:
        """Return what the recording looks like now."""
        return self._supervisor.snapshot()

    def signal(self, signum: int) -> None:
        """Put a signal among the events; safe in a signal handler."""
        self._events.put(Signalled(signum=signum))

    def next_event(self, timeout_s: float) -> Signalled | Ended | None:
        """Return the next signal or the end; None when neither came in time.

        Args:
            timeout_s: Seconds of the machine.
        """
        return _taken(self._events, timeout_s)

    def next_commit(self, timeout_s: float) -> Sequence[Record] | Ended | None:
        """Return what was written next, or the end; None when neither came in time.

        Args:
            timeout_s: Seconds of the machine.
        """
        return _taken(self._commits, timeout_s)

    def _commit(self, written: Sequence[Record]) -> None:
        if self._commits.qsize() < _MOST_WAITING:
            self._commits.put(written)
        else:
            self.missed += 1
        if self._listener is not None:
            for told in filter(None, map(worth_telling, written)):
                self._listener(told)

    def _record(self) -> None:
        try:
            ended = Ended(outcome=self._supervisor.run(self._stop, self._abort))
        except Exception as error:  # noqa: BLE001 - whoever waits must learn of the end, whatever it was
            ended = Ended(outcome=None, error=error)
        self._commits.put(ended)
        self._events.put(ended)


def _taken(messages: "queue.SimpleQueue[T]", timeout_s: float) -> T | None:
    try:
        return messages.get(timeout=timeout_s)
    except queue.Empty:
        return None
