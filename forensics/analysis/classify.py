"""The rule that fits AWS's words best, and what else they could mean."""

import re
from functools import cache
from typing import NamedTuple

from forensics.analysis.rules.catalogue import RULES
from forensics.analysis.rules.rule import Rule
from forensics.analysis.rules.words import WORDS

HEAD_LENGTH = 4_000
"""Characters of a text's beginning that rules look at; AWS's reasons end well before."""
TAIL_LENGTH = 1_000


class Match(NamedTuple):
    """A rule that fits, and what its pattern captured."""

    rule: Rule
    captured: dict[str, str]


def classify(text: str, *, resource_type: str = "") -> list[Match]:
    """Return the rules that fit a text, the surest first.

    Args:
        text: AWS's own words; of very long ones only the beginning and the end are looked at.
        resource_type: CloudFormation's type of what failed; "" for tasks and services.

    Returns:
        One match a rule; of equally sure rules the one that stands first in the catalogue comes first.
    """
    shown = text if len(text) <= HEAD_LENGTH + TAIL_LENGTH else f"{text[:HEAD_LENGTH]}\n{text[-TAIL_LENGTH:]}"
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
            captured = {name: value for name, value in found.groupdict().items() if value}
            matches.append(Match(rule, captured))
    return sorted(matches, key=lambda match: -match.rule.confidence)


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


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)
