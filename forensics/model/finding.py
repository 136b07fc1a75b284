"""What a diagnosis says: findings with evidence, attempts, coverage.

The structs are the JSON document of ``forensics explain -o json`` (schema_version 1): fields may be
added, none is renamed or dropped.
"""

import msgspec

from forensics.model.record import Gap

SCHEMA_VERSION = 1

CAUSE = "cause"
ROLLBACK = "rollback"
CONTEXT = "context"


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a finding is about; only what is known is given."""

    stack: str | None = None
    logical_id: str | None = None
    resource_type: str | None = None
    service: str | None = None
    task: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One record that a finding rests on."""

    seq: int
    """The record's seq; for input that is no archive, its position there."""
    key: str
    at: str
    """When AWS says it happened, RFC 3339."""
    text: str
    """AWS's own words, whole."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One claim about why something failed."""

    rule: str
    category: str
    title: str
    cause: str
    confidence: float
    """0 to 1."""
    subject: Subject
    evidence: tuple[Evidence, ...]
    """At least one; oldest first."""
    count: int = 1
    """How many times the same thing was seen."""
    why: str = ""
    """Why this was chosen over the others."""
    alternatives: tuple[str, ...] = ()
    remedy: str = ""
    checks: tuple[str, ...] = ()
    """Commands that a person can run to check it."""
    docs: str = ""
    gaps: tuple[str, ...] = ()
    role: str = CAUSE
    """cause; rollback: it failed while the operation was being undone; context: a fact about the failure
    that is never its cause."""
    attempt: int | None = None
    """Number of the attempt that it explains; None where no stack's operation is known."""
    first_at: str = ""
    """When the first of what was counted happened, RFC 3339."""
    last_at: str = ""
    exit_codes: tuple[int, ...] = ()
    """Of the containers of the tasks that were counted, each once, ascending."""
    images: tuple[str, ...] = ()
    """Of the tasks that were counted, each once, with the digest where ECS gave one."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One operation on a stack, its rollback included."""

    stack: str
    operation: str
    """CREATE_STACK, UPDATE_STACK, DELETE_STACK, IMPORT_STACK, CREATE_CHANGESET or UNKNOWN."""
    started_at: str
    ended_at: str | None
    outcome: str
    """failed, succeeded or in_progress."""
    number: int = 0
    """1 for the oldest attempt that is known, over all stacks; later ones never change it."""


class Consequences(msgspec.Struct, frozen=True, kw_only=True):
    """Failures that only followed from another one."""

    count: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the archive saw everything it watched."""

    complete: bool
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...] = ()
    """Sentences on what is missing, or may be, beside the gaps, and on what AWS told in two ways."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "what failed first, and why"; findings are ranked, the first is the cause."""

    schema_version: int = SCHEMA_VERSION
    outcome: str
    """failed, succeeded, in_progress, nothing_found or could_not_look."""
    attempts: tuple[Attempt, ...]
    findings: tuple[Finding, ...]
    consequences: Consequences
    coverage: Coverage
    not_recorded: tuple[str, ...] = ()
    """Sentences on what no archive holds and could say more: where else to look."""
