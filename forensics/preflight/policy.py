"""The least IAM policy, from what the sources declare."""

import difflib
from collections.abc import Collection, Iterable

from forensics.capture.discovery import OPERATIONS as DISCOVERY
from forensics.errors import UsageError
from forensics.model.policy import Action, Statement
from forensics.sources.base import Source
from forensics.sources.catalog import CATALOG

NEEDED = "DeployForensicsNeeds"
OPTIONAL = "DeployForensicsUsesWhereAllowed"
IDENTITY = "sts:GetCallerIdentity"
"""Asks whose credentials are in use; AWS allows it to everybody, so that no policy has to."""

_WHY = {
    NEEDED: "Without one of these, what it reads is missing from the recording.",
    OPTIONAL: "Without these, details are missing; everything else goes on.",
}


def chosen(names: Iterable[str]) -> tuple[Source, ...]:
    """Return the sources of these names, in the order of the catalogue; all of them where none is named.

    Raises:
        UsageError: There is no source of a name.
    """
    wanted = set(names)
    known = [source.name for source in CATALOG]
    for name in sorted(wanted - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        asked = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"{name!r} is not a source", hint=f"{asked}the sources are {', '.join(known)}")
    return tuple(source for source in CATALOG if source.name in wanted or not wanted)


def statements(
    sources: Collection[Source] = CATALOG, *, only: Collection[str] | None = None
) -> tuple[Statement, ...]:
    """Return what sources need and what they use where allowed, as statements that are not empty.

    Args:
        sources: Whose actions.
        only: Leave out every other action; None keeps all.
    """
    found = []
    for sid, names in ((NEEDED, needed(sources)), (OPTIONAL, optional(sources))):
        kept = sorted(name for name in names if only is None or name in only)
        actions = tuple(Action(name=name, used_for=used_for(name, sources)) for name in kept)
        if actions:
            found.append(Statement(sid=sid, why=_WHY[sid], actions=actions))
    return tuple(found)


def needed(sources: Collection[Source] = CATALOG) -> set[str]:
    """Return the actions without which something is not recorded: of sources, and to find their targets."""
    required = {action for source in sources for action in source.operations}
    return required | (_finding(sources) - _declared_optional(sources))


def optional(sources: Collection[Source] = CATALOG) -> set[str]:
    """Return the actions without which details are missing."""
    return _declared_optional(sources) - needed(sources)


def used_for(action: str, sources: Collection[Source] = CATALOG) -> str:
    """Return who asks for an action: sources, and the finding of targets."""
    users = [source.name for source in sources if action in (*source.operations, *source.optional_operations)]
    if action in DISCOVERY:
        users.append("finding targets")
    return ", ".join(users)


def _declared_optional(sources: Collection[Source]) -> set[str]:
    return {action for source in sources for action in source.optional_operations}


def _finding(sources: Collection[Source]) -> set[str]:
    """Return the actions that find the targets of these sources: those of the same AWS services."""
    services = {action.partition(":")[0] for source in sources for action in source.operations}
    return {action for action in DISCOVERY if action.partition(":")[0] in services}
