"""Where the report's facts come from: who asked AWS, how often, with whose credentials."""

from collections.abc import Iterable

import msgspec

from forensics.analysis.shapes import count_at, payload_of, text_at, value_at
from forensics.analysis.wording import stream_name
from forensics.model import record as facts
from forensics.model.record import Record

SHOWN = 20
"""More identities, runs or refusals than these are left out and counted."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credentials were in use from a moment on."""

    at: str
    account: str
    region: str
    arn: str
    source: str
    expires_at: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One process that recorded."""

    run: str
    started_at: str
    ended_at: str
    """"" while it goes on, or where it was killed."""
    reason: str
    polls: int
    calls: int
    throttles: int | None
    """None where the recorder does not say."""


class Provenance(msgspec.Struct, kw_only=True):
    """What records say about their own making, in their order."""

    runs: dict[str, Run] = {}
    identities: list[Identity] = []
    refusals: list[str] = []
    commands: list[str] = []
    throttled_gaps: int = 0
    streams: int = 0

    @property
    def calls(self) -> int:
        """How many calls of AWS were made."""
        return sum(run.calls for run in self.runs.values())

    @property
    def polls(self) -> int:
        """How often a target was looked at."""
        return sum(run.polls for run in self.runs.values())

    @property
    def throttles(self) -> int | None:
        """How often AWS asked for fewer calls; None where no run says."""
        known = [run.throttles for run in self.runs.values() if run.throttles is not None]
        return sum(known) if known else None


def provenance(records: Iterable[Record]) -> Provenance:
    """Return what records say about their own making."""
    found = Provenance()
    for record in records:
        if record.type.startswith("forensics."):
            _add(found, record)
    return found


def _add(found: Provenance, record: Record) -> None:
    payload = payload_of(record)
    if record.type in (facts.POLL, facts.COVERAGE):
        polls = 1 if record.type == facts.POLL else count_at(payload, "polls") or 0
        _count(found, record, polls=polls, calls=count_at(payload, "calls") or 0)
    elif record.type == facts.RUN:
        _add_run(found, record)
    elif record.type == facts.IDENTITY:
        found.identities.append(_identity(record))
    elif record.type == facts.STREAM:
        found.streams += not text_at(payload, "ended_because")
    elif record.type == facts.REFUSAL:
        action = text_at(payload, "action") or text_at(payload, "operation")
        found.refusals.append(f"{action} for {stream_name(text_at(payload, 'stream'))}")
    elif record.type == facts.GAP:
        found.throttled_gaps += (
            text_at(payload, "reason") == "throttled" and text_at(payload, "kind") != "open"
        )
    elif record.type == facts.COMMAND and text_at(payload, "argv0"):
        code = value_at(payload, "exit_code")
        ended = f"ended with exit code {code}" if code is not None else text_at(payload, "phase")
        found.commands.append(f"{text_at(payload, 'argv0')} {ended}")


def _count(found: Provenance, record: Record, *, polls: int, calls: int) -> None:
    run = _run(found, record)
    if not run.ended_at:
        found.runs[record.run] = msgspec.structs.replace(
            run, polls=run.polls + polls, calls=run.calls + calls
        )


def _add_run(found: Provenance, record: Record) -> None:
    payload = payload_of(record)
    run = _run(found, record)
    if text_at(payload, "phase") != "ended":
        return
    calls, polls = count_at(payload, "calls"), count_at(payload, "polls")
    found.runs[record.run] = msgspec.structs.replace(
        run,
        ended_at=record.recordedtime,
        reason=text_at(payload, "reason"),
        # Its own count has the calls that brought nothing, too.
        calls=run.calls if calls is None else calls,
        polls=run.polls if polls is None else polls,
        throttles=count_at(payload, "throttles"),
    )


def _run(found: Provenance, record: Record) -> Run:
    return found.runs.setdefault(
        record.run,
        Run(
            run=record.run,
            started_at=record.recordedtime,
            ended_at="",
            reason="",
            polls=0,
            calls=0,
            throttles=None,
        ),
    )


def _identity(record: Record) -> Identity:
    payload = payload_of(record)
    return Identity(
        at=record.recordedtime,
        account=text_at(payload, "account"),
        region=text_at(payload, "region"),
        arn=text_at(payload, "arn"),
        source=text_at(payload, "source"),
        expires_at=text_at(payload, "expires_at"),
    )
