"""Records as a table and as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.report.events import Lines, Table, json_array
from forensics.report.ink import Ink
from forensics.report.wrap import width_of
from tests.unit.analysis.records import SERVICE, STACK, Book
from tests.unit.report.hostile import EVIL, texts, unsafe_in

PLAIN = Ink(width=80, has_colour=False)


def test_a_row_holds_the_whole_reason() -> None:
    reason = " ".join(f"word{number}" for number in range(400))
    lines = Table(PLAIN).row(Book().resource("Topic", "CREATE_FAILED", reason))
    assert " ".join(" ".join(lines).split()).endswith(reason)
    assert all(width_of(line) <= 80 for line in lines)


def test_a_megabyte_reason_is_in_the_table_whole() -> None:
    lines = Table(PLAIN).row(Book().resource("Topic", "CREATE_FAILED", "y" * 1_000_000))
    assert sum(line.count("y") for line in lines) == 1_000_000


@given(reason=texts, name=texts, status=texts, width=st.integers(40, 160), colours=st.booleans())
def test_hostile_names_and_reasons_are_inert_in_the_table(
    reason: str, name: str, status: str, width: int, colours: bool
) -> None:
    book = Book()
    book.resource(name, status, reason, kind=name, physical=reason)
    book.said(reason)
    book.task(reason, name="x", group=name, containers=[{"name": name, "reason": reason}])
    book.gap(f"stack_events {name}", 0, 1, reason=reason)
    book.add(name or "x", name, name, {"a": reason}, subject=name)
    book.add("forensics.run", name, name, {reason: name, "list": [reason]})
    table = Table(Ink(width=width, has_colour=colours))
    output = "\n".join(line for record in book.records for line in [table.heading(), *table.row(record)])
    assert unsafe_in(output, colours=colours) == []


def test_json_is_one_array_of_the_records() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS", EVIL)
    book.said("x")
    document = json.loads("".join(json_array(iter(book.records))))
    assert [item["source"] for item in document] == [STACK, SERVICE]
    assert document[0]["data"]["ResourceStatusReason"] == EVIL


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_valid_for_any_number_of_records(count: int) -> None:
    book = Book()
    for _ in range(count):
        book.said("x")
    assert len(json.loads("".join(json_array(iter(book.records))))) == count


def test_colour_only_where_asked_for() -> None:
    record = Book().resource("Topic", "CREATE_FAILED", "reason")
    assert "\x1b" not in "".join(Table(PLAIN).row(record))
    assert "\x1b[31m" in "".join(Table(Ink(width=80, has_colour=True)).row(record))


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_name_is_not_broken_where_it_fits_into_a_line(width: int) -> None:
    """People copy logical ids and task ids from the screen: a piece of one finds nothing."""
    name = "BackendNestedStackBackendNestedStackResource4F1C2A9E"
    book = Book()
    book.resource(name, "UPDATE_ROLLBACK_IN_PROGRESS", "why", kind="AWS::CloudFormation::Stack")
    book.task("why not", name="7" * 32)
    table = Table(Ink(width=width, has_colour=False))
    lines = [line for record in book.records for line in table.row(record)]
    assert any(name in line for line in lines)
    assert any("7" * 32 in line for line in lines)
    assert all(width_of(line) <= width for line in lines)


def test_a_task_stands_beside_its_state_in_80_columns() -> None:
    first = Table(PLAIN).row(Book().task("why", name="7" * 32))[0]
    assert "STOPPED " in first
    assert first.endswith("task " + "7" * 32)


def test_lines_hold_a_record_each_whatever_it_says() -> None:
    """Through a pipe grep, wc and cut are used: a record is a line there."""
    book = Book()
    book.resource("Topic", "CREATE_FAILED", "first\nsecond " + "long " * 100)
    rows = [Lines().row(record) for record in book.records]
    assert [len(row) for row in rows] == [1]
    assert "Topic AWS::SNS::Topic: first second long" in rows[0][0]
    assert rows[0][0].count("long") == 100


@given(reason=texts, name=texts, status=texts)
def test_lines_are_inert(reason: str, name: str, status: str) -> None:
    book = Book()
    book.resource(name, status, reason, kind=name)
    book.add(name or "x", name, name, {"a": reason}, subject=name)
    output = "\n".join(line for record in book.records for line in [Lines().heading(), *Lines().row(record)])
    assert unsafe_in(output) == []
