"""Signals that arrive as messages, in order, where the main thread waits for everything else."""

import os
import signal
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any, Self

ENDING = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask a recording to end."""

_PATIENCE = 2
_held: list[int] = []


def hold_hangup() -> None:
    """Keep a hangup that comes before `Signals` is in use, instead of ending by it; `Signals` hands it over.

    Whoever asks for new settings right after a start must not end the recording.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda signum, _frame: _held.append(signum))


class Signals:
    """While in use, hands signals to a callable; after the second ending one, the next ends the process.

    A signal that the caller ignored (nohup, a background job) stays ignored.

    Args:
        signums: Which signals.
        tell: Gets each one's number, in the main thread between two of its steps: it may only do what is
            safe there, such as ``queue.SimpleQueue.put``.
    """

    def __init__(self, signums: Sequence[signal.Signals], tell: Callable[[int], None]) -> None:
        self._signums = signums
        self._tell = tell
        self._endings = 0
        self._displaced: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for signum in self._signums:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._displaced[signum] = signal.signal(signum, self._receive)
        while _held:
            self._tell(_held.pop(0))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for signum, handler in self._displaced.items():
            signal.signal(signum, handler)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if signum in ENDING:
            self._endings += 1
            if self._endings > _PATIENCE:
                # Whatever is committed is on the disk; a torn last line is mended at the next start.
                os._exit(128 + signum)
        self._tell(signum)
