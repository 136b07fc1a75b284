"""What is at work or failed keeps its records; what is mended or gone does not."""

import pytest

from forensics.analysis.open_failures import OpenFailures
from forensics.model.record import Record
from tests.unit.analysis.records import CHILD, SERVICE, Book


def oldest(records: list[Record]) -> int | None:
    tracker = OpenFailures()
    for record in records:
        tracker.take(record)
    return tracker.oldest_seq()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["CREATE_IN_PROGRESS"], 1),
        (["CREATE_IN_PROGRESS", "CREATE_COMPLETE"], None),
        (["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"], 1),
        (["CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_IN_PROGRESS"], 1),
        (
            [
                *("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS"),
                *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
            ],
            3,
        ),
        (["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS"], 1),
        (["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS", "UPDATE_FAILED"], 3),
        (["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"], None),
        (["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"], None),
        (["DELETE_IN_PROGRESS", "DELETE_FAILED"], 1),
        (["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"], 1),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_a_stack_is_open_from_its_beginning_until_it_succeeds(
    statuses: list[str], expected: int | None
) -> None:
    """A rollback that went well mends nothing; the newest failed attempt is the one that counts."""
    book = Book()
    for status in statuses:
        book.stack(status)
    assert oldest(book.records) == expected


def test_the_oldest_of_several_decides() -> None:
    """One stack's success says nothing about another."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", stack=CHILD)
    book.stack("CREATE_IN_PROGRESS")
    book.stack("CREATE_COMPLETE")
    assert oldest(book.records) == 1
    book.stack("CREATE_COMPLETE", stack=CHILD)
    assert oldest(book.records) is None


def test_a_failed_resource_opens_a_failure_whose_beginning_was_not_seen() -> None:
    """The recording began in the middle of an operation."""
    book = Book()
    book.resource("Topic", "CREATE_COMPLETE")
    book.resource("Queue", "CREATE_FAILED", "no")
    assert oldest(book.records) == 2


def test_a_deployment_is_open_until_another_one_completes() -> None:
    """The rollback's own deployment is not that other one."""
    book = Book()
    book.deployment("COMPLETED", name="ecs-svc/1")
    book.deployment("IN_PROGRESS", name="ecs-svc/2")
    book.deployment("FAILED", name="ecs-svc/2", rolloutStateReason="rolling back to deploymentId ecs-svc/3.")
    book.deployment("IN_PROGRESS", name="ecs-svc/3")
    book.deployment("COMPLETED", name="ecs-svc/3")
    assert oldest(book.records) == 2
    book.deployment("IN_PROGRESS", name="ecs-svc/4")
    book.deployment("COMPLETED", name="ecs-svc/4")
    assert oldest(book.records) is None


def test_a_service_that_its_stack_deleted_is_not_open() -> None:
    """Nothing of it can succeed any more."""
    book = Book()
    book.deployment("FAILED")
    book.resource("Service", "DELETE_COMPLETE", kind="AWS::ECS::Service", physical=SERVICE)
    assert oldest(book.records) is None
