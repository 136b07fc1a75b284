"""The last word of a recording: short, whole where it matters, harmless."""

from hypothesis import given, settings

from forensics.report.brief import brief
from forensics.report.ink import Ink
from forensics.report.wrap import width_of
from tests.unit.analysis.records import Book, uneventful
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import Story, failed, hostile, story_of
from tests.unit.report.test_markdown import evil


def lines(story: Story, *, colour: bool = False) -> list[str]:
    return list(brief(story[0], Ink(width=100, has_colour=colour)))


def test_it_says_what_failed_why_and_what_to_do_in_a_few_lines() -> None:
    said = lines(failed(tasks=53))
    text = " ".join(" ".join(said).split())
    assert said[0].startswith("FAILED  CREATE_STACK shop, ")
    assert "CAUSE A secret's value is not the JSON" in text
    assert "invalid character '!' in string escape code" in text
    assert "What to do: Correct the secret's value" in text
    assert said[-1] == "COVERAGE  has gaps: 1"
    assert len(said) < 30


def test_a_deployment_that_went_well_is_a_line_and_its_coverage() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.stack("CREATE_COMPLETE")
    assert [line.split("  ")[0] for line in lines(story_of(book))] == ["SUCCEEDED", "COVERAGE"]


def test_nothing_to_explain_is_no_line() -> None:
    assert lines(story_of(uneventful())) == []


@settings(max_examples=25)
@given(reason=evil, name=evil)
def test_hostile_texts_are_inert(reason: str, name: str) -> None:
    story = hostile(reason, name)
    assert unsafe_in("\n".join(lines(story))) == []
    assert unsafe_in("\n".join(lines(story, colour=True)), colours=True) == []
    assert all(width_of(line) <= 100 for line in lines(story))
