"""A recorder under trouble of every kind, and what its archive has to say about it.

`Trouble` is what goes wrong on the way to AWS, `Life` how long one process of the recorder lives. `World`
plays them; `Judge` compares what happened with records and coverage.
"""

import random
import shutil
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from forensics.analysis.coverage import KINDS, Coverage
from forensics.analysis.coverage_trace import Interval, Trace, TracedGap
from forensics.archive.disk import Disk
from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.capture.selection import Wanted
from forensics.capture.supervisor import Supervisor
from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsExpired,
    ServerFault,
    Throttled,
    Undecodable,
    Unreachable,
)
from forensics.model.clock import from_rfc3339
from forensics.model.record import Fact, Record
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import ManualClock

EVENT = "aws.cloudformation.stack_event"
SERVICE_EVENT = "aws.ecs.service_event"
TASK = "aws.ecs.task"
SOURCES = {EVENT: "stack_events", SERVICE_EVENT: "services", TASK: "stopped_tasks"}
"""The source that has to bring each kind of fact that has a key of its own."""

ERRORS: dict[str, AwsError] = {
    "expired": CredentialsExpired("the security token is expired"),
    "throttled": Throttled("Rate exceeded"),
    "reset": Unreachable("the connection was reset"),
    "5xx": ServerFault("503"),
    "truncated": Undecodable("no XML", body=b"<DescribeStackEventsResponse><Stack", operation="x"),
    "denied": AccessDenied("not authorized", code="AccessDenied", operation="x:Y"),
}
SKEW_ALLOWED_S = 300.0
"""AWS refuses what is signed with a clock that is further off than this."""
_MARGIN = timedelta(milliseconds=1)


class Trouble(msgspec.Struct, frozen=True):
    """Calls of one operation (""; of all) that fail for a while, by chance."""

    start_s: int
    length_s: int
    operation: str
    error: str
    share: float


class Life(msgspec.Struct, frozen=True):
    """A process that is killed right after its n-th commit, or stopped in order, and stays away."""

    commits: int
    away_s: int
    is_kill: bool


class HastyDisk(Disk):
    """Promises what it does not do: nobody here turns off the power."""

    def sync(self, fd: int) -> None:
        return

    def sync_folder(self, fd: int) -> None:
        return


class WallClock(ManualClock):
    """The recorder's clock: the truth's, but for how far its wall time is off; it waits in large steps."""

    def __init__(self, truth: ManualClock, *, step_s: float = 4.0) -> None:
        super().__init__(truth.now())
        self._truth = truth
        self._step_s = step_s
        self.offset_s = 0.0

    def now(self) -> datetime:
        return self._truth.now() + timedelta(seconds=self.offset_s)

    def monotonic(self) -> float:
        return self._truth.monotonic()

    def boottime(self) -> float:
        return self._truth.boottime()

    def advance(self, seconds: float) -> None:
        self._truth.advance(max(seconds, self._step_s))


class LateExecutor(Executor):
    """Makes each call when its answer is due; an endpoint that tells of so long ago makes it a slow one.

    Args:
        clock: Time as it really is.
        slow_s: How long an answer takes.
    """

    def __init__(self, clock: ManualClock, slow_s: float) -> None:
        self._clock = clock
        self._slow_s = slow_s
        self._on_their_way: deque[tuple[float, Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        due_s = self._clock.monotonic() + self._slow_s
        self._on_their_way.append((due_s, future, partial(fn, *args, **kwargs)))
        self.deliver()
        return future

    def deliver(self) -> None:
        """Hand over the answers that have arrived."""
        while self._on_their_way and self._on_their_way[0][0] <= self._clock.monotonic():
            _, future, call = self._on_their_way.popleft()
            future.set_result(call())

    def forget(self) -> None:
        """Let go of what nobody waits for any more."""
        self._on_their_way.clear()


class World:
    """A recorder, its endpoint, and everything that goes wrong between them.

    Args:
        directory: Where archives go.
        story: What happens in AWS.
        troubles: What goes wrong on the way.
        steps: Moments at which the recorder's wall clock is set, and by how much it is off from then on.
        naps: Moments at which the recorder's machine is suspended, and for how long.
        stalls: Moments at which the recorder's process gets no processor, and for how long.
        slow_s: How long answers are on their way; what they say is as old.
        seed: Decides which calls trouble strikes.
        wanted: What to record.
    """

    def __init__(
        self,
        directory: Path,
        story: Sequence[Fact],
        *,
        troubles: Iterable[Trouble] = (),
        steps: Iterable[tuple[int, int]] = (),
        naps: Iterable[tuple[int, int]] = (),
        stalls: Iterable[tuple[int, int]] = (),
        slow_s: float = 0.0,
        seed: int = 0,
        wanted: Wanted | None = None,
    ) -> None:
        self.story = list(story)
        self.truth = ManualClock()
        self.began_at = self.truth.now()
        self.clock = WallClock(self.truth)
        self.offsets: list[tuple[datetime, float]] = [(self.began_at, 0.0)]
        """From which moment on the recorder's wall clock was how far off, seconds."""
        self.struck: Counter[str] = Counter()
        self._steps = sorted(steps)
        self._naps = sorted(naps)
        self._stalls = sorted(stalls)
        self._answers = LateExecutor(self.truth, slow_s)
        self._troubles = list(troubles)
        self._chance = random.Random(seed)
        told_at = WallClock(self.truth)
        told_at.offset_s = -slow_s
        door = EndpointDoor(History.of(story), told_at)
        door.trouble = self._trouble
        door.skew_s = partial(self._skew_s, told_at)
        door.whoami_trouble = lambda: self._trouble("sts:GetCallerIdentity")
        self.recorder = Recorder(directory, door, self.clock, wanted or Wanted(stacks=("Shop",)))
        # Small segments: seals, and starts from a seal, are part of the game.
        self.recorder.writer_options = WriterOptions(segment_bytes=30_000)
        self.recorder.disk = HastyDisk()

    @property
    def elapsed_s(self) -> float:
        return (self.truth.now() - self.began_at).total_seconds()

    def _skew_s(self, told_at: ManualClock) -> float:
        return (self.clock.now() - told_at.now()).total_seconds()

    def _trouble(self, operation: str) -> AwsError | None:
        if abs(self.clock.offset_s) > SKEW_ALLOWED_S:
            self.struck["skewed"] += 1
            return ClockSkewed("Signature expired")
        for trouble in self._troubles:
            is_on = trouble.start_s <= self.elapsed_s < trouble.start_s + trouble.length_s
            fits = trouble.operation in (operation, "")
            # Whose credentials these are may always be asked.
            is_allowed = trouble.error == "denied" and operation.startswith("sts:")
            if is_on and fits and not is_allowed and self._chance.random() < trouble.share:
                self.struck[trouble.error] += 1
                return ERRORS[trouble.error]
        return None

    def _pass_time(self) -> None:
        """Let happen to the machine what is due."""
        while self._steps and self._steps[0][0] <= self.elapsed_s:
            self.clock.offset_s = float(self._steps.pop(0)[1])
            self.offsets.append((self.truth.now(), self.clock.offset_s))
        while self._naps and self._naps[0][0] <= self.elapsed_s:
            self.truth.sleep(self._naps.pop(0)[1])
        while self._stalls and self._stalls[0][0] <= self.elapsed_s:
            self.truth.advance(self._stalls.pop(0)[1])
        self._answers.deliver()

    def live(self, life: Life) -> None:
        """Run until so many commits were made, die, and stay away for a while."""
        recorder, next_home = self.recorder, self._next_home()
        left = life.commits
        stop = _Pulse(self._pass_time)
        abort = threading.Event()

        def count(_records: Sequence[Record]) -> None:
            nonlocal left
            left -= 1
            if left == 0 and life.is_kill:
                # What a killed process leaves is what is on disk now; what it does after that is not.
                shutil.copytree(recorder.directory, next_home)
                abort.set()
            elif left <= 0:
                stop.set()

        self._start(on_commit=count).run(stop, abort)
        if next_home.exists():
            recorder.directory = next_home
        self.truth.advance(life.away_s)

    def kill_at(self, elapsed_s: float) -> None:
        """Run one process to a moment of the story, and kill it there."""
        next_home = self._next_home()

        def is_over() -> bool:
            if self.elapsed_s >= elapsed_s and not next_home.exists():
                shutil.copytree(self.recorder.directory, next_home)
            return next_home.exists()

        self._start().run(threading.Event(), _Pulse(self._pass_time, is_over))
        self.recorder.directory = next_home

    def _next_home(self) -> Path:
        """Return where the archive goes as a kill leaves it."""
        return self.recorder.directory.with_name(f"archive-{self.recorder.runs + 1}")

    def judge(self) -> "Judgement":
        """Judge the archive as it stands."""
        return Judge(self.story, self.offsets).judge(self.recorder.directory)

    def run_until(self, elapsed_s: float) -> Any:
        """Run one process to a moment of the story."""
        stop = _Pulse(self._pass_time, lambda: self.elapsed_s >= elapsed_s)
        return self._start().run(stop)

    def _start(self, **how: Any) -> Supervisor:
        self._answers.forget()
        return self.recorder.start(executor=self._answers, **how)


class _Pulse(threading.Event):
    """An event that the recorder looks at in each turn, which lets time's tricks happen."""

    def __init__(self, beat: Callable[[], None], is_over: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._beat = beat
        self._is_over = is_over

    def is_set(self) -> bool:
        self._beat()
        return super().is_set() or self._is_over()


class Judgement(msgspec.Struct, kw_only=True):
    """What came of it."""

    coverage: Coverage
    gaps: Counter[str]
    missing: int
    """Facts that happened and are not in the archive, each in a gap that says so."""
    unwatched: int
    """Facts that are not in the archive, and came when nobody claims to have watched."""
    records: int


class Judge:
    """Compares what happened with what an archive holds and says.

    Args:
        story: What happened in AWS.
        offsets: From which moment on the recorder's wall clock was how far off, seconds; in order.
    """

    def __init__(self, story: Iterable[Fact], offsets: Sequence[tuple[datetime, float]] = ()) -> None:
        self._story = [fact for fact in story if fact.type in SOURCES]
        self._offsets = offsets
        # AWS shows each task only as it is now: no earlier version can be asked for.
        versions = {_task_of(fact): fact.id for fact in self._story if fact.type == TASK}
        self._passing = {
            fact.id for fact in self._story if fact.type == TASK and versions[_task_of(fact)] != fact.id
        }

    def judge(self, directory: Path, *, is_live: bool = False) -> Judgement:
        """Judge an archive.

        Raises:
            AssertionError: Something is missing outside the gaps, there twice, invented or changed.
        """
        verdict = verify(directory)
        assert verdict.is_sound or verdict.verdict == "torn tail", verdict.problems
        held: set[tuple[str, str]] = set()
        coverage = Coverage(self._checked(Archive.open(directory).records(), held), is_live=is_live)
        missing = [
            fact
            for fact in self._story
            if (fact.source, fact.id) not in held and fact.id not in self._passing
        ]
        excused = self._excuse(missing, coverage)
        gaps = Counter(gap.gap.kind for trace in coverage.traces.values() for gap in trace.gaps)
        return Judgement(
            coverage=coverage,
            gaps=gaps,
            missing=excused,
            unwatched=len(missing) - excused,
            records=len(held),
        )

    def _checked(self, records: Iterable[Record], held: set[tuple[str, str]]) -> Iterator[Record]:
        said = {(fact.source, fact.id): fact.data for fact in self._story}
        for record in records:
            key = (record.source, record.id)
            assert key not in held, f"{key} is there twice"
            held.add(key)
            if record.type in SOURCES:
                assert key in said, f"{key} never happened"
                assert record.payload() == said[key], f"{key} was changed"
            yield record

    def _excuse(self, missing: Iterable[Fact], coverage: Coverage) -> int:
        excused = 0
        within: Counter[int] = Counter()
        for fact in missing:
            trace = coverage.traces.get(f"{SOURCES[fact.type]} {fact.source}")
            if trace is None:
                continue
            walls = self._walls(from_rfc3339(fact.time or ""))
            holding = [gap for gap in trace.gaps if any(_holds(gap, wall) for wall in walls)]
            # A gap may count what happened while a clock that was set leaves open what coverage claims.
            within.update(id(gap) for gap in holding)
            within[id(trace)] += bool(holding)
            if self._is_claimed(trace, walls[0]):
                self._check_excuse(trace, fact, walls, holding)
                excused += 1
        for trace in coverage.traces.values():
            bounds = [(gap.gap, gap.gap.lower_bound or 0) for gap in trace.gaps]
            for traced, (gap, bound) in zip(trace.gaps, bounds, strict=True):
                assert gap.kind in KINDS
                assert within[id(traced)] >= bound, (gap, "claims more than is missing")
            assert within[id(trace)] >= sum(bound for _, bound in bounds), (bounds, "count something twice")
        return excused

    def _check_excuse(
        self, trace: Trace, fact: Fact, walls: Sequence[datetime], holding: Sequence[TracedGap]
    ) -> None:
        said = [(gap.gap.since, gap.gap.until, gap.gap.kind, gap.gap.reason) for gap in trace.gaps]
        assert any(gap.gap.kind != "recovered" for gap in holding), (trace.stream, fact.id, fact.time, said)
        # A clock that was set shows some times twice; an open gap has no end to draw it to.
        is_drawn = trace.until is None or walls[0] <= trace.until
        if len(self._offsets) < 2 and is_drawn:
            touched = [item for item in trace.intervals() if any(_touches(item, wall) for wall in walls)]
            assert any(not item.is_seen for item in touched), (trace.stream, fact.id, fact.time, touched)

    def _walls(self, at: datetime) -> tuple[datetime, ...]:
        """Return what a moment may be called: by AWS, and by the recorder's clock as it stood then."""
        offsets = [offset_s for since, offset_s in self._offsets if since <= at]
        return (at, at + timedelta(seconds=offsets[-1])) if offsets else (at,)

    def _is_claimed(self, trace: Trace, at: datetime) -> bool:
        """Return whether the stream's coverage says anything about a moment of AWS's clock."""
        doubt = timedelta(seconds=max((abs(offset_s) for _, offset_s in self._offsets), default=0.0))
        is_over = trace.open_gap is None and trace.until is not None and at > trace.until - doubt
        return at >= trace.opened_at + doubt and not is_over


def _task_of(fact: Fact) -> str:
    return fact.id.rpartition("@")[0]


def _holds(gap: TracedGap, at: datetime) -> bool:
    return gap.since - _MARGIN <= at and (gap.until is None or at <= gap.until + _MARGIN)


def _touches(interval: Interval, at: datetime) -> bool:
    return interval.since - _MARGIN <= at <= interval.until + _MARGIN
