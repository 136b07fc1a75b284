"""How a newest-first list is joined to what is known of it."""

from hypothesis import example, given
from hypothesis import strategies as st

from forensics.model.changes import after_change, change_id
from forensics.sources.joined import DEPTH, MEMORY, join, remember


def test_everything_before_the_first_known_is_new() -> None:
    """The plain case."""
    joined = join(["e", "d", "c", "b"], ["b", "c"])
    assert (joined.is_met, joined.fresh) == (True, (0, 1))


def test_nothing_known_is_not_met() -> None:
    """The caller reads on, or declares a gap."""
    assert not join(["e", "d"], ["a"]).is_met
    assert not join([], ["a"]).is_met


def test_a_late_one_between_known_ones_is_new() -> None:
    """It was not there when its neighbours were read."""
    assert join(["d", "late", "b", "a"], ["a", "b", "d"]).fresh == (1,)


def test_what_lies_below_all_that_is_known_is_old() -> None:
    """Memory is short on purpose: older ids are known though nobody remembers them."""
    assert join(["d", "c", "b", "a"], ["c", "d"]).fresh == ()


@given(st.integers(0, 300), st.integers(0, 80))
def test_a_growing_list_gives_each_id_once(before: int, more: int) -> None:
    """However much was there before, and however much of it has been forgotten."""
    known: list[str] = []
    for number in range(before):
        known = remember(known, f"{number}")
    ids = [f"{number}" for number in range(before + more - 1, -1, -1)]
    joined = join(ids, known)
    assert len(joined.fresh) == (more if before else len(ids))
    assert len(known) <= MEMORY
    assert DEPTH < MEMORY / 2


@given(st.lists(st.integers(0, 3), max_size=60))
@example([1, *[0, 2] * 8, 1])
def test_each_change_of_a_thing_has_an_id_of_its_own(states: list[int]) -> None:
    """Also where it goes back and forth between a few states."""
    entry, ids, last = None, [], None
    for state in states:
        fact_id = change_id("arn:x", entry, {"state": state})
        assert (fact_id is None) == (state == last)
        if fact_id is not None:
            ids.append(fact_id)
            entry = after_change(entry, fact_id)
        last = state
    assert len(set(ids)) == len(ids)
