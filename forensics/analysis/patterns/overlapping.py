"""Two deployments of one service at once."""

from forensics.analysis.patterns.trouble import IN_PROGRESS, Trouble
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.model.finding import Finding

RULE = Rule(
    id="deployments-overlap",
    category="deploy-cancelled",
    title="Deployments of the service overlap",
    cause="A deployment began while the one before it was still in progress.",
    remedy="Let one finish or stop it before the next begins; pipelines that share a service need a lock.",
    docs=f"{ECS_GUIDE}/deployment-type-ecs.html",
    confidence=0.85,
    pattern="",
    checks=(DESCRIBE_SERVICE,),
)


def overlapping(trouble: Trouble) -> Finding | None:
    """Return the finding that one snapshot of the service shows several deployments in progress."""
    for state in reversed(trouble.states):
        busy = [item for item in state.deployments if item.rollout_state == IN_PROGRESS]
        if len(busy) < 2:
            continue
        named = ", ".join(f"{item.id} ({item.task_definition.rpartition('/')[2] or '?'})" for item in busy)
        definitions = {item.task_definition for item in busy}
        same = " All ask for the same task definition." if len(definitions) == 1 else ""
        cause = f"{len(busy)} deployments of the service were in progress at once: {named}.{same}"
        why = "One description of the service lists them together, each IN_PROGRESS."
        return trouble.finding(RULE, cause, [state], why=why, count=len(busy))
    return None
