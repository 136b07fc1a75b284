"""The search for a head digest that was printed earlier."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from forensics.archive.check import Span
from forensics.archive.disk import Folder
from forensics.archive.line import decode
from forensics.archive.segment import segment_name
from forensics.archive.verdict import Expectation
from forensics.errors import UsageError


def check_digest(text: str) -> str:
    """Return a digest as it is written here: lower case.

    Raises:
        UsageError: The text is none.
    """
    digest = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UsageError(
            f"{text!r} is no head digest",
            hint="a digest is 64 hexadecimal digits; `watch` and `run` print it as their last lines",
        )
    return digest


def find_digest(
    digest: str, folder: Folder, beginnings: Mapping[str, int], spans: Sequence[Span]
) -> Expectation:
    """Return where on the chain a digest stands.

    The digest vouches for the bytes in front of that place, so they are hashed anew here; for the segments
    before it vouches the first `prev` of each, which the check of segments compares.

    Args:
        digest: The digest.
        folder: The folder of segments.
        beginnings: Where the chain can begin: digests, each with the last record before it.
        spans: The segments that are there.
    """
    head_seq = spans[-1].last_seq if spans else 0
    seq = beginnings.get(digest)
    for span in reversed(spans):
        if seq is None:
            seq = span.last_seq if span.sha256 == digest else _seq_inside(digest, folder, span)
    if seq is None:
        return Expectation(digest=digest, is_on_chain=False)
    return Expectation(digest=digest, is_on_chain=True, seq=seq, records_after=head_seq - seq)


def _seq_inside(digest: str, folder: Folder, span: Span) -> int | None:
    """Return the seq before the append whose `prev` is the digest, if the bytes before it agree."""
    content = folder.read(segment_name(span.number))[: span.size_bytes]
    needle = b'"prev":"%b"' % digest.encode()
    at = content.find(needle)
    if at < 0:
        return None
    # All lines of that append carry the digest: the first of them is where it was the head.
    start = content.rfind(b"\n", 0, at) + 1
    record = decode(content[start : content.find(b"\n", at) + 1])
    if record is None or hashlib.sha256(content[:start]).hexdigest() != digest:
        return None
    return record.seq - 1
