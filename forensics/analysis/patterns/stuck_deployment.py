"""A deployment that neither completes nor fails."""

from forensics.analysis.patterns.trouble import IN_PROGRESS, Trouble, lasting, seconds_from
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.model.finding import Finding

RULE = Rule(
    id="deployment-stuck",
    category="scheduler-stuck-circuit-breaker",
    title="The deployment is stuck in progress",
    cause="The deployment has been in progress for much longer than it should take.",
    remedy="Mend why its tasks do not stay; until then set the service back to a task definition that works.",
    docs=f"{ECS_GUIDE}/deployment-type-ecs.html",
    confidence=0.85,
    pattern="",
    checks=(DESCRIBE_SERVICE,),
)
_LONG_S = 3600.0
_LONG_WITH_FAILURES_S = 1200.0
_FEWEST_FAILED = 3


def stuck_deployment(trouble: Trouble) -> Finding | None:
    """Return the finding that the deployment has been in progress for too long with tasks missing."""
    seen = trouble.deployment
    if seen is None or seen.rollout_state != IN_PROGRESS or not seen.created_at:
        return None
    age_s = seconds_from(seen.created_at, trouble.until)
    limit_s = _LONG_WITH_FAILURES_S if trouble.failed_count >= _FEWEST_FAILED else _LONG_S
    if age_s < limit_s or seen.running >= max(1, seen.desired):
        return None
    failed = f", {trouble.failed_count} have failed" if trouble.failed_count else ""
    span = f"IN_PROGRESS for {lasting(age_s)}, since {seen.created_at}"
    verb = "was" if trouble.is_over else "has been"
    cause = f"Deployment {seen.id} {verb} {span}: {seen.running} of {seen.desired} tasks run{failed}."
    why = "Its newest snapshot is still in progress, and fewer tasks run than it wants."
    return trouble.finding(RULE, cause, [seen], why=why, first_at=seen.created_at)
