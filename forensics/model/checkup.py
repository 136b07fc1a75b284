"""What was found before a recording: checks, actions tried, whose credentials.

The structs are the JSON document of ``forensics doctor -o json`` (schema_version 1): fields may be added,
none is renamed or dropped.
"""

from collections.abc import Mapping

import msgspec

from forensics.model.record import JsonObject

SCHEMA_VERSION = 1

OK = "ok"
NOTE = "note"
"""Nothing fails because of it, and a person should know it."""
PROBLEM = "problem"
"""A recording would fail, or miss something."""

ALLOWED = "allowed"
DENIED = "denied"
UNDETERMINED = "undetermined"
"""The answer does not tell whether the action is allowed."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    """``region``, ``endpoint``, ``clock``, ``credentials``, ``target``, ``permissions``, ``time``,
    ``archive``, ``disk`` or ``on_event``."""
    state: str
    """``ok``, ``note`` or ``problem``."""
    text: str
    """What was found, one sentence; may quote AWS."""
    remedy: str = ""
    """What a person can do; "" where nothing is to be done, or nothing sensible can be said."""
    target: str = ""
    """For ``target``: what was asked for, such as ``stack shop``; else ""."""
    facts: Mapping[str, str | int | float | None] = {}
    """The figures in the text, such as ``skew_s``, ``expires_at`` or ``free_bytes``."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One IAM action that was tried for real."""

    action: str
    outcome: str
    """``allowed``, ``denied`` or ``undetermined``."""
    is_needed: bool
    """False where only details are missing without it."""
    about: str
    """What was asked about, such as ``stack shop``; "" for what concerns no single thing."""
    is_invented: bool
    """That thing was made up, because nothing real was found to ask about."""
    reason: str
    """AWS's own words where it did not answer plainly; else ""."""


class SiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one account and region."""

    label: str
    """As logs and the settings call it."""
    region: str
    """ "" where the way to AWS could not even be made."""
    identity: JsonObject | None
    """Whose credentials are in use, as the archive keeps it; None where AWS did not say."""
    checks: tuple[Check, ...]
    actions: tuple[Tried, ...]


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found."""

    schema_version: int = SCHEMA_VERSION
    is_ready: bool
    """No check found a problem."""
    at: str
    """When it was looked, RFC 3339."""
    expect_duration_s: float
    sites: tuple[SiteReport, ...]
    checks: tuple[Check, ...]
    """What concerns the recording as a whole: archive, disk, the command of --on-event."""
    missing_policy: JsonObject | None
    """A policy document with the actions that are denied; None where none is."""

    def every_check(self) -> tuple[Check, ...]:
        """Return the checks of all sites and of the whole."""
        return (*(check for site in self.sites for check in site.checks), *self.checks)
