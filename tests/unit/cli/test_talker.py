"""The thread that tells people what a recording does."""

from collections.abc import Sequence
from io import StringIO

import msgspec

from forensics.capture.status import Snapshot
from forensics.cli.face import PlainFace
from forensics.cli.recorder import Ended
from forensics.cli.talker import Talker
from forensics.model.record import Record
from tests.support.clock import ManualClock
from tests.unit.cli.test_plain import QUIET, with_site


class Scripted:
    """A recording whose snapshots are written down; each look at it takes 20 seconds."""

    def __init__(self, clock: ManualClock, *snapshots: Snapshot, missed: int = 0) -> None:
        self._clock = clock
        self._left = list(snapshots)
        self._now = QUIET
        self.missed = missed
        self.first_head = "f" * 64
        self.sealed = (0, "")

    def next_commit(self, timeout_s: float) -> list[Record] | Ended | None:
        if not self._left:
            return Ended(outcome=None)
        self._clock.advance(20)
        self._now = msgspec.structs.replace(self._left.pop(0), at=self._clock.now())
        return None

    def snapshot(self) -> Snapshot:
        return self._now


def said(*snapshots: Snapshot, missed: int = 0) -> tuple[list[str], Sequence[str]]:
    """Return the lines, and the troubles that were told further."""
    clock, out, told = ManualClock(), StringIO(), []
    recording = Scripted(clock, *snapshots, missed=missed)
    talker = Talker(recording, PlainFace(out), clock, lambda _snapshot, text: told.append(text))
    talker.start()
    talker.join(30)
    first, *lines = out.getvalue().splitlines()
    assert first == f"head {'f' * 64} (before this recording)"
    return lines, told


PAUSED = with_site(paused_because="the session has ended")


def test_a_heartbeat_comes_once_a_minute() -> None:
    """CI systems end a job that is silent; a log of a thousand heartbeats hides the one line that counts."""
    lines, _ = said(*[QUIET] * 12)
    assert [line[11:19] for line in lines] == ["12:01:00", "12:02:00", "12:03:00", "12:04:00"]


def test_a_trouble_is_said_and_told_when_it_begins_and_not_again() -> None:
    lines, told = said(QUIET, PAUSED, PAUSED)
    assert told == ["production: paused: the session has ended"]
    assert sum("TROUBLE" in line for line in lines) == 2, "once as it begins, once in the heartbeat"


def test_the_end_of_a_trouble_is_said_once() -> None:
    """Who was told that nothing is recorded must be told that it is again."""
    lines, _ = said(PAUSED, QUIET, QUIET)
    assert sum("production: works again" in line for line in lines) == 1


def test_a_trouble_that_comes_back_is_said_again() -> None:
    _, told = said(PAUSED, QUIET, PAUSED)
    assert len(told) == 2


def test_what_could_not_be_shown_in_time_is_counted_once() -> None:
    """A held terminal costs lines, and the person must learn that some are missing."""
    lines, _ = said(QUIET, QUIET, missed=3)
    assert sum("3 commits were not shown in time" in line for line in lines) == 1


class Sealing(Scripted):
    """A recording in which each commit seals a segment."""

    def next_commit(self, timeout_s: float) -> list[Record] | Ended | None:
        ended = super().next_commit(timeout_s)
        if ended is not None:
            return ended
        self.sealed = (self.sealed[0] + 1, f"{self.sealed[0] + 1:064x}")
        return []


def heads_of(seals: int, *, is_github: bool) -> list[str]:
    clock, out = ManualClock(), StringIO()
    talker = Talker(Sealing(clock, *[QUIET] * seals), PlainFace(out, is_github=is_github), clock)
    talker.start()
    talker.join(30)
    return [line for line in out.getvalue().splitlines() if "head " in line]


def test_a_head_is_said_before_the_recording_and_at_each_seal() -> None:
    """Whoever may write the archive cannot change the pipeline's log: each head there vouches for more."""
    assert heads_of(2, is_github=False) == [
        f"head {'f' * 64} (before this recording)",
        f"head {1:064x} (segment 1 sealed)",
        f"head {2:064x} (segment 2 sealed)",
    ]


def test_on_github_a_place_among_the_notices_is_left_for_the_last_head() -> None:
    """GitHub shows ten notices of a step, the first ones; the end is worth more than a ninth seal."""
    said = heads_of(12, is_github=True)
    notice = "::notice title=forensics head::"
    assert [line.removeprefix(notice) for line in said] == heads_of(12, is_github=False)
    assert [line.startswith(notice) for line in said] == [True] * 9 + [False] * 4
