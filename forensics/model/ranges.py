"""Whole numbers as a text of ranges, such as ``1-40,42``."""

from collections.abc import Iterable, Iterator

_DIGITS = 9
"""Nobody has streams of a longer number; reading one would cost more than it can be worth."""


def to_ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers as ranges; "" for none."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def from_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of each range; what is no range of numbers is passed over."""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if _is_number(first) and _is_number(last):
            yield int(first), int(last)


def numbers_within(spans: Iterable[tuple[int, int]]) -> int:
    """Return how many numbers ranges hold that have none in common, by the first and last of each."""
    return sum(last - first + 1 for first, last in spans)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
