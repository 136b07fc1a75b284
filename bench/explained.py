"""Whether redaction changes what is explained: ``python -m bench.explained [FILE.jsonl]``.

The diagnosis of redacted records, with each name of ours in it replaced by the value that it stands for, has
to be the diagnosis of the records, word for word. Without a file each text of `bench.messages` is a failure
of its own; with one, its labelled failures are taken as `bench.accuracy` takes them.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import accuracy, messages
from forensics.analysis.diagnose import diagnose
from forensics.model.finding import Diagnosis
from forensics.model.record import Record
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.redactor import Redactor
from forensics.redact.reveal import revealed
from forensics.report.plain_json import as_json

POLICIES = ("standard", "strict")
_KEY = b"nobody's secret, but 32 bytes..."


def main(arguments: list[str]) -> int:
    """Print how many are the same; end with 1 where one is not."""
    parser = argparse.ArgumentParser(prog="bench.explained", description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--wrong", action="store_true", help="show each place that is not the same")
    asked = parser.parse_args(arguments)
    failures = {"AWS's texts": list(texts())}
    if asked.corpus is not None:
        failures["failures"] = list(_failures(asked.corpus))
    other = 0
    for what, cases in failures.items():
        for policy in POLICIES:
            found = {name: places for name, records in cases if (places := differences(records, policy))}
            print(
                f"{policy}: {len(cases) - len(found)} of {len(cases)} {what} explained the same when redacted"
            )
            other += len(found)
            for name, places in found.items() if asked.wrong else ():
                print(f"  {name}", *(f"\n    {place}" for place in places))
    return 1 if other else 0


def differences(records: Sequence[Record], policy: str) -> list[str]:
    """Return where the diagnosis of redacted records, its values put back, is not that of the records."""
    names = Pseudonyms(_KEY)
    told = diagnose(redacted(records, Redactor(policy, names)))
    return list(_differences(put_back(document(told), names.known()), document(diagnose(records)), ""))


def redacted(records: Sequence[Record], made: Redactor) -> Iterator[Record]:
    """Yield the records that may be told, as they may be."""
    for record in records:
        made.learn(record)
    for record in records:
        shown = made.record(record)
        if shown is not None:
            yield shown


def document(diagnosis: Diagnosis) -> Any:
    """Return a diagnosis as whoever reads ``explain -o json`` gets it."""
    return json.loads(as_json(diagnosis))


def put_back(value: Any, known: Mapping[str, str]) -> Any:
    """Return a plain value with the hidden value in place of each name of ours.

    Args:
        value: Any plain value.
        known: The value behind each name; one that was hidden twice holds another name.
    """
    if isinstance(value, str):
        shown, count = revealed(value, known)
        return put_back(shown, known) if count else shown
    if isinstance(value, list):
        return [put_back(item, known) for item in value]
    if isinstance(value, dict):
        return {key: put_back(item, known) for key, item in value.items()}
    return value


def _differences(told: Any, given: Any, path: str) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(given, dict):
        for key in told.keys() | given.keys():
            yield from _differences(told.get(key), given.get(key), f"{path}.{key}")
    elif isinstance(told, list) and isinstance(given, list) and len(told) == len(given):
        for place, (one, other) in enumerate(zip(told, given, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    elif told != given:
        yield f"{path}: {told!r} instead of {given!r}"


def texts() -> Iterator[tuple[str, list[Record]]]:
    """Yield each labelled text of AWS's with the record of a failure that gives it as its reason."""
    for row in messages.labelled():
        payload = {
            "message": row["text"],
            **({"ResourceType": row["resource"]} if row.get("resource") else {}),
        }
        yield row["text"], list(accuracy.records({"kind": "message", "payload": payload}))


def _failures(corpus: Path) -> Iterator[tuple[str, list[Record]]]:
    lines: Iterable[str] = corpus.read_text(encoding="utf-8").splitlines()
    for case in map(json.loads, lines):
        yield case["id"], list(accuracy.records(case))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
