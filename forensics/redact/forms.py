"""Texts that stand where a name belongs, and have the form of a secret instead."""

import re
from functools import lru_cache

from forensics.redact.chance import is_random

_REMEMBERED = 50_000
"""Texts whose verdict is remembered: most come again and again."""
FORMATS = re.compile(
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA|AIDA|AROA|AGPA|ANPA)[A-Z0-9]{12,}|eyJ[A-Za-z0-9_-]{8,}"
    r"|xox[abposre]-|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_|glpat-|[rsp]k_(?:live|test)_|AIza[\w-]{20,}|npm_[A-Za-z0-9]{20,}"
    r"|-----BEGIN|SG\.[\w-]{16,}|hooks\.slack\.com|pypi-[\w-]{16,}|dckr_pat_|sk-[A-Za-z0-9]{16,}",
)
"""Forms of keys and tokens that are known by how they begin."""
_EXCEPTION = re.compile(r"[A-Z][A-Za-z0-9]{2,60}(?:Exception|Error|Fault)")


@lru_cache(_REMEMBERED)
def looks_secret(text: str) -> bool:
    """Tell whether a text that stands where a name belongs has the form of a secret instead."""
    return FORMATS.search(text) is not None or is_random(text)


def is_exception(text: str) -> bool:
    """Tell whether a text is the name of an error, AWS's or a program's."""
    return _EXCEPTION.fullmatch(text) is not None and not looks_secret(text)
