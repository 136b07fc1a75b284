"""Texts in which no rule can take a name for AWS's words."""

import re
from collections.abc import Iterable

_ARN = re.compile(r"(arn:aws[\w-]*:[\w-]*:[\w-]*:[^:\s]*:(?:(?<!::)[a-z-]+[/:])?)([^\s'\"(),;\]]+)")
_BY_PLACE = re.compile(
    r"(?<=\(service )[\w-]+(?=[),])|(?<=^service )[\w-]+(?= (?:was|has|is|dep))"
    r"|(?<=: \[)[A-Za-z0-9]+(?:, [A-Za-z0-9]+)*(?=\])|(?<=\.amazonaws\.com/)[\w./-]+"
)
"""Where AWS's sentences name a service, list logical ids, or name a repository."""
_SEVERAL_WORDS = re.compile(r"[a-z][A-Z]|[-_0-9]")
_LETTERS = re.compile(r"(AWSServiceRoleFor\w+)|[A-Za-z]")
"""A service-linked role is AWS's own, and says so by its name."""


def without_names(text: str, names: Iterable[str] = ()) -> str:
    """Return a text of the same length with an x for each letter of a name.

    A stack that is called not-found-page is no proof that something was not found.

    Args:
        text: AWS's own words.
        names: Names that may stand in it beside those that are known by their place. One that is a single
            word is left alone: it may be AWS's too.
    """
    for name in names:
        if name in text and _SEVERAL_WORDS.search(name):
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _blank, text)
    if "arn:aws" in text:
        text = _ARN.sub(lambda found: found[1] + _blanked(found[2]), text)
    return _BY_PLACE.sub(_blank, text)


def after_service(message: str) -> str:
    """Return a scheduler's message without the service that it begins with."""
    if message.startswith("(service "):
        return message.partition(")")[2]
    return message.split(" ", 2)[-1] if message.startswith("service ") else message


def _blank(found: re.Match[str]) -> str:
    return _blanked(found[0])


def _blanked(name: str) -> str:
    return _LETTERS.sub(lambda found: found[1] or "x", name)
