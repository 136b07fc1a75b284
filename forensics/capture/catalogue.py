"""Every source that a recording reads."""

from forensics.sources.base import Source
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stacks import Stacks, Wanted
from forensics.sources.stopped_tasks import StoppedTasks


def all_sources(wanted: Wanted) -> tuple[Source, ...]:
    """Return one of each source.

    Args:
        wanted: Tells the survey which stacks to report.
    """
    return (Stacks(wanted), StackEvents(), Services(), StoppedTasks())
