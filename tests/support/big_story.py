"""A deployment of thousands of events, three stacks deep, with names that nobody planned for."""

from datetime import timedelta
from typing import Any

from forensics.model.clock import to_rfc3339
from forensics.model.record import Fact
from tests.support.clock import NOON
from tests.support.histories import id_of

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROOT = "platform"
_TYPES = (
    "AWS::Lambda::Function",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::Role",
    "AWS::DynamoDB::Table",
    "Custom::DatabaseMigration",
)
CANCELLED = "Resource creation cancelled"


def stack_arn(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{id_of(name)}"


class Story:
    """Facts of stacks, in the order in which they happened."""

    def __init__(self, hostile: str = "") -> None:
        self.facts: list[Fact] = []
        self.hostile = hostile
        """Stands in every text that AWS passes on from users."""

    def event(
        self,
        stack: str,
        logical_id: str,
        kind: str,
        status: str,
        *,
        at: float,
        physical: str = "",
        reason: str = "",
    ) -> None:
        """Add one event; `at` in seconds."""
        moment = to_rfc3339(NOON + timedelta(seconds=at))
        key = id_of(stack, logical_id, status, at)
        payload: dict[str, Any] = {
            "StackId": stack_arn(stack),
            "EventId": key,
            "StackName": stack,
            "LogicalResourceId": logical_id + self.hostile,
            "PhysicalResourceId": physical or f"{stack}-{logical_id}-{id_of(logical_id)[:12].upper()}",
            "ResourceType": kind,
            "Timestamp": moment,
            "ResourceStatus": status,
            "OperationId": id_of(ROOT, "operation"),
        }
        if reason or self.hostile:
            payload["ResourceStatusReason"] = reason + self.hostile
        if physical == stack_arn(stack):
            payload["LogicalResourceId"] = stack
        self.facts.append(
            Fact(
                type="aws.cloudformation.stack_event",
                source=stack_arn(stack),
                id=key,
                data=payload,
                time=moment,
                subject=payload["LogicalResourceId"],
            )
        )

    def itself(self, stack: str, status: str, *, at: float, reason: str = "") -> None:
        """Add an event of a stack itself."""
        self.event(
            stack,
            stack,
            "AWS::CloudFormation::Stack",
            status,
            at=at,
            physical=stack_arn(stack),
            reason=reason,
        )

    def nested(
        self, parent: str, logical_id: str, child: str, status: str, *, at: float, reason: str = ""
    ) -> None:
        """Add an event of a parent about a nested stack."""
        self.event(
            parent,
            logical_id,
            "AWS::CloudFormation::Stack",
            status,
            at=at,
            physical=stack_arn(child),
            reason=reason,
        )


def big_story(events: int, hostile: str = "") -> list[Fact]:
    """Return the facts of a creation that fails in its deepest stack and is rolled back.

    Args:
        events: About how many there are.
        hostile: Stands in every logical id and reason.
    """
    story = Story(hostile)
    middle, deep = f"{ROOT}-Services-1A2B3C4D5E6F", f"{ROOT}-Services-1A2B3C4D5E6F-Checkout-9Z8Y7X6W5V4U"
    stacks = (ROOT, middle, deep)
    story.itself(ROOT, "CREATE_IN_PROGRESS", at=0, reason="User Initiated")
    story.nested(ROOT, "Services", middle, "CREATE_IN_PROGRESS", at=2)
    story.itself(middle, "CREATE_IN_PROGRESS", at=3)
    story.nested(middle, "Checkout", deep, "CREATE_IN_PROGRESS", at=4)
    story.itself(deep, "CREATE_IN_PROGRESS", at=5)
    resources = max(3, (events - 20) // 5)
    for number in range(resources):
        stack = stacks[number % 3]
        name = f"Component{number:04d}{'WithARatherLongNameAsGeneratorsMakeThem' if number % 7 == 0 else ''}"
        kind = _TYPES[number % len(_TYPES)]
        begin, took = 10 + number * 0.7, 3 + number * 37 % 400
        story.event(stack, name, kind, "CREATE_IN_PROGRESS", at=begin)
        story.event(
            stack, name, kind, "CREATE_IN_PROGRESS", at=begin + 1, reason="Resource creation Initiated"
        )
        story.event(stack, name, kind, "CREATE_COMPLETE", at=begin + took)
    broken = 500 + resources * 0.7
    denied = (
        'Resource handler returned message: "User: arn:aws:sts::123456789012:assumed-role/deploy is not '
        'authorized to perform: dynamodb:CreateTable" (RequestToken: 1234, HandlerErrorCode: AccessDenied)'
    )
    story.event(deep, "Orders", "AWS::DynamoDB::Table", "CREATE_IN_PROGRESS", at=broken - 30)
    story.event(deep, "Search", "AWS::OpenSearchService::Domain", "CREATE_IN_PROGRESS", at=broken - 300)
    story.event(deep, "Orders", "AWS::DynamoDB::Table", "CREATE_FAILED", at=broken, reason=denied)
    story.event(
        deep, "Search", "AWS::OpenSearchService::Domain", "CREATE_FAILED", at=broken + 1, reason=CANCELLED
    )
    failed = "The following resource(s) failed to create: [Orders, Search]. "
    story.itself(deep, "CREATE_FAILED", at=broken + 2, reason=failed)
    embedded = f"Embedded stack {stack_arn(deep)} was not successfully created: {failed}"
    story.nested(middle, "Checkout", deep, "CREATE_FAILED", at=broken + 3, reason=embedded)
    story.itself(middle, "CREATE_FAILED", at=broken + 4, reason="The following resource(s) failed to create.")
    story.nested(ROOT, "Services", middle, "CREATE_FAILED", at=broken + 5, reason=embedded)
    story.itself(
        ROOT, "ROLLBACK_IN_PROGRESS", at=broken + 6, reason="The following resource(s) failed to create."
    )
    for number in range(resources):
        stack = stacks[number % 3]
        name = f"Component{number:04d}{'WithARatherLongNameAsGeneratorsMakeThem' if number % 7 == 0 else ''}"
        kind = _TYPES[number % len(_TYPES)]
        begin = broken + 10 + number * 0.4
        story.event(stack, name, kind, "DELETE_IN_PROGRESS", at=begin)
        story.event(stack, name, kind, "DELETE_COMPLETE", at=begin + 2 + number * 13 % 90)
    story.itself(ROOT, "ROLLBACK_COMPLETE", at=broken + 120 + resources * 0.4)
    return sorted(story.facts, key=lambda fact: fact.time or "")
