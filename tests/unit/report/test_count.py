"""Numbers with their nouns."""

import pytest

from forensics.report.count import counted

CASES = [(0, "0 gaps"), (1, "1 gap"), (2, "2 gaps"), (1234, "1,234 gaps")]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 gaps"), (1, "1 gap"), (2, "2 gaps"), (1234, "1,234 gaps")]
)
def test_a_number_agrees_with_its_noun(number: int, text: str) -> None:
    """What a person reads first should not look careless."""
    assert counted(number, "gap") == text
