"""What a person sees of a recording, whatever shows it."""

import contextlib
from typing import Protocol, TextIO

from forensics.analysis.notable import Notable
from forensics.capture.status import Snapshot
from forensics.cli.plain import event_line, heartbeat_line, trouble_line


class Face(Protocol):
    """Shows a recording; used by one thread."""

    def event(self, notable: Notable) -> None:
        """Show a notable record."""
        ...

    def trouble(self, snapshot: Snapshot, text: str) -> None:
        """Show what has begun to keep us from recording."""
        ...

    def beat(self, snapshot: Snapshot) -> None:
        """Show that the recorder is alive; called once a minute."""
        ...

    def close(self) -> None:
        """Leave the screen as a shell expects it."""
        ...


class PlainFace:
    """Lines without control characters.

    Args:
        stream: Where the lines go: stdout for `watch`, whose data they are; stderr for `run`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def event(self, notable: Notable) -> None:
        """Write the record's line."""
        self.line(event_line(notable))

    def trouble(self, snapshot: Snapshot, text: str) -> None:
        """Write a line of trouble."""
        self.line(trouble_line(snapshot.at, text))

    def beat(self, snapshot: Snapshot) -> None:
        """Write the heartbeat line."""
        self.line(heartbeat_line(snapshot))

    def close(self) -> None:
        """Leave nothing behind: lines need no tidying."""

    def line(self, text: str) -> None:
        """Write one line at once; a reader that has left is no reason to stop recording."""
        with contextlib.suppress(OSError):
            self._stream.write(text + "\n")
            self._stream.flush()
