"""What would leave the machine, before anything is written."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from forensics.bundle.events import write_lines
from forensics.model.record import Record
from forensics.report.count import counted
from forensics.sharing.compose import Redaction

_SAMPLES = 1
"""Records shown of each type."""


def preview(records: Callable[[], Iterable[Record]], redaction: Redaction) -> Iterator[str]:
    """Yield lines: what would be told, what is hidden in it, and one record of each type as it would read.

    Args:
        records: Gives what was selected, in the order of their seq, each time it is called.
        redaction: Hides what must not be told.
    """
    for record in records():
        redaction.learn(record)
    counts: Counter[str] = Counter()
    samples: dict[str, list[Record]] = {}
    refused = 0
    for record in records():
        told = redaction.record(record)
        if told is None:
            refused += 1
            continue
        counts[told.type] += 1
        shown = samples.setdefault(told.type, [])
        if len(shown) < _SAMPLES:
            shown.append(told)
    told_count = counted(sum(counts.values()), "record")
    yield f"{told_count} would leave this machine, redacted by {redaction.policy_id}"
    yield from (f"  {count:>8,}  {kind}" for kind, count in sorted(counts.items()))
    if refused:
        yield f"  {refused:>8,}  left out: the policy has no rule for their kind"
    yield from _summary(redaction.summary())
    yield ""
    yield "One of each, as it would read:"
    chosen = sorted((record for shown in samples.values() for record in shown), key=lambda record: record.seq)
    for line in write_lines(chosen):
        yield ""
        yield line.decode().rstrip("\n")


def _summary(summary: dict[str, object]) -> Iterator[str]:
    rules = summary.get("rules")
    if isinstance(rules, dict) and rules:
        yield ""
        yield "Hidden in texts, by rule:"
        yield from (f"  {count:>8,}  {rule}" for rule, count in rules.items())
    fields = summary.get("fields")
    if isinstance(fields, dict):
        hidden = [
            (kind, path, how)
            for kind, paths in fields.items()
            for path, how in paths.items()
            if "hidden" in how["how"]
        ]
        if hidden:
            yield ""
            yield "Hidden by field:"
            yield from (f"  {how['count']:>8,}  {kind} {path}: {how['how']}" for kind, path, how in hidden)
    dropped = summary.get("dropped_fields")
    if isinstance(dropped, dict) and dropped:
        yield ""
        yield "Fields that are dropped, because no rule knows them:"
        for kind, paths in dropped.items():
            yield from (f"  {count:>8,}  {kind} {path}" for path, count in paths.items())
