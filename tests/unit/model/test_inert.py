"""Hostile text is harmless wherever it is printed."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.inert import inert, inert_lines

HOSTILE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories that change how the rest of a line is shown, or show nothing at all."""


def test_no_hostile_character_comes_through() -> None:
    """Whatever AWS relays from users and programs, the printed line holds visible characters only."""
    every = (chr(point) for point in range(sys.maxunicode + 1))
    hostile = [point for point in every if unicodedata.category(point) in HOSTILE]
    assert not [f"{ord(point):04x}" for point in hostile if inert(f"a{point}b") == f"a{point}b"]


@given(
    st.text(
        st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0")
    )
)
def test_plain_text_is_left_alone(text: str) -> None:
    """A person reads AWS's own words, in any language."""
    shown = inert(text)
    assert shown == text or any(0xFFF0 <= ord(point) <= 0xFFFF for point in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("fine\rFAKE", r"fine\x0dFAKE"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\x1b]8;;http://evil\x07click\x1b]8;;\x07", r"\x1b]8;;http://evil\x07click\x1b]8;;\x07"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone\ud800", r"lone\ud800"),
    ],
    ids=[
        "clear screen",
        "carriage return",
        "C1",
        "bidi override",
        "zero width",
        "hyperlink",
        "tag",
        "surrogate",
    ],
)
def test_each_trick_becomes_visible(text: str, shown: str) -> None:
    """What would have acted on the terminal is shown as its code instead."""
    assert inert(text) == shown


def test_lines_are_kept_apart_by_line_feeds_alone() -> None:
    """Other characters that terminals or str.splitlines take for a line's end are shown."""
    assert inert_lines("a\nb\x0bc\u2028d") == ["a", r"b\x0bc\u2028d"]
