"""A thread that tells people what a recording does, so that a held terminal never holds anything else."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from forensics.capture.status import Snapshot
from forensics.cli.face import Face
from forensics.cli.plain import concern_of, urgent_troubles
from forensics.cli.recorder import Ended
from forensics.model.clock import Clock
from forensics.model.record import Record

_GLANCE_S = 0.5
_BEAT_S = 60.0


class Shown(Protocol):
    """What is shown of a recording; a `Recorder` is one."""

    missed: int
    """Commits that nobody took in time to be shown."""
    first_head: str
    """The head digest before anything was recorded."""

    @property
    def sealed(self) -> tuple[int, str]:
        """Number of the last sealed segment, and the head digest at that moment."""
        ...

    def next_commit(self, timeout_s: float) -> Sequence[Record] | Ended | None:
        """Return what was written next, or the end; None when neither came in time."""
        ...

    def snapshot(self) -> Snapshot:
        """Return what the recording looks like now."""
        ...


class Talker:
    """Shows a recording until it has ended.

    Args:
        recorder: The recording.
        face: What shows it.
        clock: What the minute between two heartbeats is counted on.
        on_trouble: Told once of each trouble of the recording itself.
    """

    def __init__(
        self,
        recorder: Shown,
        face: Face,
        clock: Clock,
        on_trouble: Callable[[Snapshot, str], object] | None = None,
    ) -> None:
        self._recorder = recorder
        self._face = face
        self._clock = clock
        self._on_trouble = on_trouble
        self._known: set[str] = set()
        self._missed = 0
        self._sealed = recorder.sealed[0]
        self._glance_at_s = clock.monotonic()
        self._beat_at_s = clock.monotonic() + _BEAT_S
        self._thread = threading.Thread(target=self._talk, name="talker", daemon=True)

    def start(self) -> None:
        """Begin to show."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until the end of the recording has been shown, at most timeout_s seconds of the machine."""
        self._thread.join(timeout_s)

    def _talk(self) -> None:
        self._face.mark(self._recorder.first_head, "before this recording")
        while True:
            match self._recorder.next_commit(_GLANCE_S):
                case Ended():
                    self._glance()
                    self._face.close()
                    return
                case None:
                    self._glance()
                case written:
                    self._face.show(written)
                    self._mark_seal()
                    if self._clock.monotonic() >= self._glance_at_s:
                        self._glance()

    def _mark_seal(self) -> None:
        """Say the head where a segment was sealed; the last one is said with the end."""
        number, head = self._recorder.sealed
        if number > self._sealed:
            self._sealed = number
            self._face.mark(head, f"segment {number} sealed")

    def _glance(self) -> None:
        """Look at the recording as a whole: what is in its way, and is a heartbeat due?"""
        self._glance_at_s = self._clock.monotonic() + _GLANCE_S
        snapshot = self._recorder.snapshot()
        troubles = urgent_troubles(snapshot)
        for cause in troubles.keys() - self._known:
            self._face.trouble(snapshot, troubles[cause])
            if self._on_trouble is not None:
                self._on_trouble(snapshot, troubles[cause])
        troubled = set(map(concern_of, troubles))
        for concern in sorted(set(map(concern_of, self._known)) - troubled):
            self._face.relief(snapshot, concern)
        self._known = set(troubles)
        missed, self._missed = self._recorder.missed - self._missed, self._recorder.missed
        if missed:
            self._face.trouble(snapshot, f"{missed} commits were not shown in time; the archive has them")
        self._face.glance(snapshot)
        if self._clock.monotonic() >= self._beat_at_s:
            self._beat_at_s = self._clock.monotonic() + _BEAT_S
            self._face.beat(snapshot)
