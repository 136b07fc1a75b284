"""The time between the end of a wrapped command and the end of its recording."""

from datetime import timedelta

from forensics.capture.status import Snapshot
from forensics.cli.recorder import Ended, Recorder
from forensics.model.clock import Clock

_GLANCE_S = 0.5


def settle_down(recorder: Recorder, clock: Clock, length: timedelta, *, until_rest: bool) -> Ended | None:
    """Go on recording for a while; any signal ends the wait.

    Args:
        recorder: The recording.
        clock: The machine's.
        length: How long, at most.
        until_rest: End sooner, once everything is at rest.

    Returns:
        The recording's end, where it ended by itself in that time.
    """
    began_s = clock.monotonic()
    while (passed_s := clock.monotonic() - began_s) < length.total_seconds():
        event = recorder.next_event(min(_GLANCE_S, length.total_seconds() - passed_s))
        if event is not None:
            return event if isinstance(event, Ended) else None
        if until_rest and is_at_rest(recorder.snapshot(), passed_s):
            return None
    return None


def is_at_rest(snapshot: Snapshot, passed_s: float) -> bool:
    """Return whether nothing is going on any more, as far as was seen after a moment.

    Args:
        snapshot: The recording now.
        passed_s: Seconds since that moment. Stacks must have been looked at since, by a poll or a survey:
            what was at rest before may have been woken by the command's last act.
    """
    streams = [stream for stream in snapshot.streams if not stream.is_ended]
    stacks = [stream for stream in streams if stream.stream.startswith("stack_events ")]
    return (
        bool(stacks)
        and not any(stream.is_busy or stream.open_gap for stream in streams)
        and all(stream.lag_s is not None and stream.lag_s < passed_s for stream in stacks)
    )
