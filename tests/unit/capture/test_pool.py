"""Threads that never keep the process from ending."""

import subprocess
import sys
import threading

import pytest

from forensics.capture.pool import PollThreads


def test_calls_run_at_the_same_time() -> None:
    """Two calls that wait for each other both end only where they run side by side."""
    pool = PollThreads(2)
    meeting = threading.Barrier(2, timeout=10)
    futures = [pool.submit(meeting.wait) for _ in range(2)]
    assert sorted(future.result(timeout=10) for future in futures) == [0, 1]
    pool.shutdown()


def test_an_error_reaches_whoever_asks() -> None:
    """A failing call must not end its thread."""
    pool = PollThreads(1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0).result(timeout=10)
    assert pool.submit(lambda: 7).result(timeout=10) == 7
    pool.shutdown()


def test_work_that_nobody_began_can_be_forgotten() -> None:
    """At the end only what is in flight matters."""
    pool = PollThreads(1)
    go, begun, ran = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go.wait(10)

    held = pool.submit(hold)
    assert begun.wait(10)
    pool.submit(ran.set)
    pool.shutdown(wait=False, cancel_futures=True)
    go.set()
    held.result(timeout=10)
    assert not ran.is_set()


def test_a_call_that_never_ends_does_not_keep_the_process() -> None:
    """An endpoint that never answers must not hold up a shutdown that has a deadline."""
    program = (
        "import threading\n"
        "from forensics.capture.pool import PollThreads\n"
        "PollThreads(1).submit(threading.Event().wait)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
