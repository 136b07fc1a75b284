"""The oldest segments of an archive that is being written, let go of as the settings say."""

import sys
import threading
from pathlib import Path

from forensics.analysis.open_failures import OpenFailures
from forensics.archive.reader import Archive
from forensics.archive.retention import RetentionOptions
from forensics.archive.writer import Writer
from forensics.model.clock import Clock, SystemClock

_EVERY_S = 60.0


class OldSegments:
    """Follows an archive on a thread of its own, so that what must stay is known when something has to go.

    Whatever becomes of that thread, the recording does not notice, and nothing is removed without its word.

    Args:
        options: The limits.
        directory: The archive, which must be open for writing already.
        clock: How often to look at the limits.
    """

    def __init__(self, options: RetentionOptions, directory: Path, clock: Clock) -> None:
        self._options = options
        self._directory = directory
        self._clock = clock
        self._due_s = clock.monotonic()
        self._stop = threading.Event()
        self._keep_from_seq = 0
        """Nothing before it is of use to what is open; 0 as long as that is not known."""
        self._thread = threading.Thread(target=self._follow, name="retention", daemon=True)
        if options.is_set:
            self._thread.start()

    def let_go(self, writer: Writer) -> None:
        """Remove what has to go, once a minute at most; on the thread that owns the writer.

        Raises:
            ArchiveUnwritable: It could not be done; it is tried again a minute later.
        """
        if self._options.is_set and self._clock.monotonic() >= self._due_s:
            self._due_s = self._clock.monotonic() + _EVERY_S
            writer.remove_oldest(self._options, keep_from_seq=self._keep_from_seq)

    def close(self) -> None:
        """End the thread."""
        self._stop.set()

    def _follow(self) -> None:
        failures = OpenFailures()
        for record in Archive.open(self._directory).follow(self._stop, SystemClock()):
            failures.take(record)
            # What was not looked at yet may be the beginning of a failure.
            self._keep_from_seq = min(failures.oldest_seq() or sys.maxsize, record.seq + 1)
