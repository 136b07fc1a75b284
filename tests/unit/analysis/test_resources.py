"""Resources over time: what was done to each, when, and how it ended."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.attempts import cut, roots
from forensics.analysis.resources import ResourceRow, StackRow, resources_of, under_way
from forensics.analysis.timeline import Timeline
from tests.unit.analysis.records import CHILD, STACK, Book, at

NESTED = "AWS::CloudFormation::Stack"


def rows_of(book: Book) -> tuple[StackRow, ...]:
    timeline = Timeline.of(book.records)
    return resources_of(
        timeline, [item for arn in roots(timeline.stacks) for item in cut(timeline.stacks[arn])]
    )


def named(row: StackRow, name: str) -> ResourceRow:
    return next(item for item in row.resources if item.logical_id == name)


def rolled_back() -> Book:
    """A nested stack's topic fails; the database is cancelled; everything is deleted."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", "User Initiated")
    book.resource("Database", "CREATE_IN_PROGRESS")
    book.resource("Child", "CREATE_IN_PROGRESS", kind=NESTED)
    book.resource("Child", "CREATE_IN_PROGRESS", "Resource creation Initiated", kind=NESTED, physical=CHILD)
    book.stack("CREATE_IN_PROGRESS", stack=CHILD)
    book.resource("Topic", "CREATE_IN_PROGRESS", stack=CHILD)
    book.resource("Topic", "CREATE_FAILED", "Bad name", stack=CHILD)
    book.stack("CREATE_FAILED", "The following resource(s) failed to create: [Topic].", stack=CHILD)
    book.resource(
        "Child", "CREATE_FAILED", f"Embedded stack {CHILD} was not successfully created", kind=NESTED
    )
    book.resource("Database", "CREATE_FAILED", "Resource creation cancelled")
    book.stack("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Child, Database].")
    book.resource("Child", "DELETE_IN_PROGRESS", kind=NESTED, physical=CHILD)
    book.stack("DELETE_IN_PROGRESS", stack=CHILD)
    book.resource("Topic", "DELETE_IN_PROGRESS", stack=CHILD)
    book.resource("Topic", "DELETE_COMPLETE", stack=CHILD)
    book.stack("DELETE_COMPLETE", stack=CHILD)
    book.resource("Child", "DELETE_COMPLETE", kind=NESTED, physical=CHILD)
    book.stack("ROLLBACK_COMPLETE")
    return book


def test_each_action_on_a_resource_is_one_interval() -> None:
    topic = named(rows_of(rolled_back())[1], "Topic")
    assert [(item.action, item.result, item.is_undoing) for item in topic.intervals] == [
        ("CREATE", "failed", False),
        ("DELETE", "done", True),
    ]
    assert (topic.intervals[0].started_at, topic.intervals[0].ended_at) == (at(5), at(6))
    assert topic.failure is not None
    assert topic.failure.reason == "Bad name"


def test_nested_stacks_come_after_their_parent_with_their_own_rollback() -> None:
    parent, child = rows_of(rolled_back())
    assert (parent.arn, parent.parent, parent.depth) == (STACK, None, 0)
    assert (child.arn, child.parent, child.depth) == (CHILD, STACK, 1)
    assert [(band.since, band.until) for band in parent.rollbacks] == [(at(10), at(17))]
    assert [(band.since, band.until) for band in child.rollbacks] == [(at(12), at(15))]


def test_a_stack_that_begins_to_roll_back_has_failed_at_what_it_did() -> None:
    parent = rows_of(rolled_back())[0]
    assert [(item.action, item.result) for item in parent.own] == [("CREATE", "failed"), ("ROLLBACK", "done")]


def test_what_was_cancelled_is_no_failure_and_was_still_under_way_at_the_rollback() -> None:
    """Which resources were still creating is what the people of deployment 67 could not tell."""
    parent = rows_of(rolled_back())[0]
    database = named(parent, "Database")
    assert database.intervals[0].result == "cancelled"
    assert database.failure is None
    assert [found.logical_id for found, _ in under_way(parent, parent.rollbacks[0].since)] == ["Database"]
    assert named(parent, "Child").intervals[0].follows


def test_an_action_without_its_beginning_has_no_duration() -> None:
    book = Book()
    book.resource("Topic", "CREATE_COMPLETE")
    item = rows_of(book)[0].resources[0].intervals[0]
    assert not item.has_beginning
    assert item.started_at == item.ended_at


def test_an_action_whose_end_was_never_said_ends_where_the_next_begins() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_IN_PROGRESS")
    book.stack("ROLLBACK_IN_PROGRESS")
    book.resource("Topic", "DELETE_IN_PROGRESS")
    first, second = rows_of(book)[0].resources[0].intervals
    assert (first.result, first.ended_at) == ("unsaid", second.started_at)
    assert (second.result, second.ended_at) == ("open", None)


def test_cleaning_up_is_part_of_the_update() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS")
    book.stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    book.stack("UPDATE_COMPLETE")
    (own,) = rows_of(book)[0].own
    assert (own.action, own.result, own.ended_at) == ("UPDATE", "done", at(2))


def test_a_gap_is_on_the_row_of_its_own_stack() -> None:
    book = rolled_back()
    book.gap(f"stack_events {CHILD}", 3, 5)
    book.gap(f"stack_events {CHILD}", 500, 501)
    parent, child = rows_of(book)
    assert parent.gaps == ()
    assert [gap.since for gap in child.gaps] == [at(3)]


_STATUSES = [
    f"{action}_{how}"
    for action in ("CREATE", "UPDATE", "DELETE", "UPDATE_ROLLBACK", "ROLLBACK", "UPDATE_COMPLETE_CLEANUP")
    for how in ("IN_PROGRESS", "COMPLETE", "FAILED")
] + ["DELETE_SKIPPED", "", "SOMETHING_NEW"]


@given(st.lists(st.tuples(st.sampled_from(["stack", "A", "B"]), st.sampled_from(_STATUSES)), min_size=1))
def test_intervals_follow_each_other_whatever_came(events: list[tuple[str, str]]) -> None:
    book = Book()
    for name, status in events:
        if name == "stack":
            book.stack(status)
        else:
            book.resource(name, status)
    for row in rows_of(book):
        for intervals in (row.own, *(item.intervals for item in row.resources)):
            assert all(item.ended_at is None or item.started_at <= item.ended_at for item in intervals)
            assert all(
                before.ended_at is not None and before.ended_at <= after.started_at
                for before, after in itertools.pairwise(intervals)
            )
        assert all(item.intervals for item in row.resources)
