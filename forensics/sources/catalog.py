"""Every source there is, for the docs and for the IAM policy."""

from forensics.sources.base import Source
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stacks import Stacks
from forensics.sources.stopped_tasks import StoppedTasks

CATALOG: tuple[Source, ...] = (Stacks(lambda _name, _arn: True), StackEvents(), Services(), StoppedTasks())
"""One of each, in the order of the docs."""


def actions(sources: tuple[Source, ...] = CATALOG, *, optional: bool = True) -> list[str]:
    """Return the IAM actions that sources need, sorted, each once.

    Args:
        sources: Whose actions.
        optional: Also those that are used where allowed.
    """
    needed = {"sts:GetCallerIdentity"}
    for source in sources:
        needed.update(source.operations)
        needed.update(source.optional_operations if optional else ())
    return sorted(needed)
