"""A service that never had as many tasks as it wants."""

from forensics.analysis.patterns.trouble import Trouble, lasting, seconds_from
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.model.finding import Finding

RULE = Rule(
    id="desired-count-never-reached",
    category="timeout-not-stabilized",
    title="The desired count was never reached",
    cause="As long as the deployment was watched it never ran as many tasks as it wants.",
    remedy="Mend why tasks fail or are not placed; a lower desired count only helps where capacity is short.",
    docs=f"{ECS_GUIDE}/service-event-messages.html",
    confidence=0.85,
    pattern="",
    checks=(DESCRIBE_SERVICE,),
)
_WATCHED_S = 600.0
_FEWEST_SNAPSHOTS = 2


def never_desired(trouble: Trouble) -> Finding | None:
    """Return the finding that no snapshot of the deployment ran as many tasks as it wants."""
    seen = trouble.deployment
    if seen is None:
        return None
    snapshots = [
        item
        for item in trouble.timeline.deployments.get(trouble.case.arn, [])
        if item.id == seen.id and item.desired
    ]
    if len(snapshots) < _FEWEST_SNAPSHOTS:
        return None
    wanted = max(item.desired for item in snapshots)
    most = max(snapshots, key=lambda item: item.running)
    last_at = snapshots[-1].at if trouble.is_failed else trouble.until
    watched_s = seconds_from(seen.created_at or snapshots[0].at, last_at)
    if most.running >= wanted or (watched_s < _WATCHED_S and not trouble.is_failed):
        return None
    cause = f"At most {most.running} of {wanted} tasks of {seen.id} ran at once in {lasting(watched_s)}."
    why = f"{len(snapshots)} snapshots of the deployment are known, none with enough running tasks."
    return trouble.finding(RULE, cause, [snapshots[0], most, snapshots[-1]], why=why)
