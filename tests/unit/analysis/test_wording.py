"""How streams and records are named for people."""

from forensics.analysis.selection import Selection
from forensics.analysis.wording import stream_name, words
from tests.unit.analysis.records import SERVICE, Book


def test_a_gap_of_a_moment_is_not_said_to_have_lasted_no_time() -> None:
    gap = Book().gap(f"services {SERVICE}", 5, 5.3, kind="unknown")
    assert words(gap).reason.startswith("was not watched for less than a second, from")


def test_surveys_of_two_regions_have_two_names() -> None:
    """In a recording of several regions `stacks of *` would name each of them."""
    names = [
        stream_name(f"stacks arn:aws:cloudformation:{region}:123456789012:stack/*")
        for region in ("eu-west-1", "us-east-1")
    ]
    assert names == ["stacks of 123456789012/eu-west-1", "stacks of 123456789012/us-east-1"]


def test_a_run_is_told_without_brackets_of_python() -> None:
    sites = [{"label": "a", "stacks": ["shop"], "clusters": []}]
    record = Book().add("forensics.run", "urn:forensics:x", "r", {"sites": sites})
    assert words(record).reason == "sites (label a, stacks shop)"


def test_a_refusal_names_its_code_once() -> None:
    said = {"stream": "stopped_tasks x", "action": "ecs:ListTasks", "code": "AccessDenied"}
    record = Book().add("forensics.refusal", "urn:forensics:x", "r", {**said, "message": "AccessDenied: no"})
    assert words(record).reason == "AccessDenied: no"


def test_a_service_is_selected_as_watch_names_it() -> None:
    book = Book()
    said, task = book.said("hello"), book.task("why")
    wanted = Selection(services=("main/backend",))
    assert SERVICE.endswith("main/backend")
    assert wanted.takes(said)
    assert wanted.takes(task)
    assert not Selection(services=("other/backend",)).takes(said)
