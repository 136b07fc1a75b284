"""The incident report: what people ask afterwards, answered from the archive."""

import re

from hypothesis import example, given, settings

from forensics.analysis.commands import commands_of
from forensics.report.incident import document
from tests.unit.analysis.records import CHILD, STACK, Book, at, uneventful
from tests.unit.analysis.test_resources import rolled_back
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import Story, failed, hostile, story_of
from tests.unit.report.test_markdown import bare, evil, links, tokens


def section(text: str, name: str) -> str:
    return text.partition(f"## {name}\n")[2].partition("\n## ")[0]


def report(story: Story, book: Book | None = None) -> str:
    records = [item for item in (book or Book()).records if item.type == "forensics.command"]
    return document(*story, commands_of(records))


def test_it_says_what_was_still_being_created_and_since_when() -> None:
    """Nobody could tell after deployment 67: the credentials had ended."""
    text = section(report(story_of(rolled_back())), "What was still being created when the rollback began")
    row = "| `Database` | `AWS::SNS::Topic` | `shop` | 2026-01-15 12:00:01 | 8.0s |"
    assert f"{row} `CREATE_FAILED` (cancelled) |" in text
    assert "Child" not in text


def test_the_timeline_is_in_the_order_of_time_and_in_utc() -> None:
    text = section(report(failed(tasks=53)), "Timeline (UTC)")
    times = re.findall(r"^\| (\d\d:\d\d:\d\d) \|", text, re.MULTILINE)
    assert len(times) > 5
    assert times == sorted(times)
    assert "| Time on 2026-01-15 | Event | Status |" in text
    assert "Stack shop: create began" in text
    assert "first of 53 tasks that failed" in text
    assert "Stack shop: rollback ended" in text


def test_the_command_that_deployed_stands_with_its_exit_code() -> None:
    book = rolled_back()
    for phase, second, more in (("started", 0, {}), ("ended", 20, {"exit_code": 1})):
        said = {"phase": phase, "at": at(second), "argv0": "cdk", **more}
        book.add("forensics.command", "urn:forensics:1", f"run-{phase}", said, time=at(90))
    text = report(story_of(book), book)
    assert "| `cdk` | 2026-01-15 12:00:00 | 20s | 1 |" in section(text, "Command results")
    assert "| 12:00:20 | Command cdk ended | `exit code 1` |" in section(text, "Timeline (UTC)")


def test_without_a_command_it_says_why_there_is_none() -> None:
    assert "No command ran under `forensics run`" in section(report(failed()), "Command results")


def test_what_was_created_is_listed_by_type() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    for name in ("Red", "Blue"):
        book.resource(name, "CREATE_IN_PROGRESS")
        book.resource(name, "CREATE_COMPLETE")
    book.resource("Broken", "CREATE_FAILED", "no")
    book.stack("ROLLBACK_IN_PROGRESS")
    text = report(story_of(book))
    assert "- `AWS::SNS::Topic`: `Red`, `Blue`" in section(text, "What was created")
    assert "`Broken`" in section(text, "What failed")


def test_what_a_rollback_left_behind_is_named() -> None:
    book = rolled_back()
    book.records = [item for item in book.records if item.subject != "Database"]
    book.resource("Bucket", "DELETE_FAILED", "not empty", second=16.5)
    text = section(report(story_of(book)), "The rollback")
    assert "Could not be undone, and may still exist: `Bucket`" in text
    assert "No resource was left in a failed state" in section(
        report(story_of(rolled_back())), "The rollback"
    )


def test_what_could_not_be_determined_names_the_gap_that_hides_it() -> None:
    text = section(report(failed()), "What could not be determined, and why")
    assert text.count("`stopped_tasks` of main could not be watched") == 1
    book = rolled_back()
    book.gap(f"stack_events {CHILD}", 5, 6)
    book.gap(f"stack_events {STACK}", 30, 31)
    text = report(story_of(book))
    assert "could no longer be watched" in section(text, "Timeline (UTC)")
    assert section(text, "Timeline (UTC)").count("could no longer be watched") == 1
    whole = section(report(story_of(rolled_back())), "What could not be determined, and why")
    assert "Everything that was watched was seen." in whole
    assert "CloudTrail events are not recorded" in whole


def test_the_same_records_give_the_same_report() -> None:
    assert report(failed()) == report(failed())


def test_an_archive_of_nothing_gives_an_honest_report() -> None:
    text = report(story_of(uneventful()))
    assert "NOTHING FOUND" in text
    assert "Nothing happened that was recorded." in text


@settings(max_examples=25)
@example(reason="x", name=".AL")
@given(reason=evil, name=evil)
def test_hostile_texts_are_shown_and_do_nothing(reason: str, name: str) -> None:
    story = hostile(reason, name)
    text = report(story)
    kinds = {token.type for token in tokens(text)}
    assert unsafe_in(text) == []
    assert not {"html_inline", "html_block", "image", "blockquote_open", "hr", "code_block"} & kinds
    assert set(links(text)) <= {finding.docs for finding in story[0].findings}
    assert not re.search(r"[@<|`\\]|:[a-z]\w*:|[#!]\d|^\s*/", bare(text))
