"""What a recording makes of the time that its machine was asleep."""

from datetime import timedelta

from forensics.capture import gaps
from forensics.capture.recording import Recording
from forensics.model.times import format_duration


def note_sleep(recording: Recording) -> None:
    """Open a gap for each stream that came due, or was being read, while the machine was asleep.

    The next good poll closes it, as recovered or not: time asleep counts towards a source's horizon.
    """
    slept_s = recording.suspension.slept_s()
    if slept_s is None:
        return
    recording.log.warning("machine was asleep", asleep_s=round(slept_s, 1))
    detail = f"The machine was asleep for {format_duration(timedelta(seconds=round(slept_s)))}."
    for watched in recording.book:
        if watched.is_ended or watched.is_missing or not recording.is_due(watched):
            continue
        watched.blind_until_s = recording.now_s()
        if watched.open_gap is None:
            since = watched.polled_at or watched.opened_at
            watched.open_gap = gaps.opened(str(watched.stream), since, gaps.HOST_ASLEEP, detail=detail)
