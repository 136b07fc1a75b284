"""What the user says must not be told: words, in any spelling and encoding."""

import base64
import html
import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote, quote_plus

_SHORTEST = 3


class Literals:
    """Texts that are hidden wherever they occur, whatever stands around them.

    Args:
        literals: The texts; case does not matter. Blank ones, and white space around, are left out.

    Raises:
        ValueError: A text is so short that hiding it would hide everything.
    """

    def __init__(self, literals: Sequence[str]) -> None:
        wanted = {literal.strip() for literal in literals} - {""}
        short = [literal for literal in wanted if len(literal) < _SHORTEST]
        if short:
            raise ValueError(f"a text to hide has at least {_SHORTEST} characters, one has {len(short[0])}")
        self._literal = {form.casefold(): literal for literal in wanted for form in forms_of(literal)}
        forms = sorted(self._literal, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE) if forms else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def hide(self, text: str, become: Callable[[str], str]) -> str:
        """Return the text with each of them replaced; however it is spelled, it gets one name."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: become(self._of(found[0])), text)

    def _of(self, form: str) -> str:
        return self._literal.get(form.casefold(), form).casefold()

    def has(self, text: str) -> bool:
        """Tell whether one of them is in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None


def forms_of(value: str) -> set[str]:
    """Return the ways in which a text may be written inside another: plain, URL, JSON, HTML, base64."""
    forms = {value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value)}
    for is_ascii in (True, False):
        once = json.dumps(value, ensure_ascii=is_ascii)[1:-1]
        forms |= {once, json.dumps(once, ensure_ascii=is_ascii)[1:-1]}
    raw = value.encode("utf-8", "surrogatepass")
    # In base64 of a longer text the value stands at one of three places; its edges share a sign with others.
    for shift in range(3):
        if len(raw) >= 6:
            text = base64.b64encode(b"\0" * shift + raw).decode("ascii").rstrip("=")
            is_whole = (len(raw) + shift) % 3 == 0
            middle = text[(0, 2, 3)[shift] : len(text) if is_whole else -1]
            forms |= {middle, middle.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= _SHORTEST}
