"""The same key with something else under it: both are kept, once, whatever restarts come between."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.archive.verify import verify
from forensics.archive.writer import WriterOptions
from forensics.model.conflict import told_otherwise
from forensics.model.record import Fact, Record
from tests.support.archives import SMALL, abandon, event, open_writer, ours, read

CONFLICT = "forensics.conflict"
FIRST, OTHER = {"id": "1", "message": "one", "n": [1, 2]}, {"id": "1", "message": "another", "n": [1, 2]}


def told(path: Path) -> list[tuple[str, Any]]:
    """Return the id of each fact of an archive with what it says; of conflicts those of what they hold."""
    found = []
    for record in read(path):
        inner = told_otherwise(record) if record.type == CONFLICT else record
        assert inner is not None
        found.append((inner.id, inner.payload()))
    return found


def after(tmp_path: Path, *batches: list[Fact], poll: str | None = "p", again: bool = False) -> list[Record]:
    """Return the records of an archive after appends."""
    writer = open_writer(tmp_path / "a", options=SMALL)
    first, *others = batches
    writer.append(first, poll=poll)
    for number, batch in enumerate(others):
        news = [event(f"news {number}")] if again else []
        writer.append(news if again else batch, poll=poll, again=batch if again else ())
    writer.close()
    assert verify(tmp_path / "a").verdict == "intact"
    return read(tmp_path / "a")


def test_another_body_is_kept_beside_the_first(tmp_path: Path) -> None:
    """Which of the two is right nobody can say afterwards: both are evidence."""
    records = after(
        tmp_path, [event(1, FIRST, time="t", subject="s")], [event(1, OTHER, time="u", subject="s")]
    )
    assert [record.type for record in records] == ["aws.ecs.service_event", CONFLICT]
    assert records[1].id.startswith("1@")
    assert records[1].source == records[0].source
    assert (records[1].time, records[1].subject) == ("u", "s")
    assert records[1].payload() == {
        "type": "aws.ecs.service_event", "id": "1", "time": "u", "subject": "s", "data": OTHER,
    }  # fmt: skip


@pytest.mark.parametrize("again", [False, True], ids=["as new", "as known"])
def test_each_way_is_kept_once(again: bool, tmp_path: Path) -> None:
    """A source may be told the first, the second and the first again at every poll."""
    batches = [[event(1, FIRST)], [event(1, OTHER)], [event(1, FIRST)], [event(1, OTHER)]] * 2
    after(tmp_path, *batches, again=again)
    assert [entry for entry in told(tmp_path / "a") if entry[0] == "1"] == [("1", FIRST), ("1", OTHER)]


def test_twice_in_one_answer_is_compared_as_well(tmp_path: Path) -> None:
    after(tmp_path, [event(1, FIRST), event(1, OTHER), event(1, FIRST), event(1, OTHER)])
    assert told(tmp_path / "a") == [("1", FIRST), ("1", OTHER)]


def test_what_is_under_way_is_compared_as_well(tmp_path: Path) -> None:
    """The next answer may come while the disk still flushes the one before."""
    writer = open_writer(tmp_path / "a")
    under_way = [writer.begin([event(1, body)], poll="p") for body in (FIRST, OTHER, FIRST, OTHER)]
    assert [len(pending.wait()) for pending in under_way] == [1, 1, 0, 0]
    writer.close()
    assert told(tmp_path / "a") == [("1", FIRST), ("1", OTHER)]


def test_another_order_says_the_same(tmp_path: Path) -> None:
    """AWS lists a task's containers and an object's fields as it likes."""
    shuffled = {"n": [2, 1], "message": "one", "id": "1"}
    assert len(after(tmp_path, [event(1, FIRST)], [event(1, shuffled)], [event(1, shuffled)])) == 1


def test_what_is_not_remembered_and_known_to_the_source_is_not_written_again(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "a", options=WriterOptions(remembered_keys=2))
    for number in range(4):
        writer.append([event(number)], poll="p")
    written = writer.append([event(9)], poll="p", again=[event(0), event(0, OTHER)])
    writer.close()
    assert [record.id for record in written] == ["9"]


def test_what_somebody_saved_is_no_second_account(tmp_path: Path) -> None:
    """Tools print times and numbers in their own ways: an imported fact differs from what AWS sends."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1, FIRST)])
    writer.append([event(1, OTHER)], poll="p")
    writer.append([event(1, {"id": "1"})], poll="p")
    writer.close()
    assert len(read(tmp_path / "a")) == 1


@pytest.mark.parametrize("bodies", [(FIRST, "hidden"), ("hidden", FIRST)], ids=["from now on", "no longer"])
def test_hiding_secrets_makes_no_second_account(bodies: tuple[Any, Any], tmp_path: Path) -> None:
    """The setting may change between two runs: then the same answer reads differently."""
    hidden = {**FIRST, "message": "password=(secret, not recorded)"}
    first, second = ([event(1, hidden if body == "hidden" else body)] for body in bodies)
    assert len(after(tmp_path, first, second, second)) == 1


def test_facts_of_ours_are_never_in_conflict(tmp_path: Path) -> None:
    assert len(after(tmp_path, [ours("clock", "c", 1)], [ours("clock", "c", 2)])) == 1


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "bodies",
    [
        ({"x": "\ud800"}, {"x": "\udfff"}),
        ({"x": "plain"}, {"x": "\udfff"}),
        ({"x": "\ud800"}, {"x": "plain"}),
        ({"x": float("nan")}, {"x": 1.0}),
        ({"x": 1 << 70}, {"x": 1 << 71}),
        ({"x": {"y": [[]] * 300}}, {"x": _deep(300)}),
    ],
    ids=["both", "the second", "the first", "not a number", "large numbers", "deep"],
)
def test_what_json_cannot_carry_is_compared_too(bodies: tuple[Any, Any], tmp_path: Path) -> None:
    """The record of an undecodable fact keeps the digest of the whole."""
    first, second = bodies
    records = after(tmp_path, [event(1, first)], [event(1, first)], [event(1, second)], [event(1, second)])
    assert len(records) == 2


def test_a_first_record_that_cannot_be_read_any_more_decides_nothing(tmp_path: Path) -> None:
    """Retention may have removed it: a conflict that nobody could check helps nobody."""
    writer = open_writer(tmp_path / "a", options=SMALL)
    writer.append([event(1, FIRST)], poll="p")
    for number in range(2, 9):
        writer.append([event(number)], poll="p")
    (tmp_path / "a" / "seg" / "00000001.jsonl").unlink()
    assert writer.append([event(1, OTHER)], poll="p") == []
    assert writer.append([event(1, OTHER)], poll="p") == []
    writer.close()


bodies = st.sampled_from([FIRST, OTHER, {"id": "1", "message": "third", "n": []}])
tellings = st.lists(
    st.tuples(st.integers(0, 3), bodies, st.sampled_from(["", "close", "kill"]), st.booleans()), max_size=15
)


@settings(max_examples=15)
@given(tellings=tellings)
def test_each_telling_is_kept_once_over_restarts(
    tellings: list[tuple[int, Any, str, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is told how often, and however the process ends: all of it is there, and nothing twice."""
    path = tmp_path_factory.mktemp("a") / "a"
    writer = open_writer(path, options=SMALL)
    expected: dict[str, list[Any]] = {}
    for number, (key, body, end, is_known) in enumerate(tellings):
        known = expected.setdefault(str(key), [])
        as_again = is_known and bool(known)
        facts, again = ([event(f"n{number}")], [event(key, body)]) if as_again else ([event(key, body)], [])
        writer.append(facts, poll="p", again=again)
        if body not in known:
            known.append(body)
        if end:
            writer.close() if end == "close" else abandon(writer)
            writer = open_writer(path, options=SMALL)
    writer.close()
    held: dict[str, list[Any]] = {}
    for name, body in told(path):
        if not name.startswith("n"):
            held.setdefault(name, []).append(body)
    assert held == expected
    assert verify(path).verdict == "intact"
