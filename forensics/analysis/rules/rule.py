"""What a rule is: a pattern over AWS's words, and what it means."""

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One known cause, told by the words that AWS uses for it."""

    id: str
    """Stable name, such as ``ecs-secret-unreadable``."""
    category: str
    title: str
    """A few words for a heading."""
    cause: str
    """One sentence that says what went wrong."""
    names: str = ""
    """A sentence added where the pattern captured every ``{name}`` in it."""
    remedy: str
    """What to do about it."""
    docs: str
    confidence: float
    """How sure the words make it, 0 to 1; of the rules that match, the surest is taken."""
    pattern: str
    """Regular expression, case does not matter; its named groups fill ``names`` and ``checks``."""
    resource: str = ""
    """Regular expression over the resource type; "" for any, tasks and services included."""
    checks: tuple[str, ...] = ()
    """Commands with ``{name}`` places; one whose places cannot all be filled is left out."""
    fitted: bool = False
    """Whether its pattern rests on the wording of a single known message, and may not know others."""


ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
CLOUDFORMATION_GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide"

DESCRIBE_TASK = "aws ecs describe-tasks --cluster {cluster} --tasks {task}"
DESCRIBE_SERVICE = "aws ecs describe-services --cluster {cluster} --services {service}"
DESCRIBE_TASK_DEFINITION = "aws ecs describe-task-definition --task-definition {task_definition}"
STACK_FAILURES = "aws cloudformation describe-events --stack-name {stack} --filters FailedEvents=true"

NEAR = r"(?:\S*\s){0,10}?\S*?"
"""What may stand between two parts of a pattern: up to ten words."""
SOME = r"(?:\S*\s){0,50}?\S*?"
FAR = r"(?:\S*\s){0,200}?\S*?"
"""Words are counted, not characters: names are as long as somebody made them."""
