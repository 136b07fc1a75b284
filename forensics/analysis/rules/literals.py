"""Words that every text a pattern fits must hold: most patterns can be left uncompiled for most texts.

Compiling all patterns takes a tenth of a second, which every start of a read command would pay. What
`words_of` finds is written down in `forensics.analysis.rules.words` by ``make docs``, so that it costs
nothing either.
"""

from collections.abc import Iterable

_CLASSES = "wWdDsSbBAZ0123456789"


def words_of(pattern: str) -> frozenset[str]:
    """Return words in lower case of which every text that the pattern fits holds at least one.

    Args:
        pattern: In the syntax that the rules use: literals, classes, groups, alternatives, repeats.

    Returns:
        Empty where no such words are known: then nothing is said about any text.
    """
    found, _ = _alternatives(pattern, 0)
    return found or frozenset()


def _alternatives(pattern: str, at: int) -> tuple[frozenset[str] | None, int]:
    """Return the words that alternatives need, up to a closing bracket or the end, and where that is."""
    every: list[frozenset[str] | None] = []
    while True:
        words, at = _sequence(pattern, at)
        every.append(words)
        if at >= len(pattern) or pattern[at] == ")":
            break
        at += 1
    if any(words is None for words in every):
        return None, at
    return frozenset(word for words in every for word in words or ()), at


def _sequence(pattern: str, at: int) -> tuple[frozenset[str] | None, int]:
    """Return the best of the words that a sequence needs, and where it ends."""
    candidates: list[frozenset[str]] = []
    run = ""
    while at < len(pattern) and pattern[at] not in "|)":
        char, is_literal, words, at = _piece(pattern, at)
        least, at = _repeats(pattern, at)
        is_single = least is None
        if is_literal and (is_single or least):
            run += char
        if not is_literal or not is_single:
            candidates += [frozenset({run})] if run else []
            run = ""
        if words is not None and (is_single or least):
            candidates.append(words)
    candidates += [frozenset({run})] if run else []
    return _best(candidates), at


def _piece(pattern: str, at: int) -> tuple[str, bool, frozenset[str] | None, int]:
    """Return the next piece: its character, whether it is literal, what it needs, where it ends."""
    char = pattern[at]
    if char == "\\":
        escaped = pattern[at + 1]
        return escaped.lower(), escaped not in _CLASSES, None, at + 2
    if char == "[":
        end = at + 2 if pattern[at + 1] != "^" else at + 3
        while pattern[end] != "]":
            end += 2 if pattern[end] == "\\" else 1
        return "", False, None, end + 1
    if char == "(":
        inside = _opening(pattern, at)
        words, end = _alternatives(pattern, abs(inside))
        return "", False, words if inside > 0 else None, end + 1
    return char.lower(), char not in ".^$", None, at + 1


def _opening(pattern: str, at: int) -> int:
    """Return where a group's content begins; negative where the group takes no text of its own."""
    if pattern.startswith("(?P<", at):
        return pattern.index(">", at) + 1
    if pattern.startswith("(?:", at):
        return at + 3
    if pattern.startswith(("(?<=", "(?<!"), at):
        return -(at + 4)
    if pattern.startswith(("(?=", "(?!"), at):
        return -(at + 3)
    return at + 1


def _repeats(pattern: str, at: int) -> tuple[int | None, int]:
    """Return how often at least a piece is there, None where it is there once, and where its repeat ends."""
    char = pattern[at : at + 1]
    if char in {"?", "*", "+"}:
        least, end = int(char == "+"), at + 1
    elif char == "{":
        end = pattern.index("}", at) + 1
        least = int(pattern[at + 1 : end - 1].partition(",")[0] or 0)
    else:
        return None, at
    return least, end + (pattern[end : end + 1] == "?")


def _best(candidates: Iterable[frozenset[str]]) -> frozenset[str] | None:
    """Return the words that say most: those whose shortest is the longest."""
    return max(candidates, key=lambda words: min(map(len, words), default=0), default=None)
