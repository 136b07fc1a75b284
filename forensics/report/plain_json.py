"""Documents as JSON that can be printed anywhere: nothing in it is obeyed by a terminal or a build server."""

import re
from functools import cache

import msgspec

from forensics.model.inert import UNSAFE

# Within JSON a character may always be written as \uNNNN, and outside of strings there is none of these.
_ORDER = re.compile(r"##(?=\w*\[)")


def as_json(document: object) -> str:
    """Return a document as indented JSON, its texts as they were: a reader gets back what was written."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    if not (text.isascii() and "##" not in text):
        text = _unsafe().sub(_escape, _ORDER.sub(r"\\u0023#", text))
    return f"{text}\n"


@cache
def _unsafe() -> re.Pattern[str]:
    # Line feeds are the indentation's; those of texts are escaped by then.
    return re.compile(f"(?!\n){UNSAFE}")


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
