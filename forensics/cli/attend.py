"""The main thread of a recording: hears signals and waits for the end."""

import signal
from collections.abc import Callable

import msgspec

from forensics.cli.recorder import Ended, Recorder
from forensics.cli.signals import ENDING
from forensics.errors import ForensicsError
from forensics.model.clock import Clock
from forensics.telemetry import get_logger

STOP_S = 24.0
"""How long an orderly end may take; container platforms kill after 30 seconds."""
_ABORT_S = 3.0
# A signal that the system gives to another thread does not end the main thread's wait.
_GLANCE_S = 0.3

log = get_logger("cli")


class Attended(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording ended, seen from the main thread."""

    ended: Ended | None
    """None when it did not end in time."""
    cut_short_by: int | None = None
    """The second signal, which did not let it end in order."""


def attend(
    recorder: Recorder,
    clock: Clock,
    *,
    reload: Callable[[], object] | None = None,
    stops: tuple[signal.Signals, ...] = (*ENDING, signal.SIGHUP),
    is_stopping: bool = False,
) -> Attended:
    """Wait until the recording has ended, by itself or by a signal.

    The first ending signal stops it in order, the second at once.

    Args:
        recorder: The recording, already started.
        clock: The machine's.
        reload: What SIGHUP does; None: nothing.
        stops: The signals that end it.
        is_stopping: It has been asked to end already, so that the first signal counts as the second.
    """
    ends_at_s = clock.monotonic() + STOP_S if is_stopping else None
    while True:
        event = recorder.next_event(_GLANCE_S)
        if isinstance(event, Ended):
            return Attended(ended=event)
        if event is None:
            if ends_at_s is not None and clock.monotonic() >= ends_at_s:
                return Attended(ended=cut_short(recorder))
        elif event.signum in stops:
            if ends_at_s is not None:
                return Attended(ended=cut_short(recorder), cut_short_by=event.signum)
            log.info("stopping", signal=signal.Signals(event.signum).name)
            recorder.stop()
            ends_at_s = clock.monotonic() + STOP_S
        elif event.signum == signal.SIGHUP and reload is not None:
            reload()


def cut_short(recorder: Recorder) -> Ended | None:
    """End a recording at once; None when not even that happened in time."""
    recorder.abort()
    while (event := recorder.next_event(_ABORT_S)) is not None:
        if isinstance(event, Ended):
            return event
    return None


def reload_or_keep(reload: Callable[[], None]) -> None:
    """Take new settings, or say what is wrong with them and go on with the old."""
    try:
        reload()
    except ForensicsError as error:
        # What is wrong stands in the message; where in our code it was found helps nobody.
        log.error(  # noqa: TRY400
            "settings not reloaded, the old ones stay", reason=error.message, hint=error.hint
        )
    else:
        log.info("settings reloaded")
