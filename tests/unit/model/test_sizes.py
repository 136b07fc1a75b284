"""Sizes are understood whole, or refused with the grammar."""

import pytest

from forensics.errors import UsageError
from forensics.model.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20MB", 20_000_000),
        ("512KiB", 524_288),
        ("1 GB", 10**9),
        ("7b", 7),
        ("3kb", 3000),
        ("2gib", 2 << 30),
    ],
)
def test_a_size_is_a_number_with_a_unit(text: str, size: int) -> None:
    """Decimal and binary units, in any case."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "20", "MB", "0MB", "-1MB", "1.5MB", "1MB2KB", "1 TB", "٣MB", "1e3B"])
def test_what_is_no_size_is_refused_with_the_grammar(text: str) -> None:
    """Never guessed."""
    with pytest.raises(UsageError, match="is no size") as caught:
        parse_size(text)
    assert "20MB" in str(caught.value.hint)
