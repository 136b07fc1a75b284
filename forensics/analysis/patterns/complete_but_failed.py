"""A stack that says it is complete while the deployment of its service failed."""

from collections.abc import Mapping

from forensics.analysis.checks import checks, region_of, values_of_service
from forensics.analysis.claims import claim, subject_of_service
from forensics.analysis.classify import Match
from forensics.analysis.ecs import ServiceCase
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, Rule
from forensics.analysis.shapes import ECS_SERVICE, StackEvent
from forensics.analysis.statuses import SUCCEEDED
from forensics.analysis.timeline import Timeline
from forensics.model.finding import CONTEXT, Finding

RULE = Rule(
    id="stack-complete-deployment-failed",
    category="scheduler-stuck-circuit-breaker",
    title="The stack is complete, its service is not",
    cause="The stack says that it is complete, but the deployment of its service failed afterwards.",
    remedy="Mend the deployment and deploy again: what runs is not what the template asks for. Let the "
    "pipeline wait for the service too.",
    docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html",
    confidence=0.95,
    pattern="",
    checks=(DESCRIBE_SERVICE,),
)


def owners(timeline: Timeline) -> dict[str, StackEvent]:
    """Return by service ARN the newest event of the resource that the service is in its stack."""
    found: dict[str, StackEvent] = {}
    for events in timeline.stacks.values():
        for event in events:
            if event.resource_type == ECS_SERVICE and event.physical_id:
                known = found.get(event.physical_id)
                if known is None or known.at <= event.at:
                    found[event.physical_id] = event
    return found


def complete_but_failed(
    case: ServiceCase, timeline: Timeline, owned: Mapping[str, StackEvent]
) -> Finding | None:
    """Return the finding that a service failed whose stack says it is complete; None where it does not.

    Args:
        case: The failed service.
        timeline: Everything known.
        owned: What `owners` returns.
    """
    resource = owned.get(case.arn)
    own = (
        [event for event in timeline.stacks.get(resource.stack_id, []) if event.is_of_stack]
        if resource
        else []
    )
    if resource is None or not own or own[-1].status not in SUCCEEDED:
        return None
    end = own[-1]
    cause = f"The stack {end.stack_name} says {end.status}, but the deployment of its service failed."
    if timeline.modes.get(end.stack_id) == "EXPRESS":
        cause += " It was deployed in EXPRESS mode, which does not wait for services."
    return claim(
        Match(RULE, {}),
        subject=subject_of_service(case.arn, resource),
        evidence=[end, *case.messages[-1:]],
        why="The stack's newest event is the end of an operation that went well; the service says otherwise.",
        role=CONTEXT,
        cause=cause,
        checks=checks(RULE.checks, values_of_service(case.arn), region=region_of(case.arn)),
    )
