"""How letters follow each other in words: how many bits it takes to spell one."""

import re
from collections import Counter
from functools import cache, lru_cache
from importlib import resources
from math import log2

from forensics.redact.words import is_word, vocabulary

_LONGEST = 4
"""Letters of the longest run that is counted; a letter is foretold by the three before it."""
_TRUST = (1, 10, 4, 3)
"""By a run's length: how many sightings what shorter runs foretell counts for."""
_SIGNS = 27
"""Letters, and the end of a word."""
_SHORTEST_LEARNED = 4
"""Shorter words of the vocabulary are abbreviations, which any letters make."""
_WEIGHT = 2
"""How often a word of another language counts: there are few of them for many languages."""
_REMEMBERED = 50_000
_WORD_BITS, _SHORT_WORD_BITS, _PART_BITS = 12.0, 13.0, 15.0
"""Price of a word that is known; of one of three letters, as nearly any are; of one inside another."""
_SHORTEST_PART, _LONGEST_PART = 4, 16
"""Letters of a word that is looked for inside another."""
_LONGEST_WORD = 64
"""Letters that are looked at together: the ways to take them apart grow with the square of their number."""


@cache
def languages() -> frozenset[str]:
    """Return everyday words of languages that names are made of, in small letters, without accents.

    They teach how such words are spelled; free text does not let them stand.
    """
    text = resources.files("forensics.redact").joinpath("languages.txt").read_text(encoding="ascii")
    return frozenset(text.split())


@lru_cache(_REMEMBERED)
def spelled(word: str) -> tuple[float, ...]:
    """Return what each letter of a word costs, in bits, the cheapest way: known words in it, letters between.

    Args:
        word: Small letters a to z, at least one.
    """
    if len(word) > _LONGEST_WORD:
        return spelled(word[:_LONGEST_WORD]) + spelled(word[_LONGEST_WORD:])
    if is_known(word):
        known = _SHORT_WORD_BITS if len(word) < _SHORTEST_LEARNED else _WORD_BITS
        return (known / len(word),) * len(word)
    inside = _known_inside(word)
    rests: dict[int, tuple[float, ...]] = {len(word): ()}
    for begin in sorted({0, *(end for ends in inside.values() for end in ends)} - {len(word)}, reverse=True):
        rests[begin] = _rest(word, begin, inside, rests)
    return rests[0]


def _known_inside(word: str) -> dict[int, list[int]]:
    """Return where known words begin in a word, and by that where they end."""
    inside: dict[int, list[int]] = {}
    known = _words()
    for begin in range(len(word) - _SHORTEST_PART + 1):
        for end in range(begin + _SHORTEST_PART, min(begin + _LONGEST_PART, len(word)) + 1):
            if word[begin:end] in known:
                inside.setdefault(begin, []).append(end)
    return inside


def _rest(
    word: str, begin: int, inside: dict[int, list[int]], rests: dict[int, tuple[float, ...]]
) -> tuple[float, ...]:
    """Return what the letters from a place on cost, where a word begins there.

    Args:
        word: The whole word.
        begin: The place.
        inside: Known words, as `_known_inside` says.
        rests: What the letters behind each known word cost.
    """
    padded = "^" * (_LONGEST - 1) + word[begin:] + "$"
    letters = [_bits(padded[place : place + _LONGEST]) for place in range(len(padded) - _LONGEST + 1)]
    letters[-2:] = [letters[-2] + letters[-1]]
    ways = [tuple(letters)]
    for place, ends in inside.items():
        if place >= begin:
            for end in ends:
                part = (_PART_BITS / (end - place),) * (end - place)
                ways.append((*letters[: place - begin], *part, *rests[end]))
    return min(ways, key=sum)


def is_known(word: str) -> bool:
    """Tell whether a word is one, AWS's or another; any two letters are."""
    return len(word) > 2 and (is_word(word) or word in languages())


@cache
def _words() -> frozenset[str]:
    return vocabulary() | languages()


@lru_cache(_REMEMBERED)
def _bits(run: str) -> float:
    """Return how surprising the last sign of a run is after the others."""
    runs, contexts = _seen()
    likely = 1 / _SIGNS
    for length, trust in enumerate(_TRUST, 1):
        end = run[-length:]
        likely = (runs[end] + trust * likely) / (contexts[end[:-1]] + trust)
    return -log2(likely)


@cache
def _seen() -> tuple[Counter[str], Counter[str]]:
    """Return how often each run of up to four signs occurs in words, and each beginning of one."""
    runs: Counter[str] = Counter()
    for words, weight in ((vocabulary(), 1), (languages(), _WEIGHT)):
        padded = [
            "^" * (_LONGEST - 1) + part + "$"
            for word in words
            for part in re.findall(r"[a-z]+", word)
            if len(part) >= _SHORTEST_LEARNED
        ]
        for length in range(1, _LONGEST + 1):
            found = Counter(
                word[end - length : end] for word in padded for end in range(_LONGEST, len(word) + 1)
            )
            for run, count in found.items():
                runs[run] += weight * count
    contexts: Counter[str] = Counter()
    for run, count in runs.items():
        contexts[run[:-1]] += count
    return runs, contexts
