"""The daemon's heart: decides when to poll, and writes what came before it moves on."""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site
from forensics.capture.status import Outcome, Snapshot
from forensics.model.clock import Clock
from forensics.model.record import Record
from forensics.sources.base import Source

if TYPE_CHECKING:
    from forensics.archive.writer import Writer


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
        writer: "Writer",
        clock: Clock,
        options: CaptureOptions | None = None,
        on_commit: Callable[[list[Record]], None] | None = None,
        executor: Executor | None = None,
        rng: random.Random | None = None,
        sources: Sequence[Source] | None = None,
    ) -> None:
        raise NotImplementedError

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
        """
        raise NotImplementedError

    def reload(self, sites: Sequence[Site], options: CaptureOptions | None = None) -> None:
        """Take a new selection from the next turn on; safe from any thread.

        Streams that are wanted before and after go on without missing a poll. A site is the same one when
        its label is.

        Args:
            sites: The new sites, checked by the caller (`selection.check`).
            options: New cadence and limits; None keeps the old.
        """
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        """Return what the recording looks like now; safe from any thread."""
        raise NotImplementedError
