"""The course of attempts: every row of them, and the span that they take."""

from forensics.analysis.attempts import cut
from forensics.analysis.course import course_of
from forensics.analysis.shapes import ECS_SERVICE
from forensics.analysis.timeline import Timeline
from tests.unit.analysis.records import SERVICE, STACK, Book, at


def test_an_attempt_brings_its_services_and_spans_all_of_its_rows() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Backend", "CREATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE)
    book.task("x")
    book.task("y", group="family:nightly")
    book.resource("Backend", "CREATE_FAILED", "broken", kind=ECS_SERVICE, physical=SERVICE)
    book.stack("ROLLBACK_IN_PROGRESS")
    book.stack("ROLLBACK_COMPLETE")
    timeline = Timeline.of(book.records)
    course = course_of(timeline, cut(timeline.stacks[STACK]))
    assert [row.name for row in course.stacks] == ["shop"]
    assert [(row.name, len(row.tasks)) for row in course.services] == [("backend", 1)]
    assert (course.since, course.until) == (at(0), at(6))
    assert [row.name for row in course_of(timeline).services] == ["backend", "family:nightly"]


def test_what_still_goes_on_lasts_until_the_newest_moment_known() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.said("(service elsewhere) has reached a steady state.", service=f"{SERVICE}2", second=90)
    timeline = Timeline.of(book.records)
    assert course_of(timeline, cut(timeline.stacks[STACK])).until == at(90)


def test_without_any_row_there_is_no_span() -> None:
    course = course_of(Timeline.of([]))
    assert (course.since, course.until, course.stacks, course.services) == ("", "", (), ())
