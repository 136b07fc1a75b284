"""A recording shown on a terminal that is kept up to date."""

import sys
from collections.abc import Sequence
from io import TextIOBase
from pathlib import Path
from typing import TextIO, cast

from forensics.analysis.progress import Progress
from forensics.archive.reader import Archive
from forensics.capture.status import Snapshot
from forensics.cli.plain import first_to_end, troubles
from forensics.model.credentials import RENEWS
from forensics.model.record import Record
from forensics.report.live import LiveView
from forensics.report.vitals import Vitals

_MOST_SEEDED = 5000


class LiveFace:
    """Draws the recording in place, and leaves a summary when it ends.

    Args:
        stream: A terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._view = LiveView(stream)
        self._progress = Progress()
        self._is_started = False

    def show(self, written: Sequence[Record]) -> None:
        """Fold the records into what the next drawing shows."""
        self._progress.add_all(written)

    def glance(self, snapshot: Snapshot) -> None:
        """Draw how everything stands."""
        if not self._is_started:
            self._is_started = True
            self._view.start()
        self._view.draw(self._progress, vitals(snapshot))

    def trouble(self, snapshot: Snapshot, text: str) -> None:
        """Show nothing more: each drawing names the troubles there are."""

    def relief(self, snapshot: Snapshot, concern: str) -> None:
        """Show nothing more: the trouble is gone from the next drawing."""

    def beat(self, snapshot: Snapshot) -> None:
        """Show nothing more: a drawing is a heartbeat."""

    def mark(self, head: str, when: str) -> None:
        """Show nothing: a terminal that is drawn anew keeps no witness; the end says the last head."""

    def close(self) -> None:
        """Give the terminal back."""
        if self._is_started:
            self._view.stop()


def newest_records(archive: Path) -> list[Record]:
    """Return the newest records of an archive: what a view of a recording that goes on begins with."""
    opened = Archive.open(archive)
    return list(opened.records(max(0, opened.state().last_seq - _MOST_SEEDED)))


class _BesideView(TextIOBase):
    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def beside_view() -> TextIO:
    """Return a stream for log lines that go above the live view instead of through it.

    The view puts a stream of its own in place of ``sys.stderr`` while it draws, so that one is looked up for
    each line.
    """
    return cast(TextIO, _BesideView())


def vitals(snapshot: Snapshot) -> Vitals:
    """Return what the live view says about the recorder itself."""
    first = first_to_end(snapshot)
    return Vitals(
        at=snapshot.at,
        started_at=snapshot.started_at,
        credentials_end=first.expires_at if first else None,
        is_renewing=first is not None and first.standing.state == RENEWS,
        renewed_by=first.standing.command if first else "",
        lag_s=snapshot.lag_s,
        streams=sum(not stream.is_ended for stream in snapshot.streams),
        open_gaps=len(snapshot.open_gaps),
        records=snapshot.records,
        troubles=tuple(troubles(snapshot)),
        waiting_for=snapshot.waiting_for,
    )
