"""Write the JSON Schemas of the documents that commands print; ``make docs`` runs it, a test compares."""

import ast
import inspect
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from forensics.analysis.coverage_statement import Statement
from forensics.analysis.difference import Difference
from forensics.archive.verdict import Verdict
from forensics.model.finding import Attempt, Diagnosis, Finding
from forensics.model.record import Gap, Record
from forensics.report.status import Report


class Line(Record, kw_only=True, frozen=True):
    """One line of an archive: a CloudEvents 1.0 event in JSON, with the chain's attributes."""

    type: str
    """CloudEvents type, such as aws.ecs.task or forensics.gap."""
    source: str
    """ARN of the target; for facts of the recorder's own, urn:forensics: and the archive's id."""
    id: str
    """The key: CloudFormation's EventId, the ECS event id, taskArn@version …"""
    time: str | None = None
    """When AWS says it happened, RFC 3339."""
    subject: str | None = None
    """What the fact is about within the source: logical id, task id, deployment id."""
    data: Any = None
    """The payload as AWS sent it."""
    crc: str
    """CRC-32 of the line up to this attribute, eight hex digits."""


FOLDER = Path(__file__).parents[1] / "forensics/schemas"
DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "coverage": Statement,
    "diagnosis": Diagnosis,
    "difference": Difference,
    "record": Line,
    "status": Report,
    "verdict": Verdict,
}
"""The name of each schema, and the struct that the document is written from."""
_WORDS = {
    (Diagnosis, "outcome"): ["failed", "succeeded", "in_progress", "nothing_found", "could_not_look"],
    (Attempt, "outcome"): ["failed", "succeeded", "in_progress"],
    (Finding, "role"): ["cause", "rollback", "context"],
    (Gap, "kind"): ["recovered", "lost", "unknown", "open"],
}
"""Texts of which there are only these."""
_ABSENT = {"poll", "time", "subject"}
"""Attributes that a line has only where they are known."""


def schema(name: str) -> str:
    """Return one schema as JSON text."""
    (top,), kinds = msgspec.json.schema_components([DOCUMENTS[name]], ref_template="#/$defs/{name}")
    for kind in _structs(DOCUMENTS[name], {}).values():
        _complete(kind, kinds[kind.__name__])
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"forensics {name}",
        **top,
        "$defs": kinds,
    }
    return json.dumps(document, indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Return every schema by its file."""
    return {FOLDER / f"{name}.json": schema(name) for name in DOCUMENTS}


def _structs(kind: Any, found: dict[str, type[msgspec.Struct]]) -> dict[str, type[msgspec.Struct]]:
    """Return a struct and every struct in it, by name."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind.__name__ not in found:
            found[kind.__name__] = kind
            for field in msgspec.structs.fields(kind):
                _structs(field.type, found)
    else:
        for inner in getattr(kind, "__args__", ()):
            _structs(inner, found)
    return found


def _complete(kind: type[msgspec.Struct], said: dict[str, Any]) -> None:
    """Add what msgspec cannot know: the fields' own words, what is always written, closed sets of texts."""
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    for name, words in _docstrings(kind).items():
        said["properties"][names[name]]["description"] = words.replace("None", "null")
    for (owner, name), texts in _WORDS.items():
        if owner is kind:
            said["properties"][names[name]]["enum"] = texts
    optional = _ABSENT if kind is Line else set()
    if not kind.__struct_config__.omit_defaults:
        said["required"] = [names[name] for name in kind.__struct_fields__ if name not in optional]


def _docstrings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the text that stands below each field, on one line; a subclass's own before its base's."""
    found: dict[str, str] = {}
    for known in reversed(kind.__mro__):
        if issubclass(known, msgspec.Struct) and known is not msgspec.Struct:
            found |= _own_docstrings(known)
    return found


def _own_docstrings(kind: type[msgspec.Struct]) -> dict[str, str]:
    (definition,) = ast.parse(inspect.getsource(kind)).body
    lines = definition.body if isinstance(definition, ast.ClassDef) else []
    found = {}
    for field, below in pairwise(lines):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(str(below.value.value).split())
    return found


def main() -> int:
    """Write every schema."""
    for path, text in pages().items():
        path.write_text(text)
        print(path.relative_to(FOLDER.parents[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
