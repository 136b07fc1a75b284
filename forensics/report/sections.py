"""Documents of sections that fit into a number of bytes: whole sections are left out, and named."""

from collections.abc import Sequence

import msgspec

from forensics.errors import UsageError


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a document that is either there or left out."""

    name: str
    """What it is called where it was left out; plain Markdown."""
    text: str
    rank: int
    """0 for what cannot be left out; the largest is left out first."""


def fitted(sections: Sequence[Section], limit: int | None) -> str:
    """Return the sections as one Markdown text of at most `limit` bytes, in the order they were given.

    Raises:
        UsageError: Not even what cannot be left out fits.
    """
    kept = list(sections)
    if limit is not None:
        kept = _chosen(sections, limit)
    text = _text(sections, kept)
    if limit is not None and _size(text) > limit:
        raise UsageError(
            f"{limit} bytes do not hold the heading, which takes {_size(text)}",
            hint="give --max-bytes more room",
        )
    return text


def _chosen(sections: Sequence[Section], limit: int) -> list[Section]:
    """Return the sections that fit: by rank, each that is too large for the room left is passed over."""
    kept = [item for item in sections if item.rank == 0]
    for item in sorted((item for item in sections if item.rank), key=lambda item: item.rank):
        longer = [*kept, item]
        if _size(_text(sections, longer)) <= limit:
            kept = longer
    return kept


def _text(sections: Sequence[Section], kept: Sequence[Section]) -> str:
    parts = [item.text for item in sections if item in kept]
    left_out = [item.name for item in sections if item not in kept]
    if left_out:
        parts.append(f"Left out for lack of room: {', '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
