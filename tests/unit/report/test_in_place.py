"""Lines drawn in place: nothing of the former ones stays, whatever happens to the terminal's size."""

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from forensics.report.in_place import InPlace
from tests.support.terminal import Terminal, set_size

sizes = st.tuples(st.integers(5, 60), st.integers(2, 20))
contents = st.lists(st.text(st.sampled_from("abc漢é"), min_size=1, max_size=70), min_size=1, max_size=25)


class Screen:
    """A terminal with a view on it, and what a person sees of both."""

    def __init__(self, width: int, height: int, *, gives_back: bool) -> None:
        self.seen = Terminal(width, height, gives_back=gives_back)
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        set_size(self._ours, width, height)
        self._stream = os.fdopen(theirs, "w", encoding="utf-8")
        console = Console(file=self._stream, force_terminal=True, force_interactive=True, highlight=False)
        self.console, self.view = console, InPlace(console, self._stream)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the terminal; the view is not told."""
        self._drain()
        self.seen.resize(width, height)
        set_size(self._ours, width, height)

    @property
    def rows(self) -> list[str]:
        """What is seen."""
        self._drain()
        return self.seen.screen

    def close(self) -> None:
        """Let go of the terminal."""
        self._stream.close()
        os.close(self._ours)

    def _drain(self) -> None:
        self._stream.flush()
        said = b""
        while True:
            try:
                said += os.read(self._ours, 65536)
            except BlockingIOError:
                break
        self.seen.feed(said)


@contextmanager
def opened(width: int, height: int, *, gives_back: bool = True) -> Iterator[Screen]:
    screen = Screen(width, height, gives_back=gives_back)
    try:
        screen.view.start()
        yield screen
        screen.view.stop()
    finally:
        screen.close()


def test_a_narrower_terminal_keeps_nothing_of_the_wider_view() -> None:
    """The terminal has broken the old lines into more rows than were drawn."""
    with opened(60, 10) as screen:
        screen.console.print("$ watch")
        screen.view.show([Text("v" * 50), Text("v" * 55)])
        screen.resize(20, 10)
        screen.view.show([Text("new"), Text("lines")])
        assert screen.rows == ["$ watch", "new", "lines"]


def test_a_log_line_stands_above_the_view() -> None:
    with opened(60, 10) as screen:
        screen.view.show([Text("v" * 50)])
        screen.resize(20, 10)
        screen.console.print("warning")
        assert screen.rows == ["warning", "v" * 19 + "…"]


def test_a_terminal_that_grows_again_does_not_show_the_former_view_above() -> None:
    """What has left at the top of a low terminal comes back when it grows."""
    with opened(60, 10) as screen:
        screen.console.print("$ watch")
        screen.view.show([Text(f"old {number}") for number in range(9)])
        screen.resize(60, 4)
        screen.view.show([Text(f"low {number}") for number in range(3)])
        screen.resize(60, 10)
        screen.view.show([Text(f"new {number}") for number in range(7)])
        assert screen.rows == ["$ watch", *(f"new {number}" for number in range(7))]


@given(
    first=sizes,
    steps=st.lists(st.tuples(sizes, contents, st.booleans()), max_size=6),
    gives_back=st.booleans(),
)
def test_no_row_of_a_former_view_is_seen(
    first: tuple[int, int], steps: list[tuple[tuple[int, int], list[str], bool]], gives_back: bool
) -> None:
    with opened(*first, gives_back=gives_back) as screen:
        for size, lines, has_log_line in steps:
            screen.resize(*size)
            if has_log_line:
                screen.console.print("log")
            screen.view.show([Text(line) for line in lines])
            # Above a log line that came later, what had left the screen may come back.
            shown = "\n".join(screen.rows).rpartition("log")[2].strip().split("\n")
            assert len(shown) == min(len(lines), size[1])
