"""The steps that a free text passes through, in order."""

import re

from forensics.redact import cues
from forensics.redact.text import RUNS, Step, Text
from forensics.redact.words import is_number, is_open_word

_NAMED = re.compile(
    r"(?<=\(service )[A-Za-z0-9_-]{1,255}(?=[),])|(?<=^service )[A-Za-z0-9_-]{1,255}(?= (?:was|has|is|dep))"
    r"|(?<=\(task )[0-9a-f-]{32,36}(?=\))|(?<=task )[0-9a-f]{32}(?![0-9a-f])|(?<=\(taskSet )ecs-svc/\d+(?=\))"
)
"""Where the service scheduler names what it is about."""
_LISTED = re.compile(r"(?<=: \[)[A-Za-z0-9]+(?:, [A-Za-z0-9]+)*(?=\])")
"""Logical ids, in the reason of a stack that failed."""
_CODES = re.compile(r"(?:Error Code|ErrorCode): ([A-Za-z]+)")
"""Where AWS's sentences give the code of an error."""
_LISTS = re.compile(r"resource\(s\) failed to|resources? \[")


def hide_literals(text: Text, said: str) -> str:
    """Hide what must not be told in any form."""
    return text.literals.hide(said, lambda found: text.hide(found, "literal"))


def hide_blocks(text: Text, said: str) -> str:
    """Hide keys, certificates and encoded authorization failures."""
    if "-----BEGIN" not in said and "Encoded authorization" not in said:
        return said
    return cues.BLOCKS.sub(lambda found: text.hide(found[0], "block"), said)


def hide_after_cues(text: Text, said: str) -> str:
    """Hide what a text says is a secret, however it looks."""

    def become(found: re.Match[str]) -> str:
        if not cues.is_value(found):
            return found[0]
        if found["quoted"] is not None:
            return found["cue"] + found["quote"] + text.secret(found["quoted"].rstrip("\\"))
        bare = found["bare"].rstrip(".:!?") or found["bare"]
        return found["cue"] + text.secret(bare) + found["bare"][len(bare) :]

    said = cues.PHRASE.sub(lambda found: found["cue"] + _phrase(text, found["bare"]), said)
    said = cues.AFTER_SCHEME.sub(lambda found: found["cue"] + _after_scheme(text, found["bare"]), said)
    return cues.CUE.sub(become, said) if cues.may_hold_cue(said) else said


def _phrase(text: Text, bare: str) -> str:
    goes_on = cues.is_rest_of_sentence(bare.split(maxsplit=1)[0])
    return bare if goes_on else text.secret(bare)


def _after_scheme(text: Text, bare: str) -> str:
    return bare if is_open_word(bare.rstrip(".:"), strict=False) else text.secret(bare)


def hide_values(text: Text, said: str) -> str:
    """Hide the values that a complaint about a parameter repeats."""

    def become(found: re.Match[str]) -> str:
        for group in ("quoted", "bracketed", "squared", "bare"):
            value = found[group]
            if value is not None:
                shown = value if is_harmless(value) else text.hide(value, "value")
                return (
                    found[0][: found.start(group) - found.start()]
                    + shown
                    + found[0][found.end(group) - found.start() :]
                )
        return found[0]

    return cues.VALUE.sub(become, said) if "alue" in said else said


def is_harmless(value: str) -> bool:
    """Tell whether a value is nobody's: empty, a number that says nothing, or true and false."""
    return value in {"", "true", "false", "null", "None"} or (is_number(value) and len(value) < 6)


def learn_names(text: Text, said: str) -> str:
    """Let the names stand that AWS's own sentences point at; strict hides them."""
    found = _NAMED.findall(said)
    if _LISTS.search(said):
        for names in _LISTED.findall(said):
            found += names.split(", ")
    for name in found:
        if len(name) in (32, 36) and re.fullmatch(r"[0-9a-f-]+", name):
            text.naming.identifier(name)
        else:
            text.naming.public(name)
    return said


def hide_unknown_words(text: Text, said: str) -> str:
    """Hide every word that is not known to be one; what stands as AWS's error code is one."""
    codes = _CODES.findall(said) if "Code: " in said else ()
    return RUNS.sub(lambda found: (text.code if found[0] in codes else text.token)(found[0]), said)


STEPS: tuple[Step, ...] = (
    hide_literals,
    hide_blocks,
    hide_after_cues,
    hide_values,
    learn_names,
    hide_unknown_words,
)
