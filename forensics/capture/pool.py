"""Threads for polls that block, which never keep the process from ending."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class PollThreads(Executor):
    """Daemon threads, as many as there are calls at the same time; a free one is used again.

    A call that never comes back holds its own thread and nobody else's: whoever submits limits how many
    there are. The standard pool has a fixed number of threads, and joins them when the interpreter ends, so
    that one call to an endpoint that never answers would hold up a shutdown that has a deadline.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._unanswered = 0
        """Calls submitted that have not come back."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a call on a free thread, or on a new one."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  the future carries it to whoever asks
                future.set_exception(error)
            finally:
                with self._lock:
                    self._unanswered -= 1

        with self._lock:
            self._unanswered += 1
            if self._unanswered > len(self._threads):
                self._start_thread()
        self._work.put(work)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads as soon as they are free.

        Args:
            wait: Wait for the calls in flight.
            cancel_futures: Forget the work that nobody began.
        """
        while cancel_futures and not self._work.empty():
            self._work.get()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads if wait else ():
            thread.join()
        self._threads = []

    def _start_thread(self) -> None:
        thread = threading.Thread(target=_serve, args=(self._work,), name="forensics-poll", daemon=True)
        self._threads.append(thread)
        thread.start()


def _serve(work: "SimpleQueue[Any]") -> None:
    while (call := work.get()) is not None:
        call()
