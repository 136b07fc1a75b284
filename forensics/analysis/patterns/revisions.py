"""What was asked for against what runs: task definition revisions and images."""

from forensics.analysis.claims import Said
from forensics.analysis.patterns.trouble import Trouble
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.analysis.service_shapes import ServiceState, TaskDefinition
from forensics.analysis.shapes import Deployment
from forensics.analysis.wording import short_name
from forensics.model.finding import Finding

RULE = Rule(
    id="old-revision-runs",
    category="scheduler-stuck-circuit-breaker",
    title="What runs is not what was asked for",
    cause="The service runs tasks of another task definition revision than the deployment asks for.",
    remedy="Nothing new is in service yet: mend the deployment before looking for caches or old images.",
    docs=f"{ECS_GUIDE}/deployment-type-ecs.html",
    confidence=0.9,
    pattern="",
    checks=(
        DESCRIBE_SERVICE + " --query 'services[].deployments[].[id,status,taskDefinition,runningCount]'",
    ),
)


def revisions(trouble: Trouble) -> Finding | None:
    """Return the finding that only another revision than the one asked for runs."""
    asked = trouble.deployment
    is_in_trouble = trouble.is_failed or trouble.failed_count > 0
    if asked is None or not asked.task_definition or not is_in_trouble:
        return None
    pair = _old_beside(trouble.states, asked)
    if pair is None:
        return None
    state, old = pair
    known = trouble.timeline.task_definitions
    new, running = known.get(asked.task_definition), known.get(old.task_definition)
    cause = (
        f"Asked for: {_named(asked.task_definition, new)}. "
        f"Running: {_named(old.task_definition, running)} ({old.running} tasks)."
    )
    evidence: list[Said] = [state, *(item for item in (new, running) if item is not None)]
    why = "The service's own description shows tasks of the old revision only."
    return trouble.finding(RULE, cause, evidence, why=why)


def _old_beside(
    states: tuple[ServiceState, ...], asked: Deployment
) -> tuple[ServiceState, Deployment] | None:
    """Return the newest state with tasks of another revision and none of the one asked for."""
    for state in reversed(states):
        wanted = next((item for item in state.deployments if item.id == asked.id), None)
        if wanted is not None and wanted.running:
            return None
        for item in state.deployments:
            if item.id != asked.id and item.running and item.task_definition != asked.task_definition:
                return state, item
        if wanted is not None:
            return None
    return None


def _named(arn: str, definition: TaskDefinition | None) -> str:
    """Return a revision with its images, as far as they are known."""
    images = [image for _, image in definition.images if image] if definition else []
    return f"{short_name(arn)} with {', '.join(images)}" if images else short_name(arn)
