"""Annotations that GitHub shows, and that cannot give it orders of their own."""

import re

from hypothesis import given, settings

from forensics.model.inert import inert
from forensics.report.github import ANNOTATIONS, annotations, summary
from tests.unit.analysis.records import Book
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import failed, hostile, story_of
from tests.unit.report.test_markdown import evil

# What the runner takes for a command: properties end at the second double colon, and it undoes %XX.
_COMMAND = re.compile(r"::error title=(?P<title>[^:,]*)::(?P<message>.*)")


def test_each_failure_is_an_annotation_with_awss_words() -> None:
    (line,) = annotations(failed(tasks=53)[0])
    match = _COMMAND.fullmatch(line)
    assert match
    assert match["title"].startswith("Backend%3A A secret")
    assert "invalid character '!' in string escape code" in match["message"]


def test_no_more_than_ten_are_written_and_the_last_counts_the_others() -> None:
    """GitHub hides an eleventh without a word."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    for number in range(15):
        book.resource(f"Topic{number}", "CREATE_FAILED", f"{'abcdefghijklmno'[number]} is wrong")
    book.stack("ROLLBACK_IN_PROGRESS")
    lines = list(annotations(story_of(book)[0]))
    assert len(lines) == ANNOTATIONS
    assert lines[-1] == "::error title=More failures::6 more stand in the step's summary"


def test_a_deployment_that_went_well_in_the_end_has_no_annotation() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "no")
    book.stack("ROLLBACK_COMPLETE")
    book.stack("UPDATE_IN_PROGRESS")
    book.stack("UPDATE_COMPLETE")
    assert list(annotations(story_of(book)[0])) == []


def test_a_reason_that_the_runner_would_cut_says_where_it_stops() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "y" * 10_000)
    book.stack("ROLLBACK_IN_PROGRESS")
    (line,) = annotations(story_of(book)[0])
    assert len(line) < 4_096
    assert line.endswith("more characters stand in the archive)")


@settings(max_examples=30)
@given(reason=evil, name=evil)
def test_hostile_texts_give_no_orders(reason: str, name: str) -> None:
    story = hostile(reason, name)
    for line in annotations(story[0]):
        assert unsafe_in(line) == []
        assert "\n" not in line
        match = _COMMAND.fullmatch(line)
        assert match
        assert re.fullmatch(r"(?:[^%]|%25|%3A|%2C)*", match["title"])
        assert re.fullmatch(r"(?:[^%]|%25|%0A)*", match["message"])
    for line in summary(*story).splitlines():
        assert not line.lstrip().startswith("::")
        assert inert(line).count("##[") == 0
