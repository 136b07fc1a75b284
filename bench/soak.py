"""Record thousands of targets through trouble of every kind, kills and restarts, and judge what came of it.

    python -m bench.soak [--seconds 300] [--targets 2000] [--speed 40] [--seed 1]

The recorder is a process of its own that talks HTTP to the project's endpoint, in time that runs faster than
the machine's. It is killed and stopped again and again, once for longer than AWS remembers stopped tasks. At
the end `verify` must find the archive whole, and everything that is missing must lie in a gap that says so.
Prints the figures; exits with 1 where a promise was broken, and leaves the archive for whoever looks why.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

import msgspec
import psutil

from bench.soak_faults import KINDS, Chaos
from bench.soak_story import story
from forensics.analysis.coverage_statement import statement
from forensics.archive.verify import verify
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.capture_daemon import virtual_clock
from tests.support.faults import FaultyPlayer
from tests.support.truth import Judge

ROOT = Path(__file__).resolve().parents[1]
STOPPED_TASKS_KEPT_S = 3600.0
_LAST_SHARE = 0.2
"""Of the time, without trouble at the end: the recorder has to catch up with everything."""
_START_UP_S = 4.0
"""Nothing happens before: the first recorder has to find what there is."""
_SHORTEST_LIFE_S = 1.0
_KIND_SHARE = 0.3
"""So many ends are in order; the others are by kill -9."""
_EXIT_S = 60.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long, how much, how fast."""

    seconds: float = 300.0
    """Of the machine."""
    targets: int = 2000
    speed: float = 40.0
    """Seconds of the story in one of the machine."""
    seed: int = 1


class Figures(msgspec.Struct, kw_only=True):
    """What a soak comes to."""

    calls: int = 0
    struck: Counter[str] = msgspec.field(default_factory=Counter)
    """Calls that trouble struck, by kind."""
    kills: int = 0
    stops: int = 0
    records: int = 0
    happened: int = 0
    missing: int = 0
    """Facts that are not in the archive, each in a gap that says so."""
    unwatched: int = 0
    """Facts that are not in the archive, from before their stream was found."""
    streams: int = 0
    gaps: Counter[str] = msgspec.field(default_factory=Counter)
    share: float | None = None
    """Of the watched time, how much was seen."""
    size_bytes: int = 0
    peak_rss_bytes: int = 0
    seconds: float = 0.0
    verdict: str = ""


class Recorder:
    """One process of the recorder, watched until it ends; a context manager that leaves none behind."""

    def __init__(self, url: str, archive: Path, speed: float, origin_s: float, home: Path) -> None:
        keys = {"AWS_ACCESS_KEY_ID": "AKIASOAK", "AWS_SECRET_ACCESS_KEY": "secret"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.soak_daemon", url, str(archive), str(speed), str(origin_s)],
            cwd=ROOT,
            env={**os.environ, **keys, "HOME": str(home), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        self.peak_rss_bytes = 0

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def live(self, seconds: float) -> None:
        """Let it work, and note how much memory it takes."""
        watched, until_s = psutil.Process(self._process.pid), time.monotonic() + seconds
        pause = threading.Event()
        while time.monotonic() < until_s and self._process.poll() is None:
            self.peak_rss_bytes = max(self.peak_rss_bytes, watched.memory_info().rss)
            pause.wait(min(0.25, max(0.0, until_s - time.monotonic())))

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self._process.terminate()
        return self._process.wait(_EXIT_S)


class Soak:
    """One soak, from its story to its figures.

    Args:
        plan: How long, how much, how fast.
        folder: Where the archive goes.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.archive = folder / "archive"
        self.figures = Figures()
        self._folder = folder
        self._chance = random.Random(plan.seed)
        self._pause = threading.Event()

    def run(self) -> Figures:
        """Play the story to a recorder in trouble, and judge its archive.

        Raises:
            AssertionError: A promise was broken; the text says which.
        """
        plan, began_s = self.plan, time.monotonic()
        troubled_s = plan.seconds * (1 - _LAST_SHARE)
        truth = story(
            targets=plan.targets,
            since_s=_START_UP_S * plan.speed,
            until_s=troubled_s * plan.speed,
            seed=plan.seed,
        )
        judge, history = Judge(truth), History.of(truth)
        self.figures.happened = len(truth)
        self._origin_s = time.monotonic()
        with FaultyPlayer(Endpoint(history, virtual_clock(plan.speed, self._origin_s))) as player:
            self._url = player.url
            chaos = Chaos(
                player.faults, seed=plan.seed, shortest_s=plan.seconds / 300, longest_s=plan.seconds / 75
            )
            chaos.start()
            try:
                self._die_again_and_again(self._origin_s + troubled_s)
            finally:
                chaos.end()
            with self._recorder() as last:
                self._live(last, plan.seconds * _LAST_SHARE)
                assert last.stop() == 0, "the recorder did not end in order"
            self.figures.calls, self.figures.struck = player.faults.calls(), chaos.struck
        self._judge(judge)
        self.figures.seconds = time.monotonic() - began_s
        return self.figures

    def _recorder(self) -> Recorder:
        return Recorder(self._url, self.archive, self.plan.speed, self._origin_s, self._folder)

    def _live(self, recorder: Recorder, seconds: float) -> None:
        recorder.live(seconds)
        self.figures.peak_rss_bytes = max(self.figures.peak_rss_bytes, recorder.peak_rss_bytes)

    def _die_again_and_again(self, until_s: float) -> None:
        """Start the recorder and end it, kindly or not, until a moment of the machine's clock."""
        seconds, longest_away_s = self.plan.seconds, 1.1 * STOPPED_TASKS_KEPT_S / self.plan.speed
        is_long_due = longest_away_s < seconds / 3
        while (left_s := until_s - time.monotonic()) > 0:
            with self._recorder() as recorder:
                self._live(recorder, min(left_s, max(_SHORTEST_LIFE_S, self._share(0.04, 0.15))))
                is_kind = self._chance.random() < _KIND_SHARE
                if is_kind:
                    recorder.stop()
            self.figures.stops += is_kind
            self.figures.kills += not is_kind
            verdict = verify(self.archive)
            assert verdict.is_sound or verdict.verdict == "torn tail", verdict.problems
            away_s = self._share(0.0, 0.02)
            if is_long_due and self.figures.kills > 1:
                away_s, is_long_due = longest_away_s, False
            self._pause.wait(max(0.0, min(away_s, until_s - time.monotonic())))

    def _share(self, least: float, most: float) -> float:
        return self._chance.uniform(least, most) * self.plan.seconds

    def _judge(self, judge: Judge) -> None:
        verdict = verify(self.archive)
        assert verdict.is_sound, verdict.problems
        found = judge.judge(self.archive)
        said = statement(found.coverage)
        figures = self.figures
        figures.verdict, figures.size_bytes = verdict.verdict, verdict.size_bytes
        figures.records, figures.gaps = found.records, found.gaps
        figures.missing, figures.unwatched = found.missing, found.unwatched
        figures.streams, figures.share = len(said.streams), said.coverage.share


def lines(figures: Figures) -> list[str]:
    """Return the figures as text."""
    struck = ", ".join(f"{kind} {figures.struck[kind]:,}" for kind in KINDS if figures.struck[kind])
    gaps = ", ".join(f"{kind} {count:,}" for kind, count in sorted(figures.gaps.items()))
    share = "nothing" if figures.share is None else f"{figures.share:.2%}"
    return [
        f"verify    {figures.verdict}",
        f"calls     {figures.calls:,}, of which trouble struck {figures.struck.total():,}: {struck}",
        f"ends      {figures.kills} by kill -9, {figures.stops} in order, and the last one",
        f"records   {figures.records:,} of {figures.streams:,} streams, {figures.size_bytes / 1e6:.1f} MB",
        f"gaps      {figures.gaps.total():,}: {gaps}",
        f"lost      {figures.missing:,} of {figures.happened:,} facts, each in a gap that says so; "
        f"{figures.unwatched:,} came before their stream was found",
        f"seen      {share} of the watched time",
        f"memory    {figures.peak_rss_bytes / 1e6:.0f} MB at most",
        f"duration  {figures.seconds:.0f} s",
    ]


def main(arguments: list[str]) -> int:
    """Soak as asked; return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    for field in msgspec.structs.fields(Plan):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    plan = Plan(**vars(parser.parse_args(arguments)))
    folder = Path(tempfile.mkdtemp(prefix="forensics-soak-"))
    try:
        figures = Soak(plan, folder).run()
    except AssertionError as broken:
        print(
            f"soak: a promise was broken (seed {plan.seed}): {broken}\nthe archive stays in {folder}",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    print("\n".join(lines(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
