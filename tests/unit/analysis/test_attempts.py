"""Where one operation ends and the next begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.attempts import cut
from forensics.analysis.shapes import StackEvent, stack_event
from tests.unit.analysis.records import Book


def events_of(book: Book) -> list[StackEvent]:
    return [stack_event(record) for record in book.records]


def told(book: Book) -> list[tuple[str, str]]:
    return [(item.kind, item.outcome) for item in cut(events_of(book))]


def test_a_rollback_belongs_to_the_operation_it_undoes() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS", OperationId="a")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS", OperationId="b")
    book.stack("UPDATE_ROLLBACK_COMPLETE", OperationId="b")
    assert told(book) == [("UPDATE_STACK", "failed")]


def test_a_review_belongs_to_the_creation_that_follows() -> None:
    """A change set for a new stack leaves REVIEW_IN_PROGRESS first."""
    book = Book()
    book.stack("REVIEW_IN_PROGRESS", "User Initiated")
    book.stack("CREATE_IN_PROGRESS", "User Initiated")
    book.stack("CREATE_COMPLETE")
    assert told(book) == [("CREATE_STACK", "succeeded")]


def test_cleaning_up_is_still_the_operation() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS")
    book.stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    assert told(book) == [("UPDATE_STACK", "in_progress")]
    book.stack("UPDATE_COMPLETE")
    assert told(book) == [("UPDATE_STACK", "succeeded")]


def test_a_creation_that_a_delete_cut_short_has_failed() -> None:
    """With OnStackFailure DELETE no rollback is ever said."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "no")
    book.stack("DELETE_IN_PROGRESS")
    book.stack("DELETE_COMPLETE")
    assert told(book) == [("CREATE_STACK", "failed"), ("DELETE_STACK", "succeeded")]


def test_recording_that_began_later_guesses_the_operation_from_its_resources() -> None:
    book = Book()
    book.resource("Topic", "UPDATE_IN_PROGRESS")
    assert told(book) == [("UPDATE_STACK", "in_progress")]


def test_another_token_after_an_end_is_another_operation() -> None:
    """The start of the second was not seen: its token tells."""
    book = Book()
    book.stack("UPDATE_IN_PROGRESS", ClientRequestToken="one")
    book.stack("UPDATE_COMPLETE", ClientRequestToken="one")
    book.resource("Topic", "UPDATE_FAILED", "no", ClientRequestToken="two")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS", ClientRequestToken="two")
    assert [outcome for _, outcome in told(book)] == ["succeeded", "failed"]


def test_another_token_without_any_end_is_another_operation() -> None:
    """Recording saw the middle of one and the middle of the next."""
    book = Book()
    book.resource("Topic", "UPDATE_COMPLETE", ClientRequestToken="one")
    book.resource("Topic", "UPDATE_FAILED", "no", ClientRequestToken="two")
    assert len(told(book)) == 2


def test_continuing_a_rollback_with_a_token_of_its_own_is_the_same_attempt() -> None:
    book = Book()
    book.stack("UPDATE_IN_PROGRESS", ClientRequestToken="one")
    book.stack("UPDATE_ROLLBACK_FAILED", ClientRequestToken="one")
    book.stack("UPDATE_ROLLBACK_IN_PROGRESS", ClientRequestToken="two")
    book.resource("Topic", "UPDATE_COMPLETE", ClientRequestToken="two")
    book.stack("UPDATE_ROLLBACK_COMPLETE", ClientRequestToken="two")
    assert told(book) == [("UPDATE_STACK", "failed")]


def test_another_operation_id_after_an_end_is_another_operation() -> None:
    book = Book()
    book.stack("UPDATE_COMPLETE", OperationId="one")
    book.resource("Topic", "UPDATE_FAILED", "no", OperationId="two")
    assert len(told(book)) == 2


@pytest.mark.parametrize(
    "status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "ROLLBACK_IN_PROGRESS"]
)
def test_whatever_a_failed_creation_ends_with_it_has_failed(status: str) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.stack(status)
    assert told(book) == [("CREATE_STACK", "failed")]


STATUSES = st.sampled_from(
    [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
        "NONSENSE",
        "",
    ]
)


@given(steps=st.lists(st.tuples(st.booleans(), STATUSES), max_size=30))
def test_every_event_is_in_exactly_one_operation(steps: list[tuple[bool, str]]) -> None:
    book = Book()
    for is_own, status in steps:
        book.stack(status) if is_own else book.resource("Topic", status)
    events = events_of(book)
    operations = cut(events)
    assert [event for item in operations for event in item.events] == events
    assert all(item.outcome != "in_progress" for item in operations[:-1])
