"""The rule that fits AWS's words best, and what else they could mean."""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from forensics.analysis.names import without_names
from forensics.analysis.rules.catalogue import RULES
from forensics.analysis.rules.rule import Rule
from forensics.analysis.rules.words import WORDS

HEAD_WORDS = 600
"""Words of a text's beginning that rules look at; AWS's reasons end well before."""
TAIL_WORDS = 150
LONGEST_WORD = 1_000
"""Characters of a word that rules look at; ARNs are shorter."""


class Match(NamedTuple):
    """A rule that fits, and what its pattern captured."""

    rule: Rule
    captured: dict[str, str]


def classify(text: str, *, resource_type: str = "", names: Iterable[str] = ()) -> list[Match]:
    """Return the rules that fit a text, the surest first.

    Args:
        text: AWS's own words; of very long ones only the beginning and the end are looked at.
        resource_type: CloudFormation's type of what failed; "" for tasks and services.
        names: Names that the text may hold, which are no words of AWS's.

    Returns:
        One match a rule; of equally sure rules the one that stands first in the catalogue comes first.
    """
    said = _ends_of(text)
    shown = without_names(said, names)
    lowered = shown.lower()
    matches = []
    for rule in RULES:
        if rule.resource and not re.match(rule.resource, resource_type):
            continue
        words = WORDS.get(rule.id)
        if words and not any(word in lowered for word in words):
            continue
        found = _compiled(rule.pattern).search(shown)
        if found is not None:
            spans = {name: found.span(name) for name in found.groupdict()}
            captured = {name: said[start:end] for name, (start, end) in spans.items() if start < end}
            matches.append(Match(rule, captured))
    return sorted(matches, key=lambda match: -match.rule.confidence)


def _ends_of(text: str) -> str:
    """Return the beginning and the end of a text, in words: characters would count for how long names are."""
    if len(text) <= HEAD_WORDS + TAIL_WORDS:
        return text
    words = list(_WORD.finditer(text))
    if len(words) > HEAD_WORDS + TAIL_WORDS:
        text = f"{text[: words[HEAD_WORDS - 1].end()]}\n{text[words[-TAIL_WORDS].start() :]}"
    if any(len(word[0]) > LONGEST_WORD for word in words):
        text = _WORD.sub(lambda word: word[0][:LONGEST_WORD], text)
    return text


def sentence(match: Match) -> str:
    """Return the rule's cause, with the sentence that names things where everything in it is known."""
    cause = fill(match.rule.cause, match.captured) or match.rule.cause
    names = fill(match.rule.names, match.captured) if match.rule.names else None
    return f"{cause} {names}" if names else cause


def fill(template: str, values: dict[str, str]) -> str | None:
    """Return the template with its ``{name}`` places filled; None where a value is not known.

    Values are put in as they are and never read as templates themselves.
    """
    needed = set(_PLACE.findall(template))
    if not needed <= values.keys():
        return None
    return _PLACE.sub(lambda place: values[place.group(1)], template)


_PLACE = re.compile(r"\{([a-z_]+)\}")
_WORD = re.compile(r"\S+")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)
