"""Links for GitLab's job page, in the form that it documents."""

import json
import re

from hypothesis import given, settings

from forensics.report.gitlab import document
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import failed, hostile
from tests.unit.report.test_markdown import evil


def links(text: str) -> list[dict[str, str]]:
    sections = json.loads(text)
    assert all(isinstance(section, list) for section in sections.values())
    entries = [entry for section in sections.values() for entry in section]
    assert all(entry.keys() == {"external_link"} for entry in entries)
    return [entry["external_link"] for entry in entries]


def test_the_cause_the_stack_and_the_service_are_links() -> None:
    found = links(document(*failed()))
    assert found[0]["label"].startswith("Cause: A secret's value")
    assert [item["label"] for item in found[1:]] == ["Stack shop", "Service backend"]
    assert found[1]["url"].startswith(
        "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#"
    )
    assert "/clusters/main/services/backend/" in found[2]["url"]


@settings(max_examples=30)
@given(reason=evil, name=evil)
def test_hostile_texts_are_labels_and_no_addresses(reason: str, name: str) -> None:
    text = document(*hostile(reason, name))
    assert unsafe_in(text) == []
    for link in links(text):
        assert unsafe_in(link["label"]) == []
        assert len(link["label"]) <= 250
        assert re.fullmatch(
            r"https://(docs|eu-west-1\.console|repost|github)\.(aws\.amazon\.)?[\w%/.?=#&~-]*", link["url"]
        )
