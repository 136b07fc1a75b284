"""What every source promises, checked over each of them: nothing lost, nothing twice, whatever fails."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from forensics.errors import AccessDenied, AwsError, CredentialsExpired, ServerFault, Throttled, Unreachable
from forensics.model.record import Fact
from forensics.preflight.policy import needed, optional
from forensics.sources.base import Batch, Failed
from forensics.sources.catalog import CATALOG
from tests.contract.recorder import Recorder, trouble
from tests.contract.upstream import WORLDS, World

every_source = pytest.mark.parametrize("world_of", WORLDS.values(), ids=list(WORLDS))

_TROUBLES = (Unreachable, Throttled, ServerFault, CredentialsExpired, AccessDenied)


def assert_complete(recorder: Recorder) -> None:
    """Nothing lost outside declared gaps, nothing twice, and each thing stands as it is now."""
    assert recorder.missing() == set()
    assert len(recorder.keys()) == len(set(recorder.keys()))
    recorded = recorder.last_states()
    for name, state in recorder.world.states().items():
        assert recorded.get(name) == state, f"{name} is recorded as it no longer is"
    for name, state in recorder.world.gone().items():
        assert recorded.get(name, state) == state, f"{name} is recorded as if it still were"


def a_day_of(world: World) -> Recorder:
    recorder = Recorder(world)
    for kind in range(12):
        world.change(kind)
        recorder.poll()
    return recorder


def test_the_suite_covers_every_source_there_is() -> None:
    """A source without a world would pass by not being asked."""
    assert {source.name for source in CATALOG} == set(WORLDS)


@every_source
def test_everything_that_happened_is_recorded_once(world_of: Callable[[], World]) -> None:
    """The plain case, with paging and several changes between two polls."""
    recorder = a_day_of(world_of())
    recorder.poll_until_quiet()
    assert_complete(recorder)
    assert len(recorder.facts) > 1


@every_source
@pytest.mark.parametrize("kind", _TROUBLES, ids=lambda kind: kind.__name__)
def test_a_call_that_fails_in_turn_loses_nothing(world_of: Callable[[], World], kind: type[AwsError]) -> None:
    """Each call of the first and of a later poll fails once, then AWS answers again."""
    for start in (0, 6):
        place = 0
        while True:
            world = world_of()
            recorder = Recorder(world)
            for change in range(start):
                world.change(change)
                recorder.poll()
            for change in range(start, start + 7):
                world.change(change)
            calls = len(recorder.aws.asked)
            recorder.aws.fail(place, trouble(kind))
            held = list(recorder.facts)
            answer = recorder.poll()
            if place >= len(recorder.aws.asked) - calls:
                break  # every call of this poll has had its turn
            if isinstance(answer, Failed):
                assert recorder.facts == held
            else:
                assert answer.notes, "a failure was swallowed"
            recorder.poll_until_quiet()
            assert_complete(recorder)
            place += 1
        assert place > 0


@every_source
def test_optional_operations_that_are_denied_do_not_stop_the_source(
    world_of: Callable[[], World],
) -> None:
    """IAM may allow only the least; the refusal is a note, so that somebody can be told."""
    world = world_of()
    recorder = Recorder(world)
    recorder.aws.deny(*world.source.optional_operations)
    answers = []
    for kind in range(6):
        world.change(kind)
        answers.append(recorder.poll())
    assert all(isinstance(answer, Batch) for answer in answers)
    assert recorder.missing() == set()
    notes = [note for answer in answers if isinstance(answer, Batch) for note in answer.notes]
    assert bool(notes) == bool(world.source.optional_operations)


@every_source
def test_needed_operations_that_are_denied_are_reported(world_of: Callable[[], World]) -> None:
    """Silence would look like a quiet target."""
    world = world_of()
    for operation in world.source.operations:
        recorder = Recorder(world)
        world.change(1)
        recorder.aws.deny(operation)
        answer = recorder.poll()
        assert isinstance(answer, Failed)
        assert isinstance(answer.error, AccessDenied)
        assert answer.error.operation == operation


@every_source
def test_what_is_declared_is_what_is_called(world_of: Callable[[], World]) -> None:
    """The IAM policy is made from the declaration: one call more and users get AccessDenied."""
    world = world_of()
    recorder = a_day_of(world)
    declared = {*world.source.operations, *world.source.optional_operations}
    assert set(recorder.aws.operations) == declared
    assert declared <= needed() | optional()


@every_source
def test_folding_what_is_on_disk_gives_the_position(world_of: Callable[[], World]) -> None:
    """A restart has nothing but the archive, and a seal keeps the position as JSON half-way."""
    recorder = a_day_of(world_of())
    for split in range(0, len(recorder.facts) + 1, 5):
        half = recorder.folded(recorder.facts[:split])
        sealed = orjson.loads(orjson.dumps(half))
        assert recorder.folded(recorder.facts[split:], sealed) == recorder.position


@every_source
def test_folding_many_facts_is_folding_each(world_of: Callable[[], World]) -> None:
    """A start folds thousands at once, a poll one or two; both must come to the same place."""
    recorder = a_day_of(world_of())
    source = recorder.world.source
    assert source.fold_all(None, ()) is None
    for split in range(0, len(recorder.facts) + 1, 5):
        half = source.fold_all(None, recorder.facts[:split])
        before = orjson.dumps(half)
        assert source.fold_all(half, iter(recorder.facts[split:])) == recorder.position
        assert orjson.dumps(half) == before, "folding changed the position it was given"


@every_source
def test_fold_looks_at_no_field_but_those_it_names(world_of: Callable[[], World]) -> None:
    """A start decodes only those: another would be gone after a restart."""
    recorder = a_day_of(world_of())
    names = recorder.world.source.fold_reads
    if names is not None:
        named = [replace(fact, data=_only(fact.data, names)) for fact in recorder.facts]
        assert recorder.folded(named) == recorder.position


def _only(payload: Any, names: Iterable[str]) -> Any:
    return {name: payload[name] for name in names if name in payload}


@every_source
def test_fields_that_nobody_knows_survive(world_of: Callable[[], World]) -> None:
    """AWS adds fields; the installed SDK must not be what drops them."""
    world = world_of()
    recorder = a_day_of(world)
    assert any("nvented" in orjson.dumps(fact.data).decode() for fact in recorder.facts)


@every_source
def test_a_poll_without_news_brings_nothing(world_of: Callable[[], World]) -> None:
    """A quiet target must not fill the disk."""
    recorder = a_day_of(world_of())
    recorder.poll_until_quiet()
    for _ in range(4):
        answer = recorder.poll(after_s=700)
        assert isinstance(answer, Batch)
        assert (answer.facts, answer.found, answer.moved, answer.gap) == ((), (), (), None)


@every_source
def test_tokens_in_a_circle_end_in_an_error(world_of: Callable[[], World]) -> None:
    """A broken proxy or a bug upstream must not hold a thread for ever."""
    world = world_of()
    paging = {
        "stack_events": ("cloudformation:DescribeStackEvents", "NextToken"),
        "stacks": ("cloudformation:ListStacks", "NextToken"),
        "stopped_tasks": ("ecs:ListTasks", "nextToken"),
        "services": ("ecs:ListServiceDeployments", "nextToken"),
    }
    operation, token = paging[world.source.name]
    recorder = Recorder(world)
    recorder.aws.on(operation, lambda **_: {token: "again"})
    answer = recorder.poll()
    error = answer.error if isinstance(answer, Failed) else answer.notes[0]
    assert "never end" in error.message
    assert len(recorder.aws.asked) < 10


@every_source
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b"[]", b"null", b"\xff\xfe", b'{"x":1}' * 2],
    ids=["empty", "html", "cut", "list", "null", "bytes", "twice"],
)
def test_an_answer_that_cannot_be_read_keeps_its_bytes(world_of: Callable[[], World], body: bytes) -> None:
    """What came instead of an answer is evidence."""
    world = world_of()
    world.change(1)
    recorder = Recorder(world)
    recorder.aws.on(world.source.operations[0], body)
    answer = recorder.poll()
    assert isinstance(answer, Failed)
    assert getattr(answer.error, "body", None) == body
    world.script(recorder.aws)
    recorder.poll_until_quiet()
    assert_complete(recorder)


def fact_ids(facts: list[Fact]) -> list[tuple[str, str]]:
    return [(fact.source, fact.id) for fact in facts]


step = st.one_of(
    st.tuples(st.just("change"), st.integers(0, 200)),
    st.tuples(st.just("poll"), st.sampled_from([1, 10, 300, 3599, 4000, 90_000])),
    st.tuples(st.just("fail"), st.tuples(st.integers(0, 7), st.sampled_from(_TROUBLES))),
    st.tuples(st.just("restart"), st.none()),
)


@every_source
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(step, max_size=40))
def test_no_schedule_of_changes_polls_failures_and_restarts_loses_or_doubles(
    world_of: Callable[[], World], steps: list[tuple[str, object]]
) -> None:
    """Whatever the order, what upstream showed is on disk once, or lies in a declared gap."""
    world = world_of()
    recorder = Recorder(world)
    for action, argument in steps:
        if action == "change":
            world.change(int(str(argument)))
        elif action == "poll":
            recorder.poll(after_s=float(str(argument)))
        elif action == "fail":
            place, kind = argument  # type: ignore[misc]
            recorder.aws.fail(place, trouble(kind))
        else:
            recorder.restart()
    recorder.poll_until_quiet()
    recorder.poll_until_quiet()
    assert_complete(recorder)
    assert len(set(fact_ids(recorder.facts))) == len(recorder.facts)
