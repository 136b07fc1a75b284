"""The rules of every pattern over time, in one tuple."""

from forensics.analysis.patterns import (
    complete_but_failed,
    never_desired,
    no_breaker,
    overlapping,
    retrying,
    revisions,
    schedules,
    short_grace,
    stuck_deployment,
    stuck_rollback,
    unfinished,
)
from forensics.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    unfinished.RULE,
    stuck_rollback.RULE,
    complete_but_failed.RULE,
    short_grace.ELB_RULE,
    short_grace.CONTAINER_RULE,
    retrying.RULE,
    stuck_deployment.RULE,
    overlapping.RULE,
    no_breaker.RULE,
    revisions.RULE,
    never_desired.RULE,
    schedules.RULE,
)
