"""A disk that fails costs time, never records."""

import errno
import resource
import signal
from pathlib import Path

import pytest

from forensics.archive.end import WriterOptions
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.errors import ArchiveUnwritable
from tests.support.archives import SMALL, abandon, event, ids, open_writer
from tests.support.clock import ManualClock
from tests.support.disks import TROUBLE, FailingDisk


def calls_of_a_run(path: Path) -> int:
    """Return how many calls the run below makes on a disk that works."""
    disk = FailingDisk(0, 0)
    run(path, disk)
    return len(disk.calls)


def run(path: Path, disk: FailingDisk) -> list[str]:
    """Append, restart, append and close; try again wherever the disk refuses. Return what was kept."""
    acknowledged: list[str] = []
    for restart in range(2):
        writer = patiently(disk, lambda: open_writer(path, options=SMALL, disk=disk))
        for number in range(6):
            key = f"{restart}-{number}"
            patiently(disk, lambda writer=writer, key=key: writer.append([event(key)]))
            acknowledged.append(key)
        try:
            writer.close()
        except ArchiveUnwritable:
            disk.heal()
    return acknowledged


def patiently(disk: FailingDisk, action):
    for _ in range(3):
        try:
            return action()
        except ArchiveUnwritable:
            disk.heal()
    raise AssertionError("a disk that works again must be written to")


@pytest.mark.parametrize("code", TROUBLE.values(), ids=TROUBLE)
@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "until it heals"])
@pytest.mark.parametrize("is_half_done", [False, True], ids=["nothing written", "half written"])
def test_trouble_at_any_call_loses_nothing_and_writes_nothing_twice(
    tmp_path: Path, code: int, is_lasting: bool, is_half_done: bool
) -> None:
    """The nth call fails, for every n: each open, write, flush, rename, cut and folder flush in turn."""
    count = calls_of_a_run(tmp_path / "whole")
    assert count > 50
    for nth in range(1, count + 1):
        disk = FailingDisk(nth, code, is_lasting=is_lasting, is_half_done=is_half_done)
        path = tmp_path / str(nth)
        acknowledged = run(path, disk)
        assert disk.failed
        assert ids(path) == acknowledged, f"call {nth}: {disk.calls[nth - 1]}"
        verdict = verify(path)
        assert verdict.is_sound, f"call {nth}: {disk.calls[nth - 1]}: {verdict.problems}"


def test_a_refused_append_leaves_the_archive_as_it_was(tmp_path: Path) -> None:
    """Neither state nor head nor bytes move for records that are not durable."""
    disk = FailingDisk(0, errno.ENOSPC, is_half_done=True)
    writer = open_writer(tmp_path / "a", disk=disk)
    writer.append([event(1)])
    before = (writer.head, writer.next_seq, writer.state.records)
    content = (tmp_path / "a/seg/00000001.jsonl").read_bytes()
    disk.nth = len(disk.calls) + 1
    with pytest.raises(ArchiveUnwritable, match="No space left"):
        writer.append([event(2)])
    assert (writer.head, writer.next_seq, writer.state.records) == before
    assert (tmp_path / "a/seg/00000001.jsonl").read_bytes() == content
    assert verify(tmp_path / "a").is_sound
    assert [record.seq for record in writer.append([event(2)])] == [2]


def test_a_segment_whose_flush_failed_is_never_written_again(tmp_path: Path) -> None:
    """After a failed flush a disk may have dropped the pages and still read them back as if it had not."""
    disk = FailingDisk(0, errno.EIO)
    writer = open_writer(tmp_path / "a", disk=disk)
    writer.append([event(1)])
    first = (tmp_path / "a/seg/00000001.jsonl").read_bytes()
    disk.nth = len(disk.calls) + 2
    assert [record.seq for record in writer.append([event(2)])] == [2]
    writer.append([event(3)])
    assert disk.failed == 1
    assert (tmp_path / "a/seg/00000001.jsonl").read_bytes() == first
    assert b'"closed_because":"damage"' in (tmp_path / "a/seg/00000001.seal.json").read_bytes()
    writer.close()
    assert ids(tmp_path / "a") == ["1", "2", "3"]
    assert verify(tmp_path / "a").is_sound


@pytest.mark.parametrize("count", [1, 3], ids=["one behind", "three behind"])
def test_what_was_encoded_behind_a_failed_flush_follows_it_into_the_next_segment(
    tmp_path: Path, count: int
) -> None:
    """It was encoded to follow the bytes of a segment that is given up: verify would call it damaged."""
    disk = FailingDisk(0, errno.EIO)
    writer = open_writer(tmp_path / "a", disk=disk)
    writer.append([event(1)])
    disk.nth = len(disk.calls) + 2
    begun = [writer.begin([event(number)]) for number in range(2, 3 + count)]
    assert [record.seq for pending in begun for record in pending.wait()] == list(range(2, 3 + count))
    assert disk.failed == 1
    verdict = verify(tmp_path / "a")
    assert verdict.is_sound, verdict.problems
    assert verify(tmp_path / "a", expect=writer.head).is_sound
    writer.close()


def test_a_file_size_limit_is_a_refusal_not_a_torn_record(tmp_path: Path) -> None:
    """The kernel writes as much as the limit allows and says so only by a smaller count."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    size = (tmp_path / "a/seg/00000001.jsonl").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, before[1]))
        with pytest.raises(ArchiveUnwritable) as refused:
            writer.append([event(2)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "ulimit" in (refused.value.hint or "")
    assert verify(tmp_path / "a").is_sound
    writer.append([event(2)])
    writer.close()
    assert ids(tmp_path / "a") == ["1", "2"]


def test_a_seal_that_cannot_be_written_at_the_end_leaves_an_open_segment(tmp_path: Path) -> None:
    """The records are whole, the archive is released, and the next writer goes on."""
    disk = FailingDisk(0, errno.ENOSPC, is_lasting=True)
    writer = open_writer(tmp_path / "a", disk=disk)
    writer.append([event(1)])
    disk.nth = 1
    with pytest.raises(ArchiveUnwritable):
        writer.close()
    assert verify(tmp_path / "a").is_sound
    again = open_writer(tmp_path / "a")
    again.append([event(2)])
    again.close()
    assert ids(tmp_path / "a") == ["1", "2"]


def test_trouble_while_recovery_is_recorded_can_be_tried_again(tmp_path: Path) -> None:
    """Opening mends first and records it then: the second step can meet a full disk."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    abandon(writer)
    with (tmp_path / "a/seg/00000001.jsonl").open("ab") as segment:
        segment.write(b"torn")
    for nth in range(1, 60):
        disk = FailingDisk(nth, errno.ENOSPC, is_half_done=True)
        try:
            abandon(Writer.open(tmp_path / "a", clock=ManualClock(), run="r", tool="t", disk=disk))
        except ArchiveUnwritable:
            continue
        break
    open_writer(tmp_path / "a").close()
    assert ids(tmp_path / "a") == ["1"]
    assert verify(tmp_path / "a").is_sound
    assert b"torn" in [file.read_bytes()[:4] for file in (tmp_path / "a/quarantine").iterdir()]


def descriptors() -> int:
    """Return how many files this process has open; 0 where the system does not tell."""
    listing = Path("/proc/self/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0


@pytest.mark.parametrize("size_bytes", [10, 1_000_000])
def test_descriptors_do_not_leak(tmp_path: Path, size_bytes: int) -> None:
    """A daemon that seals a segment a day must not run out of files in a year."""
    writer = open_writer(tmp_path / "a", options=WriterOptions(segment_bytes=size_bytes))
    writer.append([event(0)])
    before = descriptors()
    for number in range(1, 20):
        writer.append([event(number)])
    assert descriptors() <= before
