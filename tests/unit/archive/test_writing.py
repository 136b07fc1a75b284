"""What is appended comes back, durable and once."""

import hashlib
import itertools
import json
import math
import os
import stat
import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.model.record import UNDECODABLE, Fact
from tests.support.archives import SMALL, abandon, event, ids, open_writer, ours, read, written
from tests.support.clock import ManualClock
from tests.support.disks import CountingDisk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_a_line_is_a_cloudevent_with_the_attributes_in_their_documented_order(tmp_path: Path) -> None:
    """Any CloudEvents consumer can read an archive; the format document names the order."""
    writer = open_writer(tmp_path / "a")
    writer.append([event("e1", subject="backend", time="2026-01-15T11:59:00Z")], poll="run-1-7")
    writer.close()
    line = json.loads((tmp_path / "a/seg/00000001.jsonl").read_text())
    order = "specversion type source subject id time recordedtime seq prev run poll data crc"
    assert list(line) == order.split()
    assert line["specversion"] == "1.0"
    assert line["recordedtime"] == "2026-01-15T12:00:00.000Z"
    assert (line["seq"], line["poll"]) == (1, "run-1-7")


TEXT = st.text(min_size=1) | st.just('","data":{"') | st.just('\\","data":null,')


@given(
    facts=st.lists(
        st.builds(
            Fact,
            type=TEXT.map("aws.{}".format),
            source=TEXT,
            id=TEXT,
            subject=st.none() | TEXT,
            time=st.none() | TEXT,
            data=JSON | st.just({"x": [math.nan]}),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda fact: (fact.source, fact.id),
    ),
    poll=st.none() | TEXT,
    filler=st.sampled_from([0, 20_000]),
)
@settings(max_examples=60)
def test_what_append_returns_is_what_a_reader_finds(
    tmp_path_factory: pytest.TempPathFactory, facts: list[Fact], poll: str | None, filler: int
) -> None:
    """The records are not decoded from the lines: text that looks like a line's own parts must not matter."""
    path = tmp_path_factory.mktemp("archive") / "a"
    writer = open_writer(path)
    records = writer.append([*facts, event("filler", data="x" * filler)], poll=poll)
    writer.close()
    assert list(records) == records[:] == read(path)
    assert [bytes(record.data) for record in records] == [bytes(record.data) for record in read(path)]


def test_attributes_without_a_value_are_left_out(tmp_path: Path) -> None:
    """CloudEvents knows no empty subject or time."""
    open_writer(tmp_path / "a").append([event("e1")])
    line = json.loads((tmp_path / "a/seg/00000001.jsonl").read_text())
    assert not {"subject", "time", "poll"} & set(line)


def test_the_chain_can_be_checked_with_sha256sum(tmp_path: Path) -> None:
    """The first prev of a segment is the digest of the whole segment before it."""
    written(tmp_path / "a", 12)
    segments = sorted((tmp_path / "a/seg").glob("*.jsonl"))
    assert len(segments) > 2
    for before, after in itertools.pairwise(segments):
        first = json.loads(after.read_bytes().splitlines()[0])
        assert first["prev"] == hashlib.sha256(before.read_bytes()).hexdigest()


def test_the_head_is_the_digest_of_the_open_segment(tmp_path: Path) -> None:
    """What is printed as a checkpoint can be made anew with standard tools."""
    writer = open_writer(tmp_path / "a")
    heads = [writer.head]
    for number in range(3):
        writer.append([event(number)])
        heads.append(writer.head)
    assert writer.head == hashlib.sha256((tmp_path / "a/seg/00000001.jsonl").read_bytes()).hexdigest()
    assert [record.prev for record in read(tmp_path / "a")] == heads[:3]
    assert writer.close() == heads[3]


def test_an_append_is_one_write_and_one_flush(tmp_path: Path) -> None:
    """A poll is a transaction; two flushes would halve the rate."""
    disk = CountingDisk()
    writer = open_writer(tmp_path / "a", disk=disk)
    writer.append([event(0)])
    disk.calls.clear()
    writer.append([event(number) for number in range(1, 101)])
    assert disk.calls == ["write", "sync"]


def test_the_next_append_is_encoded_while_the_disk_flushes_the_one_before(tmp_path: Path) -> None:
    """It is written only when that one is durable: a flush that fails must find nothing behind it."""
    flushing, may_end = threading.Event(), threading.Event()

    class SlowDisk(CountingDisk):
        def sync(self, fd: int) -> None:
            flushing.set()
            assert may_end.wait(10), "the flush was waited for first"
            super().sync(fd)

    class Stamping(ManualClock):
        """Stamps what is encoded; the disk flushes no sooner."""

        def now(self) -> datetime:
            if flushing.is_set():
                may_end.set()
            return super().now()

    may_end.set()
    disk = SlowDisk()
    writer = Writer.open(tmp_path / "a", clock=Stamping(), run="r", tool="t", disk=disk)
    writer.append([event(0)])
    flushing.clear()
    may_end.clear()
    disk.calls.clear()
    told: list[int] = []
    first = writer.begin([event(1)], then=lambda written: told.append(len(written)))
    assert flushing.wait(10)
    assert (disk.calls, told, writer.next_seq) == (["write"], [], 2)
    second = writer.begin(
        [event(2), event(3)], poll="p", again=[event(0)], then=lambda written: told.append(len(written))
    )
    assert disk.calls[:3] == ["write", "sync", "write"]
    assert told == [1]
    assert [record.seq for record in second.wait()] == [3, 4]
    assert [record.seq for record in first.wait()] == [2]
    assert told == [1, 2]
    head = writer.close()
    assert verify(tmp_path / "a", expect=head).is_sound
    assert [record.id for record in read(tmp_path / "a")] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("poll", ["p", None])
def test_a_fact_that_is_under_way_is_not_written_again(tmp_path: Path, poll: str | None) -> None:
    writer = open_writer(tmp_path / "a")
    writer.begin([event(1)], poll=poll)
    assert [record.id for record in writer.begin([event(1), event(2)], poll=poll).wait()] == ["2"]
    assert [record.id for record in read(tmp_path / "a")] == ["1", "2"]


def test_what_is_told_otherwise_while_it_is_under_way_is_kept_once(tmp_path: Path) -> None:
    """The conflict with a fact that is being flushed, and one that is being flushed itself."""
    writer = open_writer(tmp_path / "a")
    one, other = (event(1, {"said": said}) for said in "ab")
    writer.append([one], poll="p")
    writer.begin([event(2)], poll="p", again=[other])
    writer.begin([event(3)], poll="p", again=[other])
    writer.begin([event(4, {"said": "a"})], poll="p")
    writer.begin([event(4, {"said": "b"}), event(5)], poll="p").wait()
    kinds = [record.type for record in read(tmp_path / "a")]
    assert kinds.count("forensics.conflict") == 2
    assert len(kinds) == 7


def test_facts_that_are_all_known_are_told_of_after_those_under_way(tmp_path: Path) -> None:
    """A stream may move on past what it has seen again, but not before what it waits for."""
    writer = open_writer(tmp_path / "a")
    told: list[list[str]] = []
    note = lambda written: told.append([record.id for record in written])  # noqa: E731
    writer.begin([event(1)], then=note)
    assert writer.begin([event(1)], then=note).wait() == []
    assert told == [["1"], []]


def test_append_returns_the_records_as_a_reader_gets_them(tmp_path: Path) -> None:
    """Whoever is told of a commit sees the same values as whoever reads the archive."""
    writer = open_writer(tmp_path / "a")
    facts = [
        event(1, subject="s", time="2026-01-15T11:00:00Z"),
        event(2, {"deep": [1, {"data": ',"data":'}]}),
    ]
    records = writer.append(facts, poll="p")
    again = read(tmp_path / "a")
    assert list(records) == again
    assert [record.payload() for record in records] == [fact.data for fact in facts]


def test_a_key_that_comes_again_is_not_written_again(tmp_path: Path) -> None:
    """Fetching is at-least-once, writing is once: in a batch, across batches, across restarts."""
    writer = open_writer(tmp_path / "a", options=SMALL)
    assert len(writer.append([event(1), event(1), event(2)])) == 2
    assert writer.append([event(2), event(1)]) == []
    writer.close()
    writer = open_writer(tmp_path / "a", options=SMALL)
    assert [record.id for record in writer.append([event(1), event(3), event(2)])] == ["3"]
    abandon(writer)
    writer = open_writer(tmp_path / "a", options=SMALL)
    assert writer.append([event(1), event(2), event(3)]) == []
    assert ids(tmp_path / "a") == ["1", "2", "3"]


def test_the_memory_of_keys_is_bounded(tmp_path: Path) -> None:
    """A recorder that runs for months must not remember every key it ever saw."""
    writer = open_writer(tmp_path / "a", options=WriterOptions(remembered_keys=3))
    writer.append([event(number) for number in range(5)])
    assert [record.id for record in writer.append([event(0), event(4)])] == ["0"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777], ids=oct)
def test_only_the_owner_may_read_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """Payloads can hold secrets: every file 0600, every directory 0700, quarantine included."""
    before = os.umask(umask)
    try:
        written(tmp_path / "a", 8)
        writer = open_writer(tmp_path / "a")
        writer.append([event("x")])
        abandon(writer)
        with sorted((tmp_path / "a/seg").glob("*.jsonl"))[-1].open("ab") as segment:
            segment.write(b"torn")
        open_writer(tmp_path / "a").close()
    finally:
        os.umask(before)
    paths = [tmp_path / "a", *(tmp_path / "a").rglob("*")]
    assert any(path.parent.name == "quarantine" for path in paths)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()} == {0o700}


@settings(max_examples=40)
@given(names=st.lists(st.text(max_size=50) | st.sampled_from(["../../x", "/etc/passwd", "CON", "a\0b"])))
def test_names_never_become_paths(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Whatever AWS calls a thing, the set of files is the same."""
    path = tmp_path_factory.mktemp("names") / "a"
    writer = open_writer(path)
    writer.append([event("1")])
    for name in names:
        writer.append([event(name, {"name": name}, subject=name)])
    writer.close()
    found = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
    assert found == {"ARCHIVE.json", "LOCK", "seg/00000001.jsonl", "seg/00000001.seal.json"}


@settings(max_examples=60)
@given(payload=JSON)
def test_any_json_payload_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, payload: object
) -> None:
    """Nothing dropped, no value rewritten."""
    path = tmp_path_factory.mktemp("payload") / "a"
    [record] = open_writer(path).append([event("1", {"value": payload})])
    [found] = read(path)
    assert json.loads(bytes(found.data)) == {"value": payload}
    assert bytes(found.data) == bytes(record.data)


def deeply_nested(levels: int) -> list[object]:
    root: list[object] = []
    inner = root
    for _ in range(levels):
        deeper: list[object] = []
        inner.append(deeper)
        inner = deeper
    return root


UNFIT = {
    "half a surrogate pair": "\ud800",
    "a key with half a surrogate pair": {"\udfff": 1},
    "not a number": [1.5, {"x": math.nan}],
    "infinity": math.inf,
    "ten thousand levels": deeply_nested(10_000),
    "three hundred levels": deeply_nested(300),
    "more than 16 MiB": "x" * (17 << 20),
    "no JSON type": object(),
}


@pytest.mark.parametrize("payload", UNFIT.values(), ids=UNFIT)
def test_what_json_cannot_carry_is_recorded_as_undecodable(tmp_path: Path, payload: object) -> None:
    """A poisonous payload costs itself only: its neighbours are kept, and it is accounted for."""
    writer = open_writer(tmp_path / "a")
    writer.append([event("before"), event("bad", payload), event("after")])
    writer.close()
    before, bad, after = read(tmp_path / "a")
    assert [before.id, bad.id, after.id] == ["before", "bad", "after"]
    assert (before.payload()["id"], after.payload()["id"]) == ("before", "after")
    assert bad.type == UNDECODABLE
    kept = bad.payload()
    assert kept["type"] == "aws.ecs.service_event"
    assert kept["reason"]
    assert kept["body_base64"]
    assert verify(tmp_path / "a").is_sound


def test_a_key_that_is_no_text_still_gets_a_record(tmp_path: Path) -> None:
    """The envelope too may hold what UTF-8 cannot carry."""
    [record] = open_writer(tmp_path / "a").append([event("\ud800")])
    assert (record.type, record.id) == (UNDECODABLE, "\\ud800")


@pytest.mark.parametrize("size_bytes", [1 << 20, 8 << 20], ids=["1 MiB", "8 MiB"])
def test_long_texts_are_kept_whole(tmp_path: Path, size_bytes: int) -> None:
    """A reason of a megabyte is still the reason."""
    writer = open_writer(tmp_path / "a")
    writer.append([event("long", {"reason": "é" * (size_bytes // 2)})])
    writer.append([event("next")])
    writer.close()
    assert read(tmp_path / "a")[0].payload() == {"reason": "é" * (size_bytes // 2)}
    assert verify(tmp_path / "a").is_sound


def test_null_in_a_payload_stays_null(tmp_path: Path) -> None:
    """Only a number that is none is refused; AWS's null is a value."""
    [record] = open_writer(tmp_path / "a").append([event("1", {"a": None, "b": [None, 1.5]})])
    assert record.payload() == {"a": None, "b": [None, 1.5]}


def test_a_segment_is_closed_when_it_is_full(tmp_path: Path) -> None:
    """Sealed segments keep a start short, however old the archive."""
    written(tmp_path / "a", 9)
    seals = [json.loads(path.read_text()) for path in sorted((tmp_path / "a/seg").glob("*.seal.json"))]
    assert [seal["closed_because"] for seal in seals] == ["size", "size", "close"]
    assert [(seal["first_seq"], seal["last_seq"]) for seal in seals] == [(1, 4), (5, 8), (9, 9)]


def test_a_segment_is_closed_after_a_day_of_monotonic_time(tmp_path: Path) -> None:
    """Idle time is sealed too; setting the clock back or forth closes nothing."""
    clock = ManualClock()
    writer = Writer.open(tmp_path / "a", clock=clock, run="r", tool="t")
    writer.append([event(1)])
    clock.jump_wall(400 * 86_400)
    writer.append([event(2)])
    clock.jump_wall(-800 * 86_400)
    writer.append([event(3)])
    assert not list((tmp_path / "a/seg").glob("*.seal.json"))
    clock.advance(86_400)
    writer.append([event(4)])
    writer.close()
    assert len(list((tmp_path / "a/seg").glob("*.jsonl"))) == 2
    assert ids(tmp_path / "a") == ["1", "2", "3", "4"]
    assert verify(tmp_path / "a").is_sound


def test_the_age_of_a_segment_survives_a_restart(tmp_path: Path) -> None:
    """A recorder that is restarted every hour still closes its segment once a day."""
    clock = ManualClock()
    writer = Writer.open(tmp_path / "a", clock=clock, run="r", tool="t")
    writer.append([event(1)])
    abandon(writer)
    clock.advance(86_000)
    writer = Writer.open(tmp_path / "a", clock=clock, run="r", tool="t")
    clock.advance(500)
    writer.append([event(2)])
    assert len(list((tmp_path / "a/seg").glob("*.seal.json"))) == 1


def test_seals_carry_the_streams_positions(tmp_path: Path) -> None:
    """A start reads one seal and one open segment to know where every stream stands."""
    writer = open_writer(tmp_path / "a")
    stream = f"services {event(1).source}"
    writer.append(
        [ours("stream", "s1", {"number": 1, "stream": stream, "opened_because": "asked"}), event(1)]
    )
    writer.state.streams[stream].position = {"last": "1"}
    writer.close()
    writer = open_writer(tmp_path / "a")
    assert writer.state.streams[stream].position == {"last": "1"}
    assert list(writer.tail()) == []
    writer.append([event(2)])
    abandon(writer)
    writer = open_writer(tmp_path / "a")
    assert writer.state.streams[stream].position == {"last": "1"}
    assert [record.id for record in writer.tail()] == ["2"]
    assert writer.state.streams[stream].facts == 2


def test_reading_from_a_seq_leaves_the_rest_unread(tmp_path: Path) -> None:
    """A reader that goes on where it stopped need not read everything again."""
    records = written(tmp_path / "a", 12)
    archive = Archive.open(tmp_path / "a")
    for since in range(14):
        assert list(archive.records(since)) == records[since:]
        assert archive.lost == []


def test_appending_to_a_closed_archive_is_refused(tmp_path: Path) -> None:
    """Another process may hold it by now."""
    writer = open_writer(tmp_path / "a")
    head = writer.close()
    assert writer.close() == head
    with pytest.raises(ValueError, match="closed"):
        writer.append([event(1)])
