"""An in-toto statement: what somebody says of things that digests name.

The shape is https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
"""

from typing import Generic, TypeVar

import msgspec

STATEMENT = "https://in-toto.io/Statement/v1"

Said = TypeVar("Said")


class Digest(msgspec.Struct, frozen=True):
    """The digests of a thing."""

    sha256: str
    """Hex."""


class Subject(msgspec.Struct, frozen=True):
    """A thing of which something is said."""

    name: str
    digest: Digest


class Statement(
    msgspec.Struct,
    Generic[Said],
    frozen=True,
    kw_only=True,
    rename={"statement": "_type", "kind": "predicateType"},
):
    """A statement, and what kind of thing it says."""

    statement: str = STATEMENT
    subject: tuple[Subject, ...]
    kind: str
    predicate: Said

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each thing by its name."""
        return {subject.name: subject.digest.sha256 for subject in self.subject}

    def is_a(self, kind: str) -> bool:
        """Tell whether it is an in-toto statement that says this kind of thing."""
        return (self.statement, self.kind) == (STATEMENT, kind)


def statement(kind: str, digests: dict[str, str], predicate: Said) -> Statement[Said]:
    """Return a statement.

    Args:
        kind: What kind of thing it says.
        digests: SHA-256, hex, of each thing by its name.
        predicate: What it says.
    """
    subjects = tuple(Subject(name, Digest(digest)) for name, digest in digests.items())
    return Statement(subject=subjects, kind=kind, predicate=predicate)
