"""How often the diagnosis is right: ``python -m bench.accuracy [FILE.jsonl]``.

Without a file only the texts of `bench.messages` are judged. With one, its labelled failures are diagnosed
whole, by kind and by category, and once more with other names, ids and regions in them.

Each line is ``{id, kind, payload, truth}`` with kind message, sequence or ecs; truth has ``category``,
perhaps ``also_acceptable``, and for events ``root_event_index`` with ``equivalent_root_indexes``.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from bench import messages
from forensics.analysis.diagnose import diagnose
from forensics.model.clock import to_rfc3339
from forensics.model.finding import Diagnosis
from forensics.model.record import Record

SURE = messages.SURE
CASES = (
    "all",
    "root right",
    "root wrong",
    "category right",
    "category wrong",
    "wrong and sure",
    "unknown",
    "same if renamed",
)
TEXTS = ("all", *CASES[3:])
_START = datetime(2026, 1, 1, tzinfo=UTC)
_STACKS = "arn:aws:cloudformation:us-east-1:123456789012:stack"
_SERVICES = "arn:aws:ecs:us-east-1:123456789012:service/main"
# In what people paste, a service's event may stand among the stack's; it is the only service of its case.
_PASTED_EVENT = "ECS service event"
_PASTED_SERVICE = f"{_SERVICES}/pasted"
_CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"


def main(arguments: list[str]) -> int:
    """Print the tables, and with --wrong each case that is not right."""
    parser = argparse.ArgumentParser(prog="bench.accuracy", description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--wrong", action="store_true", help="list every case that is not right")
    asked = parser.parse_args(arguments)
    if asked.corpus is not None:
        _print_corpus(asked.corpus, wrong=asked.wrong)
    _print_table("text", {origin: messages.figures(origin) for origin in ("documented", "posted")}, TEXTS)
    return 0


def _print_corpus(corpus: Path, *, wrong: bool) -> None:
    kinds: dict[str, Counter[str]] = {}
    categories: dict[str, Counter[str]] = {}
    rng = random.Random(0)
    for line in corpus.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        diagnosis = diagnose(list(records(case)))
        verdicts = judge(case, diagnosis)
        renamed = diagnose(list(records(json.loads(messages.perturbed(line, rng)))))
        if category_of(renamed) == category_of(diagnosis):
            verdicts.add("same if renamed")
        for counts, name in ((kinds, case["kind"]), (categories, case["truth"]["category"])):
            counts.setdefault(name, Counter()).update(["all", *verdicts])
        if wrong and verdicts & {"category wrong", "root wrong"}:
            _show(case, diagnosis, verdicts)
    total: Counter[str] = Counter()
    for counts in kinds.values():
        total.update(counts)
    _print_table("kind", {**dict(sorted(kinds.items())), "total": total}, CASES)
    _print_table("category", dict(sorted(categories.items())), CASES)
    _print_aims(total)


def records(case: dict[str, Any]) -> Iterator[Record]:
    """Yield a case as the records that an archive would hold, seq = position in the case + 1."""
    payload = case["payload"]
    if case["kind"] == "sequence":
        yield from _stack_records(payload["events"], payload.get("order"))
    elif case["kind"] == "ecs":
        yield from _ecs_records(payload)
    else:
        yield _message_record(payload)


def category_of(diagnosis: Diagnosis) -> str:
    """Return the category of the first answer; unknown where there is none."""
    return diagnosis.findings[0].category if diagnosis.findings else "unknown"


def judge(case: dict[str, Any], diagnosis: Diagnosis) -> set[str]:
    """Return what is right and wrong about a diagnosis."""
    truth = case["truth"]
    first = diagnosis.findings[0] if diagnosis.findings else None
    category = category_of(diagnosis)
    right = category in {truth["category"], *truth.get("also_acceptable", [])}
    verdicts = {"category right" if right else "category wrong"}
    if category == "unknown":
        verdicts.add("unknown")
    if first and not right and first.confidence >= SURE:
        verdicts.add("wrong and sure")
    root = truth.get("root_event_index")
    if root is not None:
        wanted = {index + 1 for index in {root, *truth.get("equivalent_root_indexes", [])}}
        seen = {item.seq for item in first.evidence} if first else set()
        verdicts.add("root right" if wanted & seen else "root wrong")
    return verdicts


def _record(seq: int, kind: str, source: str, payload: dict[str, Any], second: int) -> Record:
    at = to_rfc3339(_START + timedelta(seconds=second))
    return Record(
        type=kind,
        source=source,
        id=f"case-{seq}",
        recordedtime=at,
        time=at,
        seq=seq,
        prev="",
        run="",
        data=msgspec.Raw(msgspec.json.encode(payload)),
    )


def _stack_records(events: list[dict[str, Any]], order: str | None) -> Iterator[Record]:
    names = [event.get("StackName") or "" for event in events]
    only = next((name for name in names if name), "stack")
    children = {name: f"{_STACKS}/{name}/1" for name in names if name}
    for index, event in enumerate(events):
        second = len(events) - index if order == "newest_first" else index
        if event.get("ResourceType") == _PASTED_EVENT:
            said = {"message": event.get("ResourceStatusReason") or ""}
            yield _record(index + 1, "aws.ecs.service_event", _PASTED_SERVICE, said, second)
            continue
        name = event.get("StackName") or ("root" if children else only)
        arn = f"{_STACKS}/{name}/1"
        payload = {
            **event,
            "StackId": arn,
            "StackName": name,
            "PhysicalResourceId": _physical(event, arn, children),
        }
        yield _record(index + 1, "aws.cloudformation.stack_event", arn, payload, second)


def _physical(event: dict[str, Any], stack: str, children: dict[str, str]) -> str:
    """Return what the events of a recording would name: the stack itself, a nested stack, a service."""
    name = stack.split("/")[1]
    if event.get("ResourceType") == "AWS::ECS::Service":
        return _PASTED_SERVICE
    if event.get("ResourceType") != "AWS::CloudFormation::Stack":
        return event.get("PhysicalResourceId") or ""
    if event.get("LogicalResourceId") in {None, name}:
        return stack
    found = (known for other, known in children.items() if str(event.get("LogicalResourceId")) in other)
    return next(found, "")


def _ecs_records(payload: dict[str, Any]) -> Iterator[Record]:
    name = payload.get("serviceName") or "service"
    events = payload.get("events", [])
    for index, event in enumerate(events):
        arn = f"{_SERVICES}/{name}"
        yield _record(index + 1, "aws.ecs.service_event", arn, event, len(events) - index)
    for index, task in enumerate(payload.get("tasks", [])):
        shown = {"clusterArn": _CLUSTER, "group": f"service:{name}", "lastStatus": "STOPPED", **task}
        yield _record(len(events) + index + 1, "aws.ecs.task", _CLUSTER, shown, index)


def _message_record(payload: dict[str, Any]) -> Record:
    text = payload["message"]
    if payload.get("ResourceType") or payload.get("ResourceStatus") or re.match("Resource handler", text):
        event = {
            "ResourceStatus": "CREATE_FAILED",
            "LogicalResourceId": "Thing",
            **payload,
            "ResourceStatusReason": text,
            "StackId": f"{_STACKS}/stack/1",
            "StackName": "stack",
        }
        return _record(1, "aws.cloudformation.stack_event", event["StackId"], event, 0)
    if re.match(r"\(?service |The closest", text):
        return _record(1, "aws.ecs.service_event", f"{_SERVICES}/service", {"message": text}, 0)
    task = {
        "clusterArn": _CLUSTER,
        "group": "service:service",
        "lastStatus": "STOPPED",
        "stoppedReason": text,
    }
    return _record(1, "aws.ecs.task", _CLUSTER, task, 0)


def _show(case: dict[str, Any], diagnosis: Diagnosis, verdicts: set[str]) -> None:
    truth = case["truth"]
    first = diagnosis.findings[0] if diagnosis.findings else None
    said = f"{first.rule} {first.category} {first.confidence}" if first else "nothing"
    print(f"{case['id']}: {', '.join(sorted(verdicts))}")
    print(f"  wanted {truth['category']} root {truth.get('root_event_index')}")
    print(f"  said {said} ({diagnosis.outcome})")
    if first:
        print(f"  {first.evidence[0].seq}: {first.evidence[0].text[:260]}")


def _print_table(head: str, rows: dict[str, Counter[str]], columns: tuple[str, ...]) -> None:
    width = max(len(head), *map(len, rows))
    print(f"{head:<{width}}" + "".join(f"  {name}" for name in columns))
    for name, found in rows.items():
        print(f"{name:<{width}}" + "".join(f"  {found[column]:>{len(column)}}" for column in columns))
    print()


def _print_aims(total: Counter[str]) -> None:
    """Print the shares that are aimed at."""
    roots = total["root right"] + total["root wrong"]
    for name, part, whole, aim in (
        ("root event right", total["root right"], roots, ">= 96.7 % (58 of 60)"),
        ("category right", total["category right"], total["all"], ">= 90 %"),
        ("wrong and sure", total["wrong and sure"], total["all"], "< 3 %"),
    ):
        share = f"{part / whole:.1%}" if whole else "no case"
        print(f"{name:<17}{part:>4} of {whole:<4} {share:>7}  aim {aim}")
    print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
