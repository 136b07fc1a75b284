"""Hostile text is harmless wherever it is printed."""

import re
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
    assert (
        shown == text or "##" in text or "::" in text or any(0xFFF0 <= ord(point) <= 0xFFFF for point in text)
    )


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


@pytest.mark.parametrize(
    "order",
    [
        "::error title=x::y",
        "  ::set-output name=a::b",
        "see ::add-mask::secret",
        "a::stop-commands::x",
        "log ##[error]broken",
        "##vso[task.setvariable variable=a]b",
        "##teamcity[buildStatus text='x']",
    ],
)
def test_a_build_server_takes_no_order_from_a_text(order: str) -> None:
    """What a program writes into its stop reason is printed in the log of the deployment's job."""
    shown = inert(order)
    assert not re.search(r"##\w*\[", shown)
    assert not any(shown[place:].lower().startswith("::" + name) for place in range(len(shown))
                   for name in ("error", "set-output", "add-mask", "stop-commands"))  # fmt: skip
    assert shown.replace(r"\x3a", ":").replace(r"\x23", "#") == order


@pytest.mark.parametrize(
    "text",
    [
        "AWS::ECS::Service",
        "arn:aws:s3:::bucket/key",
        "arn:aws:iam::123456789012:role/x",
        "## Heading",
        "a::b",
    ],
)
def test_names_of_aws_with_double_colons_are_left_alone(text: str) -> None:
    assert inert(text) == text
