"""What redaction hides and what it keeps: ``python -m bench.redaction [FILE.jsonl]``, and how fast it is.

Each line of the file is ``{name, fact, secrets, stays}``; a fact has type, source, id, subject, time, data.
A secret must be nowhere in the redacted line: not as it is, URL-encoded, in base64 or as JSON writes it.
What stays must be in it as it is; under strict, names do not. Without a file only the share of AWS's own
words that stays is measured, over the documented texts of `bench.messages`; with --speed how long it takes.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench import messages
from forensics.demo import incident
from forensics.model.record import Fact, Record
from forensics.redact.literals import forms_of
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.redactor import Redactor

POLICIES = ("standard", "strict")
RECORDS = 100_000
_KEY = b"nobody's secret, but 32 bytes..."
_AT = "2026-01-15T02:16:09.000Z"


def main(arguments: list[str]) -> int:
    """Print the tables; end with 1 where a secret was told."""
    parser = argparse.ArgumentParser(prog="bench.redaction", description=__doc__)
    parser.add_argument("cases", type=Path, nargs="?")
    parser.add_argument("--wrong", action="store_true", help="name every case that is not right")
    parser.add_argument("--speed", action="store_true", help=f"redact {RECORDS} records")
    asked = parser.parse_args(arguments)
    leaks = 0
    if asked.cases is not None:
        leaks = sum(_print_cases(asked.cases, policy, wrong=asked.wrong) for policy in POLICIES)
    for policy in POLICIES:
        kept, words = words_kept(policy)
        print(f"{policy}: {kept / words:.1%} of {words} words of AWS's documented messages stay")
    if asked.speed:
        for policy in POLICIES:
            print(f"{policy}: {RECORDS} records in {seconds(policy):.1f} s")
    return 1 if leaks else 0


def _print_cases(path: Path, policy: str, *, wrong: bool) -> int:
    """Print recall and share kept of one policy; return how many secrets were told."""
    secrets = told = stays = kept = 0
    for case in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        line = redacted(case["fact"], policy)
        leaked = [secret for secret in case["secrets"] if is_told(secret, line)]
        lost = [text for text in case["stays"] if not stays_in(text, line)]
        secrets, told = secrets + len(case["secrets"]), told + len(leaked)
        stays, kept = stays + len(case["stays"]), kept + len(case["stays"]) - len(lost)
        if wrong and (leaked or lost):
            print(f"{policy} {case['name']}: told {leaked}, hidden {lost}\n    {line}")
    print(f"{policy}: {secrets - told} of {secrets} secrets hidden, {kept} of {stays} harmless texts kept")
    return told


def redacted(fact: dict[str, Any], policy: str) -> str:
    """Return a fact's line as a bundle would hold it; "" where nothing of it may be told."""
    made = Redactor(policy, Pseudonyms(_KEY))
    shown = made.record(_record(Fact(**fact), 1))
    return "" if shown is None else msgspec.json.encode(shown).decode()


def is_told(secret: str, line: str) -> bool:
    """Tell whether a secret is in a line in any form."""
    return any(form in line for form in forms_of(secret))


def stays_in(text: str, line: str) -> bool:
    """Tell whether a text is in a line as it is, or as JSON writes it."""
    return (
        text in line or json.dumps(text)[1:-1] in line or json.dumps(text, ensure_ascii=False)[1:-1] in line
    )


def words_kept(policy: str) -> tuple[int, int]:
    """Return how many words of AWS's documented messages stay, and of how many."""
    kept = words = 0
    for line in messages.FILE.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["origin"] == "documented":
            given = said["text"].split()
            shown = set(Redactor(policy, Pseudonyms(_KEY)).text(said["text"]).split())
            words += len(given)
            kept += sum(word in shown for word in given)
    return kept, words


def seconds(policy: str) -> float:
    """Return how long it takes to learn and redact many records, each read and written as JSON."""
    made = Redactor(policy, Pseudonyms(_KEY))
    began = time.perf_counter()
    for record in _many():
        made.learn(record)
    for record in _many():
        msgspec.json.encode(made.record(record))
    return time.perf_counter() - began


def _many() -> Iterator[Record]:
    """Yield many records: those of the demo's incident, over and over."""
    facts = list(incident.facts())
    for number in range(RECORDS):
        fact = facts[number % len(facts)]
        yield _record(fact, number + 1)


def _record(fact: Fact, seq: int) -> Record:
    return Record(
        type=fact.type,
        source=fact.source,
        id=fact.id,
        subject=fact.subject,
        time=fact.time,
        recordedtime=_AT,
        seq=seq,
        prev="",
        run="0" * 32,
        data=msgspec.Raw(msgspec.json.encode(fact.data)),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
