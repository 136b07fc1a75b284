"""SIGKILL at random moments, again and again, on one archive."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.archive.verify import verify
from tests.support.archives import ids, open_writer

KILLS = 150


class Victims:
    """Writers to be killed, all on one archive."""

    def __init__(self, directory: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.archive_writer", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def killed_after(self, prefix: str, delay_s: float) -> list[str]:
        """Let one write, kill it after a while, and return the keys that it acknowledged."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(prefix.encode() + b"\n")
        self._parent.stdin.flush()
        lines = iter(self._parent.stdout.readline, b"")
        acknowledged: list[str] = []
        for line in lines:
            words = line.decode().split()
            if words[0] == "pid":
                # The moment counts from the start, so that creation and recovery are hit as well.
                threading.Timer(delay_s, os.kill, (int(words[1]), signal.SIGKILL)).start()
            elif words[0] == "ended":
                assert os.WTERMSIG(int(words[1])) == signal.SIGKILL, "the writer ended by itself"
                break
            elif words[0] != "open":
                acknowledged += words
        return acknowledged

    def close(self) -> None:
        self._parent.communicate()


@pytest.fixture
def victims(tmp_path: Path) -> Iterator[Victims]:
    """Writers on the archive ``a``."""
    started = Victims(tmp_path / "a")
    yield started
    started.close()


def test_kill_9_at_random_moments_loses_nothing_and_writes_nothing_twice(
    tmp_path: Path, victims: Victims
) -> None:
    """What was acknowledged is there once, in order, and verify is content after each restart."""
    seed = random.SystemRandom().randrange(1 << 32)
    moments = random.Random(seed)
    acknowledged: list[str] = []
    productive, longest_s = 0, 0.06
    for kill in range(3 * KILLS):
        if kill >= KILLS and productive > KILLS / 4:
            break
        new = victims.killed_after(f"k{kill}", moments.uniform(0.001, longest_s))
        acknowledged += new
        productive += bool(new)
        # A busy machine gives a writer less of its time.
        longest_s *= 1.0 if new else 1.005
        open_writer(tmp_path / "a").close()
        check(tmp_path / "a", acknowledged, f"seed {seed}, kill {kill}")
    assert productive > KILLS / 4, "the writers were killed before they could write"


def check(path: Path, acknowledged: list[str], context: str) -> None:
    verdict = verify(path)
    assert verdict.is_sound, f"{context}: {verdict.problems}"
    found = ids(path)
    assert len(found) == len(set(found)), f"{context}: something is there twice"
    lost = set(acknowledged) - set(found)
    assert not lost, f"{context}: lost {sorted(lost)[:5]}"
    order = {key: place for place, key in enumerate(found)}
    places = [order[key] for key in acknowledged]
    assert places == sorted(places), f"{context}: out of order"
