"""JSON that ends in the middle: the elements of it that are whole."""

import re

MARK = "\0cut"
"""The key that an object gets which is not whole, so that nobody takes it for what AWS said."""

# A string that does not end matches up to the end of the text.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_CLOSING = {"[": "]", "{": ',"\\u0000cut":true}'}


def mended(text: str, begin: int) -> str | None:
    """Return the document that begins at a place and never ends, up to its last whole list element.

    Objects and lists that are open there are closed, and the objects get the key `MARK`.

    Args:
        text: All of it.
        begin: Where the document begins.

    Returns:
        A JSON document; None where no element is whole, or the text does end there after all.
    """
    opened: list[str] = []
    whole: tuple[int, list[str]] | None = None
    for token in _TOKEN.finditer(text, begin):
        char = token.group()
        if char in _CLOSING:
            opened.append(char)
        elif char in {"]", "}"}:
            if not opened or _CLOSING[opened.pop()][-1] != char:
                return None
            if not opened:
                return None
            if opened[-1] == "[":
                whole = token.end(), list(opened)
    if whole is None:
        return None
    end, still_open = whole
    return text[begin:end] + "".join(_CLOSING[char] for char in reversed(still_open))
