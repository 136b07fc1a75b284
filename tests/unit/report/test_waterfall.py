"""The chart for a terminal: every failure on it, nothing cut, nothing dangerous."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.attempts import cut, roots
from forensics.analysis.course import Course, course_of
from forensics.analysis.timeline import Timeline
from forensics.report.ink import Ink, ink_for
from forensics.report.strip import Axis
from forensics.report.telling import MOST
from forensics.report.waterfall import waterfall
from forensics.report.wrap import width_of
from tests.unit.analysis.records import CHILD, CLUSTER, SERVICE, STACK, Book, at
from tests.unit.analysis.test_resources import rolled_back
from tests.unit.report.hostile import texts, unsafe_in

PLAIN = Ink(width=80, has_colour=False)


def course(book: Book) -> Course:
    timeline = Timeline.of(book.records)
    return course_of(timeline, [item for arn in roots(timeline.stacks) for item in cut(timeline.stacks[arn])])


def lines(book: Book, ink: Ink = PLAIN) -> list[str]:
    return list(waterfall(course(book), ink))


def line_of(name: str, drawn: list[str]) -> str:
    return next(line for line in drawn if line.split()[:1] == [name])


def test_a_failure_a_cancellation_and_the_rollback_can_be_told_apart() -> None:
    drawn = lines(rolled_back())
    assert "██×" in line_of("Topic", drawn)
    assert "▒▒" in line_of("Topic", drawn)
    assert "~" in line_of("Database", drawn)
    assert "·" in line_of("Database", drawn)
    assert drawn[-1].strip().startswith("█ under way, ▒ being undone, × failed, ~ cancelled, · rollback")


def test_a_gap_is_hatched_where_the_stack_was_not_watched() -> None:
    book = rolled_back()
    book.gap(f"stack_events {CHILD}", 5.2, 5.9)
    book.gap(f"stack_events {STACK}", 0.2, 1, kind="recovered")
    drawn = lines(book)
    assert "▚" in line_of("Topic", drawn)
    assert not set("▚╱") & set(line_of("Database", drawn))
    assert "under way, not watched" in " ".join(" ".join(drawn).split())


def test_failed_tasks_are_counted_where_they_stopped() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    book.resource("Web", "CREATE_IN_PROGRESS", kind="AWS::ECS::Service", physical=SERVICE, second=1)
    for second in [50] * 12 + [99]:
        book.task("broken", second=second)
    book.stack("CREATE_FAILED", second=100)
    tasks = line_of("tasks", lines(book))
    assert tasks.split()[:5] == ["tasks", "of", "backend", "13", "failed"]
    assert tasks.split()[5:] == ["+", "1"]


def test_many_resources_leave_room_for_those_that_failed() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    for number in range(60):
        book.resource(f"Fine{number}", "CREATE_IN_PROGRESS", second=number)
        book.resource(f"Fine{number}", "CREATE_COMPLETE", second=number + 30)
    book.resource("Broken", "CREATE_IN_PROGRESS", second=99)
    book.resource("Broken", "CREATE_FAILED", "no", second=99.1)
    book.stack("CREATE_FAILED", second=100)
    drawn = lines(book)
    assert "×" in line_of("Broken", drawn)
    said = f"{61 - MOST} more resources: none failed, none took more than 30s"
    assert said in " ".join(" ".join(drawn).split())


def test_a_terminal_without_blocks_gets_letters() -> None:
    drawn = lines(rolled_back(), Ink(width=80, has_colour=False, has_blocks=False))
    assert "\n".join(drawn).isascii()
    assert "#" in line_of("Topic", drawn)


def test_what_reads_ascii_alone_is_known_by_its_encoding() -> None:
    assert not ink_for(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), {}).has_blocks
    assert ink_for(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), {}).has_blocks


@pytest.mark.parametrize("width", [40, 80, 140])
@given(name=texts, when=st.sampled_from(["", "soon", "9999-12-31T23:59:59Z", "2026-01-15T12:00:00"]))
def test_no_name_is_cut_and_none_is_dangerous(width: int, name: str, when: str) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(name or "x", "CREATE_IN_PROGRESS", name, Timestamp=when)
    book.resource(name or "x", "CREATE_FAILED", name)
    book.task(name, group=f"service:{name}", cluster=f"{CLUSTER}{name}")
    drawn = list(waterfall(course_of(Timeline.of(book.records)), Ink(width=width, has_colour=False)))
    assert unsafe_in("\n".join(drawn)) == []
    assert all(width_of(line) <= width for line in drawn)
    coloured = list(waterfall(course_of(Timeline.of(book.records)), Ink(width=width, has_colour=True)))
    assert unsafe_in("\n".join(coloured), colours=True) == []


def test_nothing_is_drawn_of_nothing() -> None:
    assert lines(Book()) == []
    book = Book()
    book.deployment("COMPLETED")
    assert list(waterfall(course_of(Timeline.of(book.records)), PLAIN)) == []


@given(first=st.integers(-50, 150), length=st.integers(0, 200), columns=st.integers(1, 60))
def test_a_span_takes_columns_of_the_axis_or_none(first: int, length: int, columns: int) -> None:
    start = datetime(2026, 1, 15, 12, tzinfo=UTC)
    axis = Axis(since=start, until=start.replace(minute=1, second=40), columns=columns)
    taken = axis.columns_of(at(first), at(first + length))
    outside = first > 100 or first + length < 0
    assert bool(taken) is not outside
    assert all(0 <= place < columns for place in taken)
