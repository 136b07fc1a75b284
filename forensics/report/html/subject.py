"""What a report is about: one attempt, and what went on beside it."""

from forensics.analysis.attempts import Operation, cut, numbered, roots
from forensics.analysis.course import Course, course_of
from forensics.analysis.timeline import Timeline
from forensics.model.finding import Attempt, Diagnosis


def attempt_of(diagnosis: Diagnosis, number: int | None) -> Attempt | None:
    """Return the attempt to draw: that of a number, else the newest that failed, else the newest."""
    if number is None:
        return next(iter(diagnosis.attempts), None)
    return next((item for item in diagnosis.attempts if item.number == number), None)


def course_of_attempt(timeline: Timeline, attempt: Attempt | None) -> Course:
    """Return the course of an attempt and of other stacks' attempts at the same time.

    Args:
        timeline: Everything known.
        attempt: None for everything.
    """
    stacks = numbered({arn: cut(timeline.stacks[arn]) for arn in roots(timeline.stacks)})
    operations = [operation for found in stacks.values() for operation in found]
    chosen = next((item for item in operations if attempt and item.number == attempt.number), None)
    if chosen is None:
        return course_of(timeline)
    return course_of(timeline, [item for item in operations if item is chosen or _beside(item, chosen)])


def _beside(item: Operation, chosen: Operation) -> bool:
    # Without its beginning it has no window to compare: it may be of any time.
    if item.stack == chosen.stack or not item.has_beginning:
        return False
    return chosen.window.touches(item.started_at, item.ended_at)
