"""What saved output names and does not hold."""

from collections.abc import Iterator, Sequence

from forensics.model.identity import parse_service_arn, parse_stack_arn
from forensics.model.record import Fact
from forensics.saved.cloudformation import STACK_EVENT
from forensics.saved.ecs import SERVICE, SERVICE_EVENT
from forensics.saved.found import text

_STACK = "AWS::CloudFormation::Stack"
_SERVICE = "AWS::ECS::Service"


def absent(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield a sentence for each nested stack and service that stacks' events lead to and nothing tells of."""
    stacks = {fact.source for fact in facts if fact.type == STACK_EVENT}
    services = {fact.source for fact in facts if fact.type in {SERVICE, SERVICE_EVENT}}
    named: dict[str, None] = {}
    for fact in facts:
        if fact.type == STACK_EVENT:
            named |= dict.fromkeys(_leads(fact, stacks, services))
    yield from named


def _leads(fact: Fact, stacks: set[str], services: set[str]) -> Iterator[str]:
    kind, physical = text(fact.data, "ResourceType"), text(fact.data, "PhysicalResourceId")
    if kind == _STACK and physical not in stacks and (stack := parse_stack_arn(physical)):
        yield f"the events of nested stack {stack.name} were not saved"
    if kind == _SERVICE and physical not in services and (service := parse_service_arn(physical)):
        yield f"what ECS says about service {service.name} was not saved"
