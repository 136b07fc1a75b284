"""The live view on a terminal: drawn in place while recording goes on, a summary when it ends."""

from typing import TextIO

from rich.console import Console

from forensics.analysis.progress import Progress
from forensics.report.frame import frame, summary
from forensics.report.in_place import InPlace
from forensics.report.vitals import Vitals

LEAST_COLUMNS = 20


class LiveView:
    """Draws a recording in place. Use it from one thread.

    Args:
        stream: A terminal.
        has_colour: Whether colours may be used; None: unless NO_COLOR is set.
    """

    def __init__(self, stream: TextIO, *, has_colour: bool | None = None) -> None:
        self._console = Console(
            file=stream,
            force_terminal=True,
            no_color=None if has_colour is None else not has_colour,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )
        self._place = InPlace(self._console, stream)
        self._last: tuple[Progress, Vitals] | None = None

    def start(self) -> None:
        """Take the terminal; the cursor is hidden until `stop`."""
        self._place.start()

    def draw(self, progress: Progress, vitals: Vitals) -> None:
        """Draw the state as it is now; the terminal's size is asked each time.

        Args:
            progress: Where stacks and services stand.
            vitals: How the recorder is.
        """
        self._last = (progress, vitals)
        width, height = self._place.measure()
        # The last row stays free for the shell's line when the view ends.
        self._place.show(frame(progress, vitals, width=max(LEAST_COLUMNS, width), height=max(1, height - 1)))

    def stop(self) -> None:
        """Give the terminal back and leave a summary of what was seen last."""
        self._place.stop()
        if self._last is not None:
            progress, vitals = self._last
            for line in summary(progress, vitals, width=self._place.measure()[0]):
                self._console.print(line, no_wrap=True, crop=True)
