"""Texts as Markdown that shows them and does nothing else.

Whatever comes from AWS stands in code, where neither Markdown nor HTML nor a mention, an issue number, an
emoji or a quick action means anything. In prose each word that is not plain does so by itself.
"""

import re

from forensics.model.inert import inert, inert_lines

# A plain word: letters and digits, joined and ended by what no dialect of Markdown gives a meaning.
_PLAIN = re.compile(r"""[("']*[^\W_](?:[^\W_]|['.,;%+-]|/(?=[^\W_]))*[)"'.,;:?!%]*""")
_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(?:\.\d+)?Z?[.,;]?")
# Some readers make a link of whatever ends like a domain: a service may be called backend.al.
_LINKS = re.compile(r"www\.|\bGH-\d|\.[^\W\d_]{2}", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+[.)]")
_TICKS = re.compile("`+")


def code(text: str) -> str:
    """Return a text as a code span on one line; "" for an empty one."""
    return _span(_folded(text)) if text.strip() else ""


def prose(text: str) -> str:
    """Return a text as prose on one line; runs of white space become one space."""
    parts: list[str] = []
    odd: list[str] = []
    for word in _folded(text).split(" "):
        if _is_plain(word, is_first=not parts and not odd):
            parts += [_odd(odd), word] if odd else [word]
            odd = []
        else:
            odd.append(word)
    return " ".join([*parts, _odd(odd)] if odd else parts)


def cell(marked: str) -> str:
    """Return Markdown of this module as it stands in a cell of a table."""
    return marked.replace("|", "\\|")


def fenced(text: str, language: str = "text") -> str:
    """Return a text as a code block; its line feeds end lines, nothing of it is folded.

    Args:
        text: Raw.
        language: Names the block's language; must be a plain word.
    """
    lines = inert_lines(text)
    fence = "`" * max(3, _longest(text) + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def quoted(text: str) -> str:
    """Return a text whole: as a code span where it is one plain line, which wraps, else as a code block."""
    return code(text) if text and text == " ".join(text.split()) else fenced(text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown of this module."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell(item) for item in line)} |" for line in lines)


def _folded(text: str) -> str:
    return inert(" ".join(text.split()))


def _is_plain(word: str, *, is_first: bool) -> bool:
    if not word:
        return True
    if _TIME.fullmatch(word):
        return True
    starts_list = is_first and _NUMBERED.fullmatch(word)
    return bool(_PLAIN.fullmatch(word)) and not _LINKS.search(word) and not starts_list


def _odd(words: list[str]) -> str:
    """Return words that are not plain as one span, the sentence's own punctuation around it."""
    text = " ".join(words)
    opened = text.startswith("(") and text.rstrip(".,;:").endswith(")")
    inner = text[1:] if opened else text
    core = inner.rstrip(".,;:")
    core = core[:-1] if opened else core
    if not core.strip(" `"):
        return _span(text)
    return f"{'(' if opened else ''}{_span(core)}{inner[len(core) :]}"


def _span(text: str) -> str:
    """Return an inert text as a code span: within longer ticks than any in it."""
    ticks = "`" * (_longest(text) + 1)
    # A space beside a tick, or at both ends, is taken for padding: it is given one more.
    room = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{ticks}{room}{text}{room}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
