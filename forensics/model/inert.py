r"""Hostile text made harmless: what cannot be shown safely is shown as ``\xNN`` or ``\uNNNN``.

AWS's texts hold whatever users and programs put into them. Whatever goes to a terminal or a log passes
through here exactly once, at the place where it is printed; the archive keeps the raw text.
"""

import re
from functools import cache

# Control characters (C0, DEL, C1), format characters (bidirectional overrides, zero-width, soft hyphen, BOM,
# tags), line and paragraph separators, surrogates, private use and noncharacters.
UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
"""A pattern of one character that cannot be shown safely."""


# Build servers take orders from what a job prints: GitHub from a line that begins with ``::NAME …::`` and
# from ``##[NAME]`` anywhere in it, Azure Pipelines from ``##vso[…]``, TeamCity from ``##teamcity[…]``.
# Lines are broken later, within words too: behind a word the double colon of types (AWS::IAM::Group) stays,
# but not before the name of an order that does harm.
_ORDERS = (
    r"##(?=\w*\[)|(?<![\w:])::(?=\w)"
    r"|::(?=(?:set-\w+|save-state|add-\w+|remove-matcher|warning|error|stop-commands)\b)"
)


def inert(text: str) -> str:
    """Return one line of text that no terminal interprets, nothing reorders and no build server obeys."""
    if not (text.isascii() and text.isprintable()):
        text = _unsafe().sub(_escape, text)
    if "##" in text or "::" in text:
        text = _orders().sub(lambda match: f"\\x{ord(match.group()[0]):02x}{match.group()[1:]}", text)
    return text


def inert_lines(text: str) -> list[str]:
    """Return the text's lines, each inert; only a line feed separates lines."""
    return [inert(line) for line in text.split("\n")]


@cache
def _unsafe() -> re.Pattern[str]:
    # Compiling so wide a class takes milliseconds: most runs never meet a text that needs it.
    return re.compile(UNSAFE)


@cache
def _orders() -> re.Pattern[str]:
    return re.compile(_ORDERS, re.IGNORECASE)


def _escape(match: re.Match[str]) -> str:
    point = ord(match.group())
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
