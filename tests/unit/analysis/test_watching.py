"""Whether everything that was watched was seen."""

import msgspec

from forensics.analysis.watching import Watching
from forensics.model import record as kinds
from forensics.model.record import Record

STACK = "stack_events arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
TASKS = "stopped_tasks arn:aws:ecs:us-east-1:123456789012:cluster/main"


def _watching(*facts: tuple[str, dict[str, object]]) -> Watching:
    watching = Watching()
    for seq, (kind, payload) in enumerate(facts, 1):
        watching.add(
            Record(
                type=kind, source="urn:forensics:a", id=str(seq), recordedtime="2026-01-15T12:00:00.000Z",
                seq=seq, prev="", run="r", data=msgspec.Raw(msgspec.json.encode(payload)),
            )
        )  # fmt: skip
    return watching


RUN = (kinds.RUN, {"phase": "started"})
OPENED = [
    (kinds.STREAM, {"number": 1, "stream": STACK, "opened_because": "wanted"}),
    (kinds.STREAM, {"number": 2, "stream": TASKS, "opened_because": STACK}),
]
STACK_READ = (kinds.POLL, {"streams": [STACK], "from": None, "to": "2026-01-15T12:00:00.000Z"})


def test_a_stream_that_was_never_read_makes_the_coverage_incomplete() -> None:
    """A full disk loses the polls with their gaps: that nothing is recorded of a stream is no calm."""
    coverage = _watching(RUN, *OPENED, STACK_READ).coverage()
    assert not coverage.complete
    assert coverage.notes == (f"{TASKS} was never read",)


def test_a_stream_that_ended_before_it_was_read_misses_nothing() -> None:
    """What was deleted before anybody could look has nothing left to read."""
    ended = (kinds.STREAM, {"number": 2, "stream": TASKS, "ended_because": "gone"})
    assert _watching(RUN, *OPENED, STACK_READ, ended).coverage().complete


def test_many_unread_streams_are_counted() -> None:
    """A thousand lines of the same hide the ones that differ."""
    many = [(kinds.STREAM, {"number": n, "stream": f"services arn:{n}"}) for n in range(3, 40)]
    notes = _watching(RUN, *OPENED, STACK_READ, *many).coverage().notes
    assert len(notes) == 11
    assert notes[-1] == "28 more streams were never read"


def test_a_refusal_is_over_with_the_next_good_poll() -> None:
    """Somebody has mended the policy: what came afterwards was read."""
    refused = (kinds.REFUSAL, {"stream": STACK, "action": "cloudformation:DescribeStackEvents", "code": "x"})
    assert _watching(RUN, *OPENED, refused).refusals
    assert not _watching(RUN, *OPENED, refused, STACK_READ).refusals
    optional = (kinds.REFUSAL, {"stream": STACK, "action": "x:y", "code": "x", "optional": True})
    assert _watching(RUN, *OPENED, optional, STACK_READ).refusals[STACK].is_optional


def test_the_time_between_a_kill_and_the_next_start_is_a_gap() -> None:
    """No record says so: the process that could have written it was gone."""
    again = (
        kinds.POLL,
        {"streams": [STACK], "from": "2026-01-15T13:30:00.000Z", "to": "2026-01-15T14:00:00.000Z"},
    )
    found = _watching(RUN, *OPENED, STACK_READ, RUN, again).gaps()
    assert [(gap.kind, gap.reason, gap.until) for gap in found if gap.stream == STACK] == [
        ("unknown", "daemon-down", "2026-01-15T13:30:00.000Z"),
        ("recovered", "daemon-down", "2026-01-15T14:00:00.000Z"),
    ]
