"""Whole numbers as ranges: as many as there were, and no other."""

from hypothesis import given
from hypothesis import strategies as st

from forensics.model.ranges import from_ranges, to_ranges


@given(numbers=st.lists(st.integers(1, 300)))
def test_ranges_name_exactly_their_numbers(numbers: list[int]) -> None:
    """A coverage record that names one stream too many vouches for what nobody looked at."""
    named = [number for first, last in from_ranges(to_ranges(numbers)) for number in range(first, last + 1)]
    assert named == sorted(set(numbers))


def test_ranges_join_neighbours() -> None:
    """A thousand streams in one line."""
    assert to_ranges([42, *range(1, 41)]) == "1-40,42"


def test_what_is_no_range_is_passed_over() -> None:
    text = "1-3,x,5-,-6,7-x,,\u0661,1234567890,8"
    assert list(from_ranges(text)) == [(1, 3), (8, 8)]
