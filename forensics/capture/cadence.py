"""When to poll: pure functions from what is known of a stream to seconds."""

from datetime import timedelta

from forensics.capture.options import CaptureOptions

HORIZON_SHARE = 0.25
"""A quiet stream is polled at least so often that four polls fit into its horizon."""

SURVEY = "stacks"
"""The source whose one call answers for every idle stack."""


def next_delay_s(
    options: CaptureOptions,
    source: str,
    *,
    horizon: timedelta | None,
    is_busy: bool,
    is_surveyed: bool = False,
) -> float | None:
    """Return the delay from one good poll of a stream to the next.

    Args:
        options: The cadence for each source.
        source: The source's name.
        horizon: How far back it can see; None: as far as ever needed.
        is_busy: An operation or deployment is in progress, here or in what led here.
        is_surveyed: A working survey wakes this stream when it moves.

    Returns:
        Seconds, > 0, without jitter; None: not at all until something wakes it.
    """
    busy_s, quiet_s = _pace(options, source)
    if is_busy:
        return _within(busy_s, horizon)
    if source == "stack_events" and is_surveyed:
        return None
    return _within(quiet_s, horizon)


def _pace(options: CaptureOptions, source: str) -> tuple[float, float]:
    paces = {
        SURVEY: (options.survey_s, options.survey_s),
        "stack_events": (options.stack_events_busy_s, options.stack_events_quiet_s),
        "services": (options.services_busy_s, options.services_quiet_s),
        "stopped_tasks": (options.stopped_tasks_busy_s, options.stopped_tasks_quiet_s),
    }
    return paces.get(source, (options.services_busy_s, options.services_quiet_s))


def _within(delay_s: float, horizon: timedelta | None) -> float:
    return delay_s if horizon is None else min(delay_s, horizon.total_seconds() * HORIZON_SHARE)


def backoff_s(failures: int, *, base_s: float, ceiling_s: float) -> float:
    """Return the delay after so many failures in a row.

    Args:
        failures: At least 1.
        base_s: Delay after the first, seconds, > 0.
        ceiling_s: The longest delay, seconds, >= base_s.

    Returns:
        Seconds, base_s <= delay <= ceiling_s; no jitter.

    Raises:
        ValueError: failures < 1.
    """
    if failures < 1:
        raise ValueError(f"failures must be at least 1, not {failures}")
    return min(ceiling_s, base_s * 2.0 ** min(failures - 1, 30))


def jittered_s(delay_s: float, *, share: float, chance: float) -> float:
    """Return the delay shortened by chance, so that streams do not march in step.

    Args:
        delay_s: Seconds.
        share: The largest part taken away, 0 to 0.5.
        chance: 0 to 1, from the caller's random source.

    Returns:
        Seconds between ``delay_s * (1 - share)`` and delay_s: never later than asked.
    """
    return delay_s * (1.0 - share * chance)


def retry_ceiling_s(delay_s: float | None, *, base_s: float, ceiling_s: float) -> float:
    """Return the longest wait after failures of one stream.

    Args:
        delay_s: Its delay between good polls; None where it has none.
        base_s: Delay after the first failure, seconds.
        ceiling_s: The longest wait of any stream, seconds, >= base_s.

    Returns:
        Seconds: twice its own delay within those limits; two intervals after a storm it is back.
    """
    return ceiling_s if delay_s is None else min(ceiling_s, max(base_s, 2 * delay_s))


_WINDOWED = "services"
"""The source that sees a number of facts back, not a time: it can overflow at any moment."""


def urgency(
    source: str, *, age_s: float | None, horizon: timedelta | None, is_busy: bool
) -> tuple[float, ...]:
    """Return how near a stream is to losing facts: the smaller, the sooner it must be polled.

    Args:
        source: The source's name.
        age_s: Seconds since its last good poll, of an earlier run too; None: never polled.
        horizon: How far back its source sees; None: as far as ever needed, or a number of facts.
        is_busy: An operation or deployment is in progress there.

    Returns:
        What orders streams: by the time left, then windows that can overflow, then what keeps for months;
        in each of those what is busy first, then what was not looked at for longest.
    """
    never = float("inf")
    age_s = never if age_s is None else age_s
    left_s = never if horizon is None else horizon.total_seconds() - age_s
    return left_s, source != _WINDOWED, not is_busy, -age_s
