"""What a bundle is made of, and how large it may be."""

import msgspec

README = "README.md"
SUMMARY = "summary.md"
REPORT = "report.html"
EVENTS = "events.jsonl"
COVERAGE = "coverage.json"
MANIFEST = "manifest.json"
REDACTION = "redaction.json"
SUMS = "SHA256SUMS"

MEMBERS = (README, SUMMARY, REPORT, EVENTS, COVERAGE, REDACTION, MANIFEST, SUMS)
"""Every member in its order; a bundle holds each once, and nothing else."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle from somebody else may cost whoever opens it."""

    file_bytes: int = 512 << 20
    """The zip itself."""
    member_bytes: int = 1 << 30
    """One member, unpacked."""
    total_bytes: int = 2 << 30
    """All members, unpacked."""
    ratio: int = 250
    """A member's unpacked size over its packed one; our own lines reach some 30."""
    small_bytes: int = 32 << 20
    """A member that is read whole: all but the events."""
    line_bytes: int = 20 << 20
    """One line of the events; a payload has 16 MiB at most."""
