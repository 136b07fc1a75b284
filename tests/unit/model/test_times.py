"""Times and durations as people write them."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import UsageError
from forensics.model.times import format_duration, parse_duration, parse_moment

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1h30m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(days=7)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("0s", timedelta(0)),
        (" 15m ", timedelta(minutes=15)),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


NO_DURATION = [
    "", " ", "90", "s", "h2", "30m1h", "1h1h", "1.5h", "-1h", "+1h", "1h 30m", "1H", "2 h", "2hours", "1h30",
    "2h ago", "now", "٣h", "1h\n30m", "9" * 30 + "s", "999999999w",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DURATION)
def test_a_text_not_wholly_understood_is_no_duration(text: str) -> None:
    """A guess here would silently widen or narrow what is recorded."""
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert "1h30m" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("2h", NOW - timedelta(hours=2)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("1h30m  ago", NOW - timedelta(minutes=90)),
        ("2026-01-15T02:16:07Z", datetime(2026, 1, 15, 2, 16, 7, tzinfo=UTC)),
        ("2026-01-15t02:16:07z", datetime(2026, 1, 15, 2, 16, 7, tzinfo=UTC)),
        ("2026-01-15 02:16:07.123+01:00", datetime(2026, 1, 15, 1, 16, 7, 123000, tzinfo=UTC)),
        ("2026-01-15T02:16:07.123456789Z", datetime(2026, 1, 15, 2, 16, 7, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_is_an_aware_moment(text: str, expected: datetime) -> None:
    moment = parse_moment(text, now=NOW)
    assert moment == expected
    assert moment.utcoffset() == timedelta(0)


NO_MOMENT = [
    "", "ago", "2hago", "2h agoo", "ago 2h", "now ago", "yesterday", "10 months ago", "2h30",
    "2026-01-15", "2026-01-15T02:16:07", "2026-01-15T02:16Z", "20260115T021607Z", "2026-W03-4T00:00:00Z",
    "2026-13-15T02:16:07Z", "2026-01-15T25:16:07Z", "2026-01-15T02:16:07Z ago", "999999w",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_MOMENT)
def test_a_text_not_wholly_understood_is_no_time(text: str) -> None:
    """The awslogs tool reads `10 months ago` as ten minutes: evidence of the wrong day."""
    with pytest.raises(UsageError) as caught:
        parse_moment(text, now=NOW)
    assert "2h ago" in (caught.value.hint or "")


@given(st.integers(min_value=0, max_value=10**9))
def test_a_formatted_duration_reads_back_as_itself(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


@given(st.text(max_size=20))
def test_any_text_is_understood_or_refused_in_our_own_words(text: str) -> None:
    """No stray ValueError or OverflowError reaches the user as a traceback."""
    with contextlib.suppress(UsageError):
        assert parse_moment(text, now=NOW).tzinfo is not None
