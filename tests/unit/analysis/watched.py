"""Builds what a recorder says about its own work, as records; moments are seconds after noon."""

from typing import Any

import msgspec

from forensics.analysis.coverage import Coverage
from forensics.analysis.coverage_statement import Statement, statement
from forensics.model import record as kinds
from forensics.model.record import Record
from tests.unit.analysis.records import CLUSTER, REGION, SERVICE, STACK, at

SURVEY = f"stacks arn:aws:cloudformation:{REGION}:123456789012:stack/*"
EVENTS = f"stack_events {STACK}"
SERVICES = f"services {SERVICE}"
TASKS = f"stopped_tasks {CLUSTER}"


class Log:
    """Records of a recorder's own facts, numbered as an archive does it."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._run = 0
        self._numbers: dict[str, int] = {}

    def add(
        self, kind: str, when: float, payload: dict[str, Any], *, source: str = "urn:forensics:a"
    ) -> None:
        seq = len(self.records) + 1
        self.records.append(
            Record(
                type=kind, source=source, id=str(seq), recordedtime=at(when), seq=seq, prev="",
                run=f"run-{self._run}", data=msgspec.Raw(msgspec.json.encode(payload)),
            )
        )  # fmt: skip

    def start(self, when: float, **asked: list[str]) -> "Log":
        self._run += 1
        wanted = {"stacks": [], "clusters": [], "services": []} | (asked or {"stacks": ["shop"]})
        sites = [{"label": "main", "region": REGION, **wanted}]
        self.add(kinds.RUN, when, {"phase": "started", "sites": sites})
        return self

    def stop(self, when: float) -> "Log":
        self.add(kinds.RUN, when, {"phase": "ended", "reason": "stopped"})
        return self

    def open(self, stream: str, when: float, because: str = "wanted") -> "Log":
        number = self._numbers.setdefault(stream, len(self._numbers) + 1)
        data = {"number": number, "stream": stream, "opened_because": because}
        self.add(kinds.STREAM, when, data, source=stream.partition(" ")[2])
        return self

    def end(self, stream: str, when: float, because: str = "nothing can come any more") -> "Log":
        data = {"number": self._numbers[stream], "stream": stream, "ended_because": because}
        self.add(kinds.STREAM, when, data, source=stream.partition(" ")[2])
        return self

    def poll(self, when: float, *streams: str, back_to: float | None = None) -> "Log":
        since = None if back_to is None else at(back_to)
        self.add(kinds.POLL, when, {"streams": list(streams), "from": since, "to": at(when), "facts": 1})
        return self

    def calm(self, since: float, until: float, *streams: str, vouched: tuple[str, ...] = ()) -> "Log":
        numbers = ",".join(str(self._numbers[name]) for name in (*streams, *vouched))
        by_survey = ",".join(str(self._numbers[name]) for name in vouched)
        span = {"from": at(since), "to": at(until)}
        self.add(kinds.COVERAGE, until, {**span, "streams": numbers, "vouched": by_survey})
        return self

    def gap(
        self,
        stream: str,
        since: float,
        until: float | None,
        kind: str,
        reason: str = "throttled",
        **more: Any,
    ) -> "Log":
        span = {"from": at(since), "to": None if until is None else at(until)}
        data = {"stream": stream, **span, "reason": reason, "kind": kind, **more}
        self.add(kinds.GAP, since if until is None else until, data, source=stream.partition(" ")[2])
        return self

    def clock(self, before: float, after: float) -> "Log":
        data = {"before": at(before), "after": at(after), "jumped_s": after - before}
        self.add(kinds.CLOCK, after, data)
        return self

    def said(self, *, is_live: bool = False) -> Statement:
        return statement(Coverage(self.records, is_live=is_live))


def seconds(text: str | None) -> float | None:
    """Return how long after noon a moment is."""
    if text is None:
        return None
    hours, minutes, rest = text[11:].rstrip("Z").split(":")
    return (int(hours) - 12) * 3600 + int(minutes) * 60 + float(rest)


def intervals(said: Statement, stream: str) -> list[tuple[float | None, float | None, str]]:
    """Return a stream's intervals: from, to, how."""
    (found,) = [item for item in said.streams if item.stream == stream]
    return [(seconds(item.since), seconds(item.until), item.how) for item in found.intervals]


def gaps(said: Statement, stream: str) -> list[tuple[float | None, float | None, str, str]]:
    """Return a stream's gaps: from, to, kind, reason."""
    (found,) = [item for item in said.streams if item.stream == stream]
    return [(seconds(item.since), seconds(item.until), item.kind, item.reason) for item in found.gaps]
