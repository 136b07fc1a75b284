"""Every pattern over time of one service."""

from collections.abc import Callable

from forensics.analysis.ecs import ServiceCase
from forensics.analysis.patterns.never_desired import never_desired
from forensics.analysis.patterns.no_breaker import no_breaker
from forensics.analysis.patterns.overlapping import overlapping
from forensics.analysis.patterns.retrying import retrying
from forensics.analysis.patterns.revisions import revisions
from forensics.analysis.patterns.short_grace import short_grace
from forensics.analysis.patterns.stuck_deployment import stuck_deployment
from forensics.analysis.patterns.trouble import Trouble, trouble_of
from forensics.analysis.shapes import StackEvent
from forensics.analysis.timeline import Timeline, Window
from forensics.model.finding import Finding

PATTERNS: tuple[Callable[[Trouble], Finding | None], ...] = (
    short_grace,
    retrying,
    stuck_deployment,
    overlapping,
    no_breaker,
    revisions,
    never_desired,
)
"""In the order in which their findings are listed: what could explain the failure stands first."""


def patterns_of(
    case: ServiceCase, timeline: Timeline, window: Window, resource: StackEvent | None = None
) -> list[Finding]:
    """Return what shows over time about a service in trouble; nothing where its deployment went well.

    Args:
        case: What stands behind the failure.
        timeline: Everything known.
        window: The span that matters.
        resource: An event of the resource that the service is in its stack.
    """
    trouble = trouble_of(case, timeline, window, resource)
    if trouble is None:
        return []
    return [found for pattern in PATTERNS if (found := pattern(trouble)) is not None]
