"""Moments as places on an axis."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.clock import to_rfc3339
from forensics.report.html.scale import Scale, percent, scale_of
from forensics.report.moments import lasted, moment_of, precise_time

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments, st.integers(min_value=1, max_value=3_000_000_000))
def test_an_axis_has_few_labels_in_order_and_inside(since: datetime, length_s: int) -> None:
    """Any span from a second to a century: labels neither crowd nor leave the axis."""
    ticks = Scale(since=since, until=since + timedelta(seconds=length_s)).ticks()
    places = [float(tick.x.removesuffix("%")) for tick in ticks]
    assert len(ticks) <= 8
    assert places == sorted(places)
    assert all(0 < place < 100 for place in places)


@pytest.mark.parametrize(
    ("length", "label"),
    [(timedelta(seconds=20), "00:00:05"), (timedelta(minutes=27), "00:05"), (timedelta(days=5), "01-02")],
    ids=["seconds", "minutes", "days"],
)
def test_labels_are_as_fine_as_the_span_needs(length: timedelta, label: str) -> None:
    ticks = Scale(since=NEW_YEAR, until=NEW_YEAR + length).ticks()
    assert label in [tick.label for tick in ticks]
    assert 3 <= len(ticks) <= 8


@given(st.lists(moments, min_size=1, max_size=5), moments)
def test_every_moment_has_a_place_on_the_axis(known: list[datetime], other: datetime) -> None:
    """What lies outside stands at the nearer end; what was given lies inside, with room for its mark."""
    scale = scale_of([to_rfc3339(moment) for moment in known])
    assert scale is not None
    assert all(0 < (scale.place(to_rfc3339(moment)) or 0) < 100 for moment in known)
    place = scale.place(to_rfc3339(other))
    assert place is not None
    assert 0 <= place <= 100


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01"]
)
def test_what_is_no_usable_moment_is_left_out(text: str) -> None:
    """One absurd time would squeeze everything else into a pixel."""
    assert moment_of(text) is None
    assert scale_of([text]) is None


def test_durations_are_short_and_unknown_ones_say_nothing() -> None:
    assert lasted("2026-01-15T02:00:00Z", "2026-01-15T02:09:02.400Z") == "9m2s"
    assert lasted("2026-01-15T02:00:00Z", "2026-01-15T02:00:00.400Z") == "0.4s"
    assert lasted("2026-01-15T02:00:00Z", None) == ""
    assert lasted("2026-01-15T02:00:00Z", "2026-01-15T01:00:00Z") == ""


def test_times_of_day_keep_the_fraction_that_aws_gave() -> None:
    assert precise_time("2026-01-15T02:00:00.000Z") == "02:00:00"
    assert precise_time("2026-01-15T02:00:00.120Z") == "02:00:00.120"
    assert precise_time("soon") == "soon"


def test_places_are_written_without_idle_digits() -> None:
    assert [percent(x) for x in (0, 12.5, 33.33333, 100)] == ["0%", "12.5%", "33.33%", "100%"]
