"""When to poll."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.capture import cadence
from forensics.capture.options import CaptureOptions

HOUR = timedelta(hours=1)
OPTIONS = CaptureOptions()


def test_a_busy_stack_is_polled_fast() -> None:
    """An operation is when events come."""
    assert cadence.next_delay_s(OPTIONS, "stack_events", horizon=None, is_busy=True, is_surveyed=True) == 5.0


def test_an_idle_stack_is_not_polled_while_a_survey_wakes_it() -> None:
    """Two hundred idle stacks must not cost two hundred calls a minute."""
    delay_s = cadence.next_delay_s(OPTIONS, "stack_events", horizon=None, is_busy=False, is_surveyed=True)
    assert delay_s is None


def test_an_idle_stack_is_polled_slowly_without_a_survey() -> None:
    """Where ListStacks is refused, somebody still has to look."""
    delay_s = cadence.next_delay_s(OPTIONS, "stack_events", horizon=None, is_busy=False, is_surveyed=False)
    assert delay_s == 60.0


@given(
    horizon_s=st.floats(min_value=1, max_value=1e6),
    is_busy=st.booleans(),
    quiet_s=st.floats(min_value=1, max_value=1e6),
)
def test_no_stream_waits_longer_than_a_quarter_of_its_horizon(
    horizon_s: float, is_busy: bool, quiet_s: float
) -> None:
    """Whatever the settings say: a slower cadence would lose what the source forgets."""
    options = CaptureOptions(stopped_tasks_quiet_s=quiet_s, stopped_tasks_busy_s=quiet_s)
    delay_s = cadence.next_delay_s(
        options, "stopped_tasks", horizon=timedelta(seconds=horizon_s), is_busy=is_busy
    )
    assert delay_s is not None
    assert 0 < delay_s <= horizon_s / 4 + 1e-6


@given(failures=st.integers(min_value=1, max_value=10_000))
def test_backoff_grows_to_its_ceiling_and_never_past_it(failures: int) -> None:
    """A stream that fails for days is still asked once a minute."""
    delay_s = cadence.backoff_s(failures, base_s=2.0, ceiling_s=60.0)
    assert 2.0 <= delay_s <= 60.0
    assert cadence.backoff_s(failures + 1, base_s=2.0, ceiling_s=60.0) >= delay_s


def test_backoff_before_any_failure_is_refused() -> None:
    """There is no such delay."""
    with pytest.raises(ValueError, match="at least 1"):
        cadence.backoff_s(0, base_s=2.0, ceiling_s=60.0)


@given(chance=st.floats(min_value=0, max_value=1), delay_s=st.floats(min_value=0, max_value=1e6))
def test_jitter_only_makes_a_poll_earlier(chance: float, delay_s: float) -> None:
    """A later poll could miss the horizon."""
    jittered_s = cadence.jittered_s(delay_s, share=0.1, chance=chance)
    assert delay_s * 0.9 - 1e-6 <= jittered_s <= delay_s


def test_streams_nearest_to_losing_something_are_the_most_urgent() -> None:
    """When calls are short: forgotten tasks, a window that may overflow, then what AWS keeps for months."""

    def urgency(source: str, age_s: float | None, *, is_busy: bool = False) -> tuple[float, ...]:
        horizon = HOUR if source == "stopped_tasks" else None
        return cadence.urgency(source, age_s=age_s, horizon=horizon, is_busy=is_busy)

    in_order = [
        urgency("stopped_tasks", None),
        urgency("stopped_tasks", 4000),
        urgency("stopped_tasks", 100),
        urgency("services", 100, is_busy=True),
        urgency("services", 4000),
        urgency("stack_events", 100, is_busy=True),
        urgency("stack_events", 900),
        urgency("stack_events", 100),
    ]
    assert in_order == sorted(in_order)
    assert len(set(in_order)) == len(in_order)


def test_no_stream_waits_longer_than_twice_its_own_delay_after_failures() -> None:
    """Two intervals after a storm everything is back; a quiet stream may wait for the general ceiling."""
    assert cadence.retry_ceiling_s(5.0, base_s=2.0, ceiling_s=60.0) == 10.0
    assert cadence.retry_ceiling_s(300.0, base_s=2.0, ceiling_s=60.0) == 60.0
    assert cadence.retry_ceiling_s(0.5, base_s=2.0, ceiling_s=60.0) == 2.0
    assert cadence.retry_ceiling_s(None, base_s=2.0, ceiling_s=60.0) == 60.0
