"""Histories: what they are read from, and what is refused."""

from pathlib import Path

import msgspec
import pytest

from forensics.errors import NotAnArchive, UsageError
from forensics.model.record import Fact
from forensics.serve.history import DEFAULT_ACCOUNT, History, load
from tests.support.histories import facts, service, stack, stamp


def test_facts_come_back_from_json_lines(tmp_path: Path) -> None:
    """A written history is a file like an archive's segment."""
    history = facts(stack("Shop"), service("api"))
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"\n\n".join(msgspec.json.encode(fact) for fact in history))
    assert list(load(path)) == history


def test_records_of_an_archive_are_facts_too(tmp_path: Path) -> None:
    """A state has no time of AWS's; the moment at which it was seen stands in for it."""
    path = tmp_path / "segment.jsonl"
    path.write_bytes(
        b'{"specversion":"1.0","type":"aws.ecs.service","source":"arn:aws:ecs:r:1:service/c/s","id":"k",'
        b'"recordedtime":"2026-01-15T12:00:00Z","seq":1,"prev":"","run":"r","data":{"a":1}}\n'
    )
    assert [(fact.time, fact.data) for fact in load(path)] == [("2026-01-15T12:00:00Z", {"a": 1})]


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"type":"t"}', b'{"type":1,"source":"s","id":"i"}'])
def test_a_line_that_is_no_fact_is_named(tmp_path: Path, line: bytes) -> None:
    """A person must find the line."""
    path = tmp_path / "history.jsonl"
    path.write_bytes(msgspec.json.encode(stack("Shop").facts()[0]) + b"\n" + line)
    with pytest.raises(NotAnArchive, match=r"history\.jsonl:2: not a fact"):
        list(load(path))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(NotAnArchive, match=r"nothing\.jsonl: No such file"):
        list(load(tmp_path / "nothing.jsonl"))


@pytest.mark.parametrize(
    ("source", "time", "words"),
    [
        ("not-an-arn", stamp(0), "is not an ARN"),
        ("arn:aws:ecs:r:1:cluster/c", None, "has no time"),
        ("arn:aws:ecs:r:1:cluster/c", "noon", "noon"),
    ],
    ids=["no arn", "no time", "bad time"],
)
def test_facts_that_have_no_place_or_moment_are_refused(source: str, time: str | None, words: str) -> None:
    """AWS would not know when or where to show them."""
    with pytest.raises(UsageError, match=words):
        History.of([Fact(type="aws.ecs.task", source=source, id="i", data={"taskArn": "t"}, time=time)])


def test_facts_of_ours_are_left_out() -> None:
    """AWS never told of gaps and polls."""
    ours = Fact(type="forensics.gap", source="urn:forensics:x", id="g", data={})
    history = History.of([ours])
    assert history.account == DEFAULT_ACCOUNT
    assert history.place(DEFAULT_ACCOUNT, "us-east-1").shown_stacks(2e9) == []


def test_the_order_in_which_facts_come_does_not_matter() -> None:
    """Archives hold late arrivals; the endpoint tells by AWS's time."""
    built = stack("Shop").itself("CREATE_COMPLETE", at=5).itself("DELETE_COMPLETE", at=9)
    history = History.of(reversed(built.facts()))
    found = history.place(DEFAULT_ACCOUNT, "us-east-1").stacks[built.arn]
    statuses = [told.text("ResourceStatus") for told in found.events.between(0, 3)]
    assert statuses == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "DELETE_COMPLETE"]
