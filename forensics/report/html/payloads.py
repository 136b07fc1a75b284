"""Raw payloads in the page: as text while there is room, packed for the script after that.

Without a script only the texts can be read, so the most telling records come first.
"""

import base64
import zlib
from collections.abc import Iterable, Sequence
from html import escape

import msgspec
from markupsafe import Markup

from forensics.report.html.table import Row

LEAST_BYTES = 80_000
"""Where not all payloads fit as text, those of the most telling records may take so much."""
LONGEST = 200_000
"""Characters: a payload longer than this is left out."""
_MARKUP_BYTES = 66
"""Around each text."""
_TONES = ("error", "warning", "info", "", "routine")


class Payloads(msgspec.Struct, frozen=True, kw_only=True):
    """What the page holds of the rows' payloads."""

    texts: dict[int, Markup]
    """By seq, escaped."""
    packed: str
    """Base64 of the deflated JSON object of payloads by seq; "" where there are texts only."""
    packed_seqs: frozenset[int]
    missing: int
    """How many rows have no payload in the page."""


def payloads(rows: Iterable[Row], *, room_bytes: int, evidence: frozenset[int]) -> Payloads:
    """Return the payloads of rows, as many as there is room for.

    Args:
        rows: Those that are shown.
        room_bytes: What all payloads may take together; LEAST_BYTES are taken in any case.
        evidence: Numbers of the records whose payloads come first.
    """
    ordered = sorted(rows, key=lambda row: (row.seq not in evidence, _TONES.index(row.tone), row.seq))
    fitting = [row for row in ordered if len(row.raw) <= LONGEST]
    texts = _texts(fitting, room_bytes)
    if len(texts) < len(fitting):
        texts = _texts(fitting, LEAST_BYTES)
    packed, seqs = _pack([row for row in fitting if row.seq not in texts], room_bytes - LEAST_BYTES)
    missing = len(ordered) - len(texts) - len(seqs)
    return Payloads(texts=texts, packed=packed, packed_seqs=seqs, missing=missing)


def _texts(rows: Iterable[Row], room_bytes: int) -> dict[int, Markup]:
    texts: dict[int, Markup] = {}
    for row in rows:
        # Between tags quotes need no escape; each would take five bytes.
        text = escape(row.raw, quote=False)
        room_bytes -= len(text.encode()) + _MARKUP_BYTES
        if room_bytes < 0:
            break
        texts[row.seq] = Markup(text)  # noqa: S704 - escaped above
    return texts


def _pack(rows: Sequence[Row], room_bytes: int) -> tuple[str, frozenset[int]]:
    """Return as many payloads as fit, the first ones, deflated; and which they are."""
    kept = list(rows)
    while kept:
        # The compressor looks back 32 KiB: the events of one resource stand together.
        alike = sorted(kept, key=lambda row: (row.where, row.what, row.seq))
        document = msgspec.json.encode({str(row.seq): row.raw for row in alike})
        packed = base64.b64encode(_deflated(document)).decode()
        if len(packed) <= room_bytes:
            return packed, frozenset(row.seq for row in kept)
        share = max(0.0, room_bytes / len(packed))
        kept = kept[: int(len(kept) * share * 0.98)]
    return "", frozenset()


def _deflated(document: bytes) -> bytes:
    # Without zlib's frame: what the browser calls deflate-raw.
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(document) + compressor.flush()
