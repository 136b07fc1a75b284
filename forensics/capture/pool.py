"""Threads for polls that block, which never keep the process from ending."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class PollThreads(Executor):
    """A fixed number of daemon threads.

    The standard pool joins its threads when the interpreter ends: one call to an endpoint that never answers
    would hold up a shutdown that has a deadline.

    Args:
        count: Threads, at least 1; they start with the first work.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a call on one of the threads."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  the future carries it to whoever asks
                future.set_exception(error)

        self._work.put(work)
        if len(self._threads) < self._count:
            self._start_thread()
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
