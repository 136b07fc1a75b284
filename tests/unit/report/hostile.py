"""Texts that try to take over a terminal, and the check that none gets through."""

import re

from hypothesis import strategies as st

EVIL = "\x1b[31mred\x1b]8;;http://x\x07\r\x08\x00\x9b2J\u202etxt\u200b\ufeff\u2028\U000e0041 tail"

texts = st.one_of(
    st.just(EVIL),
    st.text(max_size=80),
    st.text(alphabet="\x1b\r\n\t\x00\x07\x9b\u202e\u2066\u200bab 1[m", max_size=60),
)

# What may stand in output: nothing that moves a cursor, reorders text or hides it.
_FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_OUR_COLOURS = re.compile(r"\x1b\[(?:[0-9]{1,2};?)*m")


def unsafe_in(output: str, *, colours: bool = False) -> list[str]:
    """Return what stands in an output and may not; our own colour codes only where allowed."""
    return _FORBIDDEN.findall(_OUR_COLOURS.sub("", output) if colours else output)
