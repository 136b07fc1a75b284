"""Health checks that begin to count before the application can be healthy."""

import re
from collections.abc import Sequence

from forensics.analysis.claims import Said
from forensics.analysis.patterns.trouble import COMPLETED, Trouble, lasting, middle, seconds_from
from forensics.analysis.rules.rule import DESCRIBE_TASK_DEFINITION, ECS_GUIDE, Rule
from forensics.analysis.shapes import Deployment, Task
from forensics.model.finding import Finding

ELB_RULE = Rule(
    id="grace-period-too-short",
    category="health-check-elb",
    title="The grace period may be shorter than the start",
    cause="The load balancer's checks begin to count before the tasks can be healthy.",
    remedy="Raise healthCheckGracePeriodSeconds above the time that the application needs to start.",
    docs=f"{ECS_GUIDE}/load-balancer-healthcheck.html",
    confidence=0.6,
    pattern="",
    checks=("aws ecs describe-services --cluster {cluster} --services {service}",),
)
CONTAINER_RULE = Rule(
    id="start-period-too-short",
    category="health-check-container",
    title="The start period may be shorter than the start",
    cause="The container's health check begins to count before the application can be healthy.",
    remedy="Raise startPeriod or retries of healthCheck above the time that the start needs; look at what it "
    "waits for, such as a database that does not answer.",
    docs=f"{ECS_GUIDE}/healthcheck.html",
    confidence=0.6,
    pattern="",
    checks=(DESCRIBE_TASK_DEFINITION + " --query 'taskDefinition.containerDefinitions[].healthCheck'",),
)
_ELB = re.compile(r"failed ELB health checks|unhealthy in|not healthy in", re.IGNORECASE)
_CONTAINER = re.compile(r"failed container health checks", re.IGNORECASE)
_AT_ONCE_S = 180.0
"""A task that is stopped so soon after its patience ended has never been healthy."""


def short_grace(trouble: Trouble) -> Finding | None:
    """Return the finding that tasks are stopped as unhealthy as soon as the checks may stop them."""
    return _of_balancer(trouble) or _of_container(trouble)


def _of_balancer(trouble: Trouble) -> Finding | None:
    tasks = _judged(trouble.tasks, _ELB)
    state = trouble.states[-1] if trouble.states else None
    if not tasks or state is None or state.grace_s is None:
        return None
    said = f"healthCheckGracePeriodSeconds is {state.grace_s} s"
    return _finding(trouble, ELB_RULE, tasks, patience_s=state.grace_s, said=said, evidence=[state])


def _of_container(trouble: Trouble) -> Finding | None:
    tasks = _judged(trouble.tasks, _CONTAINER)
    definition = trouble.timeline.task_definitions.get(tasks[-1].task_definition) if tasks else None
    if definition is None or not definition.health_checks:
        return None
    container, check = min(definition.health_checks, key=lambda item: item[1].patience_s)
    said = (
        f"container {container or '?'} is judged after {check.patience_s} s at the earliest (startPeriod "
        f"{check.start_s} s, {check.retries} checks every {check.interval_s} s)"
    )
    patience_s = check.patience_s
    return _finding(trouble, CONTAINER_RULE, tasks, patience_s=patience_s, said=said, evidence=[definition])


def _judged(tasks: Sequence[Task], words: re.Pattern[str]) -> list[Task]:
    """Return the tasks that ran and were stopped by a health check."""
    return [task for task in tasks if task.started_at and words.search(task.stopped_reason)]


def _finding(
    trouble: Trouble, rule: Rule, tasks: Sequence[Task], *, patience_s: int, said: str, evidence: list[Said]
) -> Finding | None:
    lived_s = middle([seconds_from(task.started_at, _ended_at(task)) for task in tasks])
    good = _last_good(trouble)
    took_s = seconds_from(good.created_at, good.at) if good else 0.0
    needs_more = took_s > patience_s
    if not needs_more and not patience_s - 1 <= lived_s <= patience_s + _AT_ONCE_S:
        return None
    cause = f"The tasks were stopped {lasting(lived_s)} after their start, and {said}."
    why = "None of them lived long past the end of that time, so none was ever seen healthy."
    if good and needs_more:
        cause += f" The last deployment that went well took {lasting(took_s)}."
        why = "A deployment that went well took longer than the checks now wait."
        evidence = [*evidence, good]
    return trouble.finding(rule, cause, [*evidence, tasks[0], tasks[-1]], why=why, count=len(tasks))


def _ended_at(task: Task) -> str:
    return task.stopping_at or task.stopped_at or task.at


def _last_good(trouble: Trouble) -> Deployment | None:
    """Return the first snapshot in which an earlier deployment had completed, of the newest such."""
    done: dict[str, Deployment] = {}
    for item in trouble.timeline.deployments.get(trouble.case.arn, []):
        if item.rollout_state == COMPLETED and item.created_at and item.id not in trouble.case.deployments:
            done.setdefault(item.id, item)
    return max(done.values(), key=lambda item: item.at, default=None)
