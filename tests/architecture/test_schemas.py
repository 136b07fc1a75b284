"""The schemas are what the structs are, and what the commands print."""

import importlib.util
import json
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from forensics.archive.writer import Writer
from forensics.cli.main import root
from forensics.cli.schema import NAMES
from forensics.demo import incident
from tests.support.clock import ManualClock

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("schemas", ROOT / "docs" / "schemas.py")
assert _SPEC is not None
assert _SPEC.loader is not None
schemas = importlib.util.module_from_spec(_SPEC)
# Where a struct was written is found by the name of its module.
sys.modules["schemas"] = schemas
_SPEC.loader.exec_module(schemas)


def run(*args: str) -> str:
    done = CliRunner().invoke(root, args, catch_exceptions=False, standalone_mode=False)
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("schemas") / "archive"
    writer = Writer.open(path, clock=ManualClock(), run="schemas", tool="test")
    writer.append(incident.facts())
    writer.close()
    return str(path)


@pytest.mark.parametrize("path", schemas.pages(), ids=lambda path: path.name)
def test_a_schema_is_in_step_with_its_struct(path: Path) -> None:
    """A changed struct changes the schema in the same commit; `make docs` writes it."""
    assert path.read_text() == schemas.pages()[path]


def test_the_command_knows_every_schema() -> None:
    assert sorted(NAMES) == sorted(schemas.DOCUMENTS)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("coverage", ["coverage", "-o", "json"]),
        ("diagnosis", ["explain", "-o", "json"]),
        ("difference", ["diff", "--attempt", "1", "--with", "2", "-o", "json"]),
        ("record", ["events", "--all", "-o", "jsonl"]),
        ("status", ["status", "-o", "json"]),
        ("verdict", ["verify", "-o", "json"]),
    ],
    ids=NAMES,
)
def test_what_a_command_prints_is_what_its_schema_says(name: str, command: list[str], archive: str) -> None:
    schema = json.loads(run("schema", name))
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    printed = run(command[0], archive, *command[1:])
    documents = printed.splitlines() if name == "record" else [printed]
    assert documents
    for document in documents:
        judge.validate(json.loads(document))


def test_a_schema_refuses_what_is_no_such_document(archive: str) -> None:
    """A schema that takes anything would pass the test above."""
    judge = jsonschema.Draft202012Validator(json.loads(run("schema", "diagnosis")))
    document = json.loads(run("explain", archive, "-o", "json"))
    document["findings"][0]["evidence"][0]["seq"] = "211"
    assert not judge.is_valid(document)
    assert not judge.is_valid({})
