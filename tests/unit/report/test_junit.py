"""The diagnosis as a test report: what a parser reads, and what a schema allows."""

import re
import xml.etree.ElementTree as ET
from datetime import datetime

import junitparser
from hypothesis import given, settings

from forensics.report.junit import document
from tests.unit.analysis.records import CHILD, SERVICE, STACK, Book
from tests.unit.analysis.test_resources import rolled_back
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.stories import failed, hostile, story_of
from tests.unit.report.test_markdown import evil

# As the schemas of Jenkins and of Ant have it: element → attributes that may stand there, children.
_SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"failure", "skipped"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"message"}, set()),
}
_OPTIONAL = {"timestamp"}


def cases(text: str) -> dict[str, junitparser.TestCase]:
    parsed = junitparser.JUnitXml.fromstring(text.encode())
    return {case.name: case for suite in parsed for case in suite}


def check(text: str) -> None:
    """Hold a document against the structure that readers go by."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = _SCHEMA[element.tag]
        assert attributes - _OPTIONAL <= element.attrib.keys() <= attributes
        assert {child.tag for child in element} <= children
        for name in {"tests", "failures", "errors", "skipped"} & attributes:
            assert element.attrib[name].isdigit()
        for name in {"time"} & element.attrib.keys():
            assert re.fullmatch(r"\d+\.\d{3}", element.attrib[name])
        if "timestamp" in element.attrib:
            datetime.strptime(element.attrib["timestamp"], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007
        if element.tag.startswith("testsuite"):
            inside = list(element.iter("testcase"))
            assert int(element.attrib["tests"]) == len(inside)
            assert int(element.attrib["failures"]) == sum(len(case.findall("failure")) for case in inside)
            assert int(element.attrib["skipped"]) == sum(len(case.findall("skipped")) for case in inside)
        if element.tag == "testcase":
            assert len(element) <= 1


def test_a_resource_is_a_case_with_its_duration_and_awss_words() -> None:
    text = document(*story_of(rolled_back()))
    check(text)
    topic = cases(text)["Topic (AWS::SNS::Topic)"]
    (failure,) = topic.result
    assert (topic.time, topic.classname) == (1.0, "shop-child")
    assert (failure.type, failure.message) == ("CREATE_FAILED", "Bad name")


def test_what_only_followed_is_skipped_with_the_reason() -> None:
    """Two hundred cancelled resources are no two hundred failures."""
    found = cases(document(*story_of(rolled_back())))
    (cancelled,) = found["Database (AWS::SNS::Topic)"].result
    (followed,) = found["Child (AWS::CloudFormation::Stack)"].result
    assert cancelled.message == "cancelled because something else failed: Resource creation cancelled"
    assert followed.message.startswith("failed only because something else did: Embedded stack")


def test_tasks_that_stopped_of_themselves_fail_their_deployment() -> None:
    text = document(*failed(tasks=53))
    check(text)
    (failure,) = cases(text)["deployment ecs-svc/1"].result
    assert failure.type == "FAILED"
    assert failure.message.startswith("53 tasks stopped, 2026-01-15T12:00:04.000Z to ")
    assert "invalid character '!' in string escape code" in failure.text


def test_tasks_fail_a_deployment_that_calls_itself_completed() -> None:
    book = Book()
    book.deployment("COMPLETED")
    book.task("Out of memory")
    (failure,) = cases(document(*story_of(book)))["deployment ecs-svc/1"].result
    assert failure.type == "TASKS_FAILED"


def test_a_gap_is_a_skipped_case() -> None:
    book = rolled_back()
    book.gap(f"stack_events {CHILD}", 5, 6)
    book.gap(f"stack_events {STACK}", 5, 6, kind="recovered")
    text = document(*story_of(book))
    check(text)
    skipped = [case for name, case in cases(text).items() if name.startswith("watched from")]
    assert len(skipped) == 1
    assert skipped[0].result[0].message.startswith("stack_events of shop-child could not be watched from")


def test_everything_seen_is_a_case_of_its_own() -> None:
    assert cases(document(*story_of(rolled_back())))["everything was seen"].is_passed


@settings(max_examples=40)
@given(reason=evil, name=evil)
def test_hostile_texts_are_text(reason: str, name: str) -> None:
    text = document(*hostile(reason, name))
    check(text)
    assert unsafe_in(text) == []
    junitparser.JUnitXml.fromstring(text.encode())


def test_a_service_without_a_stack_has_a_suite() -> None:
    book = Book()
    book.deployment("IN_PROGRESS", service=SERVICE)
    text = document(*story_of(book))
    check(text)
    assert cases(text)["deployment ecs-svc/1"].result[0].message == "not over yet"
