"""One Slack message within Slack's limits."""

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.report.slack import document
from tests.unit.analysis.records import Book, uneventful
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import Story, failed, hostile, story_of
from tests.unit.report.test_markdown import evil


def message(story: Story, link: str | None = None) -> dict[str, Any]:
    """Return the message, held against the limits of https://docs.slack.dev/reference/block-kit/blocks."""
    made: dict[str, Any] = json.loads(document(*story, link=link))
    assert made.keys() == {"text", "blocks"}
    assert 0 < len(made["text"]) <= 4000
    assert 1 <= len(made["blocks"]) <= 50
    for block in made["blocks"]:
        match block["type"]:
            case "header":
                check_text(block["text"], 150)
            case "section":
                check_text(block["text"], 3000)
            case "context":
                assert 1 <= len(block["elements"]) <= 10
                for element in block["elements"]:
                    check_text(element, 3000)
            case "actions":
                assert 1 <= len(block["elements"]) <= 25
                for button in block["elements"]:
                    check_text(button["text"], 75)
                    assert len(button["url"]) <= 3000
            case kind:
                assert kind == "divider"
    return made


def check_text(item: dict[str, Any], limit: int) -> None:
    assert item["type"] == "plain_text"
    assert 1 <= len(item["text"]) <= limit
    assert unsafe_in(item["text"]) == []


def words(made: dict[str, Any]) -> str:
    return "\n".join(block["text"]["text"] for block in made["blocks"] if "text" in block)


def test_the_message_says_what_failed_why_and_what_to_do() -> None:
    made = message(failed(tasks=53), "https://ci.example/job/1")
    assert made["text"].startswith("FAILED CREATE_STACK shop: A secret's value")
    assert "invalid character '!' in string escape code" in words(made)
    assert "53 tasks stopped with the same reason" in words(made)
    assert "What to do: Correct the secret's value" in words(made)
    assert made["blocks"][-1]["elements"][0]["url"] == "https://ci.example/job/1"


@given(length=st.sampled_from([2_900, 2_950, 11_600, 11_601, 100_000]))
def test_a_long_reason_is_whole_or_says_how_much_is_missing(length: int) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "y" * length)
    book.stack("ROLLBACK_IN_PROGRESS")
    said = words(message(story_of(book)))
    left = re.search(r"\((\d+) more characters", said)
    assert sum(len(run) for run in re.findall("y{20,}", said)) + int(left[1] if left else 0) == length


@settings(max_examples=30)
@given(reason=evil, name=evil)
def test_hostile_texts_mention_nobody(reason: str, name: str) -> None:
    made = message(hostile(reason, name))
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", made["text"])
    assert unsafe_in(made["text"]) == []


def test_nothing_found_is_a_message_too() -> None:
    assert message(story_of(uneventful()))["text"] == "NOTHING FOUND"
