"""Appends, crashes, closes, full disks and clock jumps in any order, against a list in memory."""

import errno
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from forensics.archive.end import WriterOptions
from forensics.archive.pending import Pending
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.errors import ArchiveInUse, ArchiveUnwritable
from forensics.model.record import RECOVERY
from tests.support.archives import abandon, event
from tests.support.clock import ManualClock
from tests.support.disks import FailingDisk

OPTIONS = WriterOptions(segment_bytes=1500, segment_age_s=3600)


class ArchiveModel(RuleBasedStateMachine):
    """The archive must hold exactly what was acknowledged, whatever happened in between."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="forensics-model-"))
        self.clock = ManualClock()
        self.acknowledged: list[str] = []
        self.heads: list[tuple[str, int]] = []
        self.next_key = 0
        self.disk = FailingDisk(0, errno.ENOSPC)
        self.writer: Writer | None = None
        self.open()

    def open(self) -> None:
        self.disk = FailingDisk(0, errno.ENOSPC)
        self.writer = Writer.open(
            self.root / "a", clock=self.clock, run="r", tool="t", options=OPTIONS, disk=self.disk
        )

    def fresh(self, count: int) -> list[str]:
        self.next_key += count
        return [str(number) for number in range(self.next_key - count, self.next_key)]

    @precondition(lambda self: self.writer is not None)
    @rule(count=st.integers(1, 30), again=st.integers(0, 3))
    def append(self, count: int, again: int) -> None:
        keys = self.acknowledged[-again:] * bool(again) + self.fresh(count)
        written = self.writer.append([event(key) for key in keys])
        assert [record.id for record in written] == keys[-count:]
        self.acknowledged += keys[-count:]
        self.heads.append((self.writer.head, self.writer.next_seq - 1))

    @precondition(lambda self: self.writer is not None)
    @rule(
        nth=st.integers(1, 8),
        code=st.sampled_from([errno.ENOSPC, errno.EIO]),
        is_half=st.booleans(),
        is_lasting=st.booleans(),
    )
    def append_in_trouble(self, nth: int, code: int, is_half: bool, is_lasting: bool) -> None:
        self.disk.nth = len(self.disk.calls) + nth
        self.disk.code, self.disk.is_half_done, self.disk.is_lasting = code, is_half, is_lasting
        keys = self.fresh(2)
        try:
            self.writer.append([event(key) for key in keys])
        except ArchiveUnwritable:
            self.disk.heal()
            self.writer.append([event(key) for key in keys])
        self.disk.heal()
        self.acknowledged += keys

    @precondition(lambda self: self.writer is not None)
    @rule(
        counts=st.lists(st.integers(1, 9), min_size=2, max_size=5),
        nth=st.integers(0, 14),
        code=st.sampled_from([errno.ENOSPC, errno.EIO]),
        is_half=st.booleans(),
        is_lasting=st.booleans(),
    )
    def append_one_behind_another(
        self, counts: list[int], nth: int, code: int, is_half: bool, is_lasting: bool
    ) -> None:
        """Each is encoded while the one before is flushed; none overtakes one that the disk refuses."""
        self.disk.nth = len(self.disk.calls) + nth if nth else 0
        self.disk.code, self.disk.is_half_done, self.disk.is_lasting = code, is_half, is_lasting
        batches = [self.fresh(count) for count in counts]
        told: list[str] = []
        under_way: list[Pending] = []
        while len(under_way) < len(batches):
            keys = batches[len(under_way)]
            try:
                begun = self.writer.begin(
                    [event(key) for key in keys],
                    then=lambda written: told.extend(record.id for record in written),
                )
            except ArchiveUnwritable:
                self.disk.heal()
                if under_way and under_way[-1].error is not None:
                    under_way.pop()
            else:
                under_way.append(begun)
        try:
            under_way[-1].wait()
        except ArchiveUnwritable:
            self.disk.heal()
            told += [record.id for record in self.writer.append([event(key) for key in batches[-1]])]
        self.disk.heal()
        assert told == [key for keys in batches for key in keys]
        self.acknowledged += told

    @precondition(lambda self: self.writer is not None)
    @rule()
    def close(self) -> None:
        self.heads.append((self.writer.close(), self.writer.next_seq - 1))
        self.writer = None

    @precondition(lambda self: self.writer is not None)
    @rule(torn=st.binary(max_size=40), zeros=st.integers(0, 5000))
    def crash(self, torn: bytes, zeros: int) -> None:
        abandon(self.writer)
        self.writer = None
        segments = sorted((self.root / "a/seg").glob("*.jsonl"))
        if segments and not segments[-1].with_suffix(".seal.json").exists():
            with segments[-1].open("ab") as segment:
                segment.write(torn + b"\0" * zeros)

    @precondition(lambda self: self.writer is None)
    @rule()
    def reopen(self) -> None:
        self.open()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def second_writer(self) -> None:
        with pytest.raises(ArchiveInUse):
            Writer.open(self.root / "a", clock=ManualClock(), run="x", tool="t")

    @rule(seconds=st.sampled_from([-3e7, -3600, 1, 3600, 3e7]))
    def set_the_clock(self, seconds: float) -> None:
        self.clock.jump_wall(seconds)

    @rule(seconds=st.sampled_from([1, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def copy_elsewhere(self) -> None:
        """A copy made at any time reads the same."""
        copy = self.root / "copy"
        shutil.copytree(self.root / "a", copy)
        assert [r.seq for r in Archive.open(copy).records()] == [
            r.seq for r in Archive.open(self.root / "a").records()
        ]
        shutil.rmtree(copy)

    @invariant()
    def what_was_acknowledged_is_there_once_in_order(self) -> None:
        records = list(Archive.open(self.root / "a").records())
        assert [record.id for record in records if record.type != RECOVERY] == self.acknowledged
        assert [record.seq for record in records] == list(range(1, len(records) + 1))

    @invariant()
    def verify_is_content(self) -> None:
        verdict = verify(self.root / "a")
        assert verdict.is_sound or (self.writer is None and verdict.verdict == "torn tail"), verdict.problems

    @invariant()
    def a_head_from_the_past_is_on_the_chain(self) -> None:
        if self.heads:
            head, seq = random.Random(self.next_key).choice(self.heads)
            expected = verify(self.root / "a", expect=head).expected
            assert expected is not None
            assert expected.is_on_chain
            assert expected.seq == seq

    def teardown(self) -> None:
        if self.writer is not None:
            abandon(self.writer)
        shutil.rmtree(self.root)


TestArchiveModel = ArchiveModel.TestCase
TestArchiveModel.settings = settings(max_examples=25, stateful_step_count=25)
