"""A bundle holds the story, all of it computed from the records that it holds."""

import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from forensics.analysis.diagnose import diagnose
from forensics.bundle.members import EVENTS, MEMBERS, README, REPORT, SUMMARY
from forensics.bundle.reader import Bundle
from forensics.errors import UsageError
from forensics.model.record import JsonObject, Record
from tests.support.sharing import Untouched, composed, incident_records


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return incident_records(tmp_path_factory.mktemp("incident"))


@pytest.fixture(scope="module")
def whole(records: list[Record]) -> bytes:
    return composed(records)[0]


def opened(content: bytes, folder: Path) -> Bundle:
    (folder / "ticket.zip").write_bytes(content)
    return Bundle.open(folder / "ticket.zip")


def test_a_bundle_explains_as_the_archive_does(records: list[Record], whole: bytes, tmp_path: Path) -> None:
    """Numbers, words, evidence: with nothing hidden the answer is the same."""
    bundle = opened(whole, tmp_path)
    assert bundle.verify().verdict == "VERIFIED"
    assert diagnose(bundle.records()) == diagnose(records)


def test_people_without_the_program_find_the_story(whole: bytes) -> None:
    """Cause in the summary and in the page, a way to check it, and what every file is."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        summary, page, readme = (file.read(name).decode() for name in (SUMMARY, REPORT, README))
        sums = dict(line.split("  ")[::-1] for line in file.read("SHA256SUMS").decode().splitlines())
    assert "not the JSON that the task definition expects" in summary
    assert "not the JSON that the task definition expects" in page
    assert all(f"`{name}`" in readme for name in MEMBERS if name != README)
    assert set(sums) == set(MEMBERS) - {"SHA256SUMS"}


def test_the_same_records_give_the_same_bytes(records: list[Record], whole: bytes) -> None:
    """Whoever makes it twice can compare."""
    assert composed(records)[0] == whole


def test_nothing_in_a_bundle_tells_what_the_records_do_not(records: list[Record]) -> None:
    """Every member is computed from redacted records: what those hide is in none of them."""

    class Blind(Untouched):
        policy_id = "standard 1"

        def record(self, record: Record) -> Record | None:
            if record.type == "aws.ecs.task_definition":
                return None
            text = bytes(record.data).replace(b"string escape code", b"hidden words")
            return msgspec.structs.replace(record, data=msgspec.Raw(text))

    content, made = composed(records, Blind())
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert all(b"string escape code" not in file.read(name) for name in MEMBERS)
        assert b"hidden words" in file.read(SUMMARY)
    assert made.predicate.policy == "standard 1"
    left_out = sum(made.predicate.left_out.values())
    assert left_out == sum(record.type == "aws.ecs.task_definition" for record in records)


def test_a_small_bundle_keeps_what_is_near_the_cause(
    records: list[Record], whole: bytes, tmp_path: Path
) -> None:
    """What is left out is counted, and the evidence is never among it."""
    limit = len(whole) * 2 // 3
    content, made = composed(records, max_bytes=limit)
    assert len(content) <= limit
    assert made.predicate.records < len(records)
    assert made.predicate.records + sum(made.predicate.left_out.values()) == len(records)
    bundle = opened(content, tmp_path)
    bundle.verify()
    kept = {record.seq for record in bundle.records()}
    said, told = diagnose(records), diagnose(bundle.records())
    assert told.findings[0].rule == said.findings[0].rule
    assert {item.seq for item in said.findings[0].evidence} <= kept


def test_a_size_that_nothing_fits_into_is_refused(records: list[Record]) -> None:
    """With what it would take."""
    with pytest.raises(UsageError, match="without any records it takes"):
        composed(records, max_bytes=1000)


def test_the_manifest_says_what_it_was_made_from(whole: bytes) -> None:
    """Archive, head, verdict, selection, tool."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        predicate: JsonObject = json.loads(file.read("manifest.json"))["predicate"]
        first = json.loads(file.read(EVENTS).splitlines()[0])
    assert predicate["source"]["head"] == "b" * 64
    assert predicate["source"]["verdict"] == "intact"
    assert predicate["first_seq"] == first["seq"] == 1
    assert predicate["tool"] == "forensics test"
