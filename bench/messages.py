"""How AWS's words are judged one by one: labelled texts of our own, as they are and with names changed.

`bench/messages.jsonl` holds ``{text, resource, category, also, origin}``: documented texts are from AWS's
pages and models, posted ones have the wording in which people meet them. ``wrong`` marks those that are known
to be judged otherwise: they count as wrong in the table and keep the test of the rules honest.
"""

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from forensics.analysis.classify import classify

FILE = Path(__file__).with_name("messages.jsonl")
SURE = 0.8
_SEED = 20260115
_REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1", "us-west-2", "eu-central-1", "sa-east-1")
# What differs from one account to the next: accounts, ids, names in quotes and at the ends of ARNs, regions.
# Names that begin with AWS are AWS's own.
_VARYING = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{9,27}\b|\b\d{12}\b"
    r"|\b(?:vpc|subnet|sg|eni|i|ami|snap|fs|fsmt)-[0-9a-f]{4,}\b"
    r"|\b(?:us|eu|ap|sa)-[a-z]+-\d\b"
    r"|(?<=')[\w.-]{4,40}(?=')|(?<=/)[A-Za-z][\w-]{6,}(?=[\s,.)'\"]|$)",
    re.IGNORECASE,
)


def labelled() -> list[dict[str, Any]]:
    """Return the labelled texts in the file's order."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def judged(text: str, resource: str = "") -> tuple[str, float]:
    """Return the category and the confidence that the rules give a text."""
    matches = classify(text, resource_type=resource)
    return (matches[0].rule.category, matches[0].rule.confidence) if matches else ("unknown", 0.0)


def is_right(row: dict[str, Any], category: str) -> bool:
    """Return whether a category is the label, or one that is acceptable too."""
    return category in {row["category"], *row.get("also", [])}


def perturbed(text: str, rng: random.Random) -> str:
    """Return a text as another account would get it: other ids, names and regions, the same words."""

    def other(found: re.Match[str]) -> str:
        said = found.group()
        if re.fullmatch(r"(?:us|eu|ap|sa)-[a-z]+-\d", said):
            return rng.choice(_REGIONS)
        if said.startswith("AWS"):
            return said
        if kind := re.match(r"(?:vpc|subnet|sg|eni|i|ami|snap|fs|fsmt)-(?=[0-9a-f]{4,}$)", said):
            return kind.group() + "".join(_like(char, rng) for char in said[kind.end() :])
        return "".join(_like(char, rng) for char in said)

    return _VARYING.sub(other, text)


def figures(origin: str) -> Counter[str]:
    """Return how many texts of an origin are judged right, as they are and with names changed."""
    rng = random.Random(_SEED)
    counts: Counter[str] = Counter()
    for row in labelled():
        if row["origin"] != origin:
            continue
        resource = row.get("resource", "")
        category, sure = judged(row["text"], resource)
        right = is_right(row, category)
        counts.update(["all", "category right" if right else "category wrong"])
        counts["wrong and sure"] += not right and sure >= SURE
        counts["unknown"] += category == "unknown"
        counts["same if renamed"] += judged(perturbed(row["text"], rng), resource)[0] == category
    return counts


def _like(char: str, rng: random.Random) -> str:
    if char.isdigit():
        return rng.choice("0123456789")
    if char in "abcdef":
        return rng.choice("abcdef")
    if char.isalpha():
        return rng.choice("ghjkmnpqrstvwxyz") if char.islower() else rng.choice("GHJKMNPQRSTVWXYZ")
    return char
