"""Threads that never keep the process from ending."""

import subprocess
import sys
import threading

import pytest

from forensics.capture.pool import PollThreads


def test_calls_run_at_the_same_time() -> None:
    """Two calls that wait for each other both end only where they run side by side."""
    pool = PollThreads()
    meeting = threading.Barrier(2, timeout=10)
    futures = [pool.submit(meeting.wait) for _ in range(2)]
    assert sorted(future.result(timeout=10) for future in futures) == [0, 1]
    pool.shutdown()


def test_an_error_reaches_whoever_asks() -> None:
    """A failing call must not end its thread."""
    pool = PollThreads()
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0).result(timeout=10)
    assert pool.submit(lambda: 7).result(timeout=10) == 7
    pool.shutdown()


def test_a_call_that_hangs_holds_up_no_other() -> None:
    """However many never come back, the next one finds a thread."""
    pool = PollThreads()
    go = threading.Event()
    held = [pool.submit(go.wait, 10) for _ in range(20)]
    assert pool.submit(lambda: 7).result(timeout=10) == 7
    go.set()
    assert all(future.result(timeout=10) for future in held)
    pool.shutdown()


def test_a_free_thread_is_used_again() -> None:
    """A recording of a week makes a million calls, not a million threads."""
    pool = PollThreads()
    used = {pool.submit(_own_thread).result(timeout=10) for _ in range(50)}
    assert len(used) <= 3
    pool.shutdown()


def _own_thread() -> int:
    return threading.get_ident()


def test_a_call_that_never_ends_does_not_keep_the_process() -> None:
    """An endpoint that never answers must not hold up a shutdown that has a deadline."""
    program = (
        "import threading\n"
        "from forensics.capture.pool import PollThreads\n"
        "PollThreads().submit(threading.Event().wait)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
