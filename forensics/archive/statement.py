"""One-line JSON documents that close with a digest of themselves: the manifest, the seals."""

import hashlib
from typing import Any

import msgspec

_OPENS_DIGEST = b',"digest":"'
_CLOSES = b'"}\n'
_TAIL_BYTES = len(_OPENS_DIGEST) + 64 + len(_CLOSES)


class BadStatement(ValueError):
    """The bytes are not a statement, or not the one that was written."""


def close_statement(content: Any) -> tuple[bytes, str]:
    """Return a statement's bytes with its digest.

    Args:
        content: What `msgspec` encodes as a JSON object with at least one field.
    """
    body = msgspec.json.encode(content)[:-1]
    digest = hashlib.sha256(body).hexdigest()
    return body + _OPENS_DIGEST + digest.encode() + _CLOSES, digest


def digest_of(statement: bytes) -> str:
    """Return the digest that a statement closes with.

    Raises:
        BadStatement: A bit of it is not what was written.
    """
    body = statement[:-_TAIL_BYTES]
    digest = hashlib.sha256(body).hexdigest()
    if statement[len(body) :] != _OPENS_DIGEST + digest.encode() + _CLOSES:
        raise BadStatement("its digest does not match its content")
    return digest
