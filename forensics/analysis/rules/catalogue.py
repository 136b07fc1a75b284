"""Every rule, in one tuple."""

from forensics.analysis.rules import (
    codes,
    health,
    images,
    network,
    operations,
    permissions,
    placement,
    secrets,
    stacks,
    startup,
    storage,
    types,
)
from forensics.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *secrets.RULES,
    *images.RULES,
    *startup.RULES,
    *health.RULES,
    *placement.RULES,
    *network.RULES,
    *storage.RULES,
    *permissions.RULES,
    *operations.RULES,
    *stacks.RULES,
    *codes.RULES,
    *types.RULES,
)
"""Of rules that are equally sure, the first is taken: the more special subjects stand first."""
