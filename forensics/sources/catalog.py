"""Every source there is, for the docs and for the IAM policy."""

from forensics.sources.base import Source
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stacks import Stacks
from forensics.sources.stopped_tasks import StoppedTasks

CATALOG: tuple[Source, ...] = (Stacks(lambda _name, _arn: True), StackEvents(), Services(), StoppedTasks())
"""One of each, in the order of the docs."""
