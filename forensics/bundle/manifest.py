"""What a bundle says about itself: an in-toto statement over its members."""

from typing import Any

import msgspec

from forensics.bundle.members import MANIFEST, MEMBERS, SUMS
from forensics.model.attestation import Statement, statement
from forensics.model.record import JsonObject

PREDICATE = "urn:deploy-forensics:bundle:v1"
VOUCHED_FOR = tuple(name for name in MEMBERS if name not in (MANIFEST, SUMS))
"""The members that the manifest names; SHA256SUMS names these and the manifest."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The archive that a bundle was made from."""

    archive_id: str
    head: str
    """Its head digest at that time."""
    records: int
    verdict: str
    """What `verify` said of it then."""
    seals: tuple[JsonObject, ...]
    """{segment, sha256, digest} of each seal that it had."""


class Predicate(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a bundle, and what it was made from."""

    tool: str
    source: Source
    selection: JsonObject
    """What was asked for: attempt, since, until, stacks, services; only what was given."""
    policy: str
    """How it was redacted: ``off``, or the policy's name and version."""
    records: int
    first_seq: int
    last_seq: int
    left_out: JsonObject
    """What is not in it and why: {size: count of records left out for the size, …}."""


Manifest = Statement[Predicate]
"""manifest.json."""


def encode(digests: dict[str, str], predicate: Predicate) -> bytes:
    """Return manifest.json.

    Args:
        digests: SHA-256 of each member of `VOUCHED_FOR`.
        predicate: What is in the bundle.
    """
    return as_json(statement(PREDICATE, {name: digests[name] for name in VOUCHED_FOR}, predicate))


def decode(content: bytes) -> Manifest | None:
    """Return what manifest.json says; None where it is not what a bundle of ours says."""
    try:
        found = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if found.is_a(PREDICATE) and set(found.digests()) == set(VOUCHED_FOR) else None


def sums(digests: dict[str, str]) -> bytes:
    """Return SHA256SUMS, as ``sha256sum -c`` reads it.

    Args:
        digests: SHA-256 of every member but itself.
    """
    return "".join(f"{digests[name]}  {name}\n" for name in MEMBERS if name != SUMS).encode()


def as_json(value: Any) -> bytes:
    """Return a member that is one JSON document, for people to read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
