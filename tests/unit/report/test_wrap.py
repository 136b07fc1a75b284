"""Text broken into lines: nothing lost, nothing too wide, nothing dangerous."""

import re

from hypothesis import given
from hypothesis import strategies as st

from forensics.model.inert import inert
from forensics.report.wrap import width_of, wrap
from tests.unit.report.hostile import texts, unsafe_in


@given(text=texts, width=st.integers(8, 60), indent=st.sampled_from(["", "  ", "      "]))
def test_every_line_fits_and_every_character_is_there(text: str, width: int, indent: str) -> None:
    """A cut reason is worse than a long one."""
    lines = wrap(text, width, indent=indent)
    assert all(width_of(line) <= width for line in lines)
    assert all(line.startswith(indent) for line in lines)
    kept = "".join(line[len(indent) :] for line in lines)
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", "".join(inert(part) for part in text.split("\n")))


@given(text=texts)
def test_nothing_that_a_terminal_interprets_gets_through(text: str) -> None:
    assert unsafe_in("\n".join(wrap(text, 40))) == []


def test_a_megabyte_without_a_space_is_wrapped_whole() -> None:
    lines = wrap("x" * 1_000_000, 80, indent="    ")
    assert sum(line.count("x") for line in lines) == 1_000_000
    assert max(len(line) for line in lines) == 80


def test_wide_characters_count_as_two_cells() -> None:
    lines = wrap("配置失敗" * 10, 20)
    assert all(width_of(line) <= 20 for line in lines)
    assert "".join(lines) == "配置失敗" * 10


def test_words_stay_whole_where_they_fit() -> None:
    assert wrap("one two three four", 9, first="- ", indent="  ") == ["- one two", "  three", "  four"]
