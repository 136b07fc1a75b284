"""A service that nothing stops from starting failing tasks for ever."""

from forensics.analysis.patterns.trouble import Trouble
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.model.finding import Finding

RULE = Rule(
    id="no-circuit-breaker",
    category="scheduler-stuck-circuit-breaker",
    title="The service has no deployment circuit breaker",
    cause="No circuit breaker is configured: ECS goes on starting tasks that fail, without an end.",
    remedy="Turn on deploymentConfiguration.deploymentCircuitBreaker of the service, with rollback.",
    docs=f"{ECS_GUIDE}/deployment-circuit-breaker.html",
    confidence=0.9,
    pattern="",
    checks=(DESCRIBE_SERVICE + " --query 'services[].deploymentConfiguration'",),
)
_FEWEST_FAILED = 3


def no_breaker(trouble: Trouble) -> Finding | None:
    """Return the finding that failing tasks meet no circuit breaker; only ECS's own controller has one."""
    if not trouble.states or trouble.is_failed or trouble.failed_count < _FEWEST_FAILED:
        return None
    state = trouble.states[-1]
    if state.has_breaker is not False or state.controller not in {"", "ECS"}:
        return None
    cause = f"{RULE.cause} So far {trouble.failed_count} have failed."
    why = "The service's own description has the breaker off, and its tasks keep failing."
    return trouble.finding(RULE, cause, [state], why=why)
