"""What records add up to."""

import copy
from typing import Any

import msgspec
import pytest

from forensics.archive.streams import ArchiveState, fold
from forensics.model.record import Record
from tests.support.archives import SERVICE

STREAM = f"services {SERVICE}"


def folded(*facts: tuple[str, Any], state: ArchiveState | None = None) -> ArchiveState:
    state = state or ArchiveState()
    for kind, data in facts:
        record = Record(
            type=kind,
            source=SERVICE if kind.startswith("aws.") else "urn:forensics:x",
            id=str(state.last_seq + 1),
            recordedtime=f"2026-01-15T12:00:{state.last_seq + 1:02d}Z",
            seq=state.last_seq + 1,
            prev="0" * 64,
            run="run-1",
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
        fold(state, record)
    return state


OPENED = ("forensics.stream", {"number": 7, "stream": STREAM, "opened_because": "asked"})


def poll(since: str | None, until: str) -> tuple[str, Any]:
    return ("forensics.poll", {"streams": [STREAM], "from": since, "to": until, "facts": 1, "calls": 1})


def gap(kind: str) -> tuple[str, Any]:
    body = {"stream": STREAM, "from": "t1", "to": None, "reason": "throttled", "kind": kind}
    return ("forensics.gap", body)


def test_polls_move_a_stream_and_its_facts_are_counted() -> None:
    """Lag is the time since the last poll with an answer; the first poll says where coverage begins."""
    state = folded(OPENED, poll("t0", "t1"), ("aws.ecs.service_event", {}), poll("t1", "t2"))
    stream = state.streams[STREAM]
    assert (stream.number, stream.covers_from, stream.polled_at, stream.facts) == (7, "t0", "t2", 1)
    assert (state.records, state.last_seq, state.last_recorded) == (4, 4, "2026-01-15T12:00:04Z")
    assert state.types["forensics.poll"] == 2


def test_a_coverage_record_moves_the_streams_that_it_names() -> None:
    """A thousand quiet polls are one record: streams are named by number."""
    quiet = {"from": "t3", "to": "t4", "streams": "1-3,7,9-12", "polls": 9, "calls": 9}
    state = folded(OPENED, ("forensics.coverage", quiet))
    assert state.streams[STREAM].polled_at == "t4"
    state = folded(OPENED, ("forensics.coverage", quiet | {"streams": "1-6,8"}))
    assert state.streams[STREAM].polled_at is None


def test_a_gap_that_opens_and_closes_counts_once() -> None:
    """It is written when it opens, so that a crash does not hide it, and again when it has an end."""
    state = folded(OPENED, gap("open"))
    assert state.streams[STREAM].open_gap is not None
    state = folded(gap("open"), gap("recovered"), gap("lost"), state=state)
    assert state.streams[STREAM].open_gap is None
    assert (state.streams[STREAM].gaps, state.gap_count) == (2, 2)
    assert state.gap_kinds == {"recovered": 1, "lost": 1}


def test_a_refusal_holds_until_the_next_run() -> None:
    """Permissions change between runs: the next one asks again."""
    denied = {
        "stream": STREAM,
        "operation": "ecs:ListTasks",
        "action": "ecs:ListTasks",
        "code": "AccessDenied",
    }
    state = folded(OPENED, ("forensics.refusal", denied))
    assert state.streams[STREAM].refusal == "ecs:ListTasks"
    state = folded(("forensics.run", {"phase": "started", "pid": 1}), state=state)
    assert state.streams[STREAM].refusal is None
    assert state.run == {"phase": "started", "pid": 1, "run": "run-1", "at": "2026-01-15T12:00:03Z"}


def test_identities_are_kept_by_region_and_account() -> None:
    """`status` shows when each one's credentials end."""
    who = {"account": "123456789012", "region": "eu-west-1", "arn": "arn:x", "expires_at": "t9"}
    state = folded(("forensics.identity", who), ("forensics.identity", who | {"expires_at": "t10"}))
    assert state.identities == {
        "eu-west-1/123456789012": who | {"expires_at": "t10", "at": "2026-01-15T12:00:02Z"}
    }


def test_a_stream_ends_and_can_be_opened_again() -> None:
    """A deleted stack's stream is closed; it keeps its number."""
    ended = ("forensics.stream", {"number": 7, "stream": STREAM, "ended_because": "deleted"})
    state = folded(OPENED, ended)
    assert state.streams[STREAM].is_ended
    state = folded(OPENED, state=state)
    assert not state.streams[STREAM].is_ended
    assert state.streams[STREAM].number == 7


@pytest.mark.parametrize(
    "kind", ["stream", "poll", "coverage", "gap", "run", "identity", "refusal", "recovery", "from-the-future"]
)
@pytest.mark.parametrize(
    "data", [None, 1, "x", [], {}, {"streams": 1}, {"streams": "1-x", "to": "t"}], ids=str
)
def test_facts_of_ours_that_are_not_understood_change_only_the_counts(kind: str, data: Any) -> None:
    """An archive may be written by a later version, or by somebody who means harm."""
    state = folded(OPENED)
    before = copy.deepcopy(state.streams)
    folded((f"forensics.{kind}", data), state=state)
    assert state.streams == before
    assert state.records == 2


def test_the_state_survives_json() -> None:
    """It lies in each seal."""
    state = folded(OPENED, poll("t0", "t1"), gap("open"), ("aws.ecs.service_event", {}))
    state.streams[STREAM].position = {"seen": ["a", "b"]}
    assert msgspec.json.decode(msgspec.json.encode(state), type=ArchiveState) == state
