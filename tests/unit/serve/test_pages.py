"""Pages: a walk sees everything that was there throughout, once."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.serve.pages import BadToken, Listing, cut, read_token, write_token

_KEYS = st.sets(st.integers(min_value=0, max_value=999).map(lambda number: f"{number:03d}"), max_size=60)


def _walk(listing: Listing, entries_now: Callable[[int], set[str]]) -> list[str]:
    """Walk all pages while the list changes; `entries_now(n)` is what it holds at the n-th page."""
    seen: list[str] = []
    token, number = None, 0
    while number == 0 or token is not None:
        entries = sorted(entries_now(number), reverse=listing.is_newest_first)
        page, token = cut(entries, str, listing, token)
        assert len(page) <= listing.size
        seen += page
        number += 1
        assert number < 1000, "the walk goes round in circles"
    return seen


@given(
    steady=_KEYS, churn=st.lists(_KEYS, max_size=8), size=st.integers(1, 20), is_newest_first=st.booleans()
)
def test_a_walk_over_a_changing_list_loses_nothing_that_stayed(
    steady: set[str], churn: list[set[str]], size: int, is_newest_first: bool
) -> None:
    """Entries come and go between pages; what is there all the time is seen exactly once."""
    listing = Listing("walk", size, is_newest_first)
    seen = _walk(listing, lambda number: steady | (churn[number % len(churn)] if churn else set()))
    assert steady <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_last_page_has_no_token() -> None:
    """A full last page must not lead to an empty one."""
    assert cut(["a", "b"], str, Listing("s", 2), None) == (["a", "b"], None)


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", write_token("other", "a"), write_token("s", 1), "W10", "e30"],
    ids=["empty", "short", "not ascii", "other list", "number", "empty list", "object"],
)
def test_foreign_tokens_are_refused(token: str) -> None:
    """A token of another walk would silently skip entries."""
    with pytest.raises(BadToken):
        cut(["a"], str, Listing("s", 1), token)


@given(scope=st.text(max_size=20), anchor=st.text(max_size=20) | st.integers(0, 2**40))
def test_tokens_are_read_back(scope: str, anchor: str | int) -> None:
    """Names of any script may be part of a scope."""
    assert read_token(write_token(scope, anchor), scope) == anchor
