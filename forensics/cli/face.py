"""What a person sees of a recording, whatever shows it."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from forensics.capture.status import Snapshot
from forensics.cli.pipeline import NOTICES
from forensics.cli.plain import event_line, head_line, heartbeat_line, relief_line, trouble_line
from forensics.cli.streams import lead_nowhere
from forensics.cli.telling import Repeats, worth_telling
from forensics.model.record import Record


class Face(Protocol):
    """Shows a recording; used by one thread."""

    def show(self, written: Sequence[Record]) -> None:
        """Show what was written, where it is worth it."""
        ...

    def glance(self, snapshot: Snapshot) -> None:
        """Show how the recording stands; called about twice a second."""
        ...

    def trouble(self, snapshot: Snapshot, text: str) -> None:
        """Show what has begun to keep us from recording."""
        ...

    def relief(self, snapshot: Snapshot, concern: str) -> None:
        """Show that what has kept us from recording is over."""
        ...

    def beat(self, snapshot: Snapshot) -> None:
        """Show that the recorder is alive; called once a minute."""
        ...

    def mark(self, head: str, when: str) -> None:
        """Show a head digest: what was printed cannot be changed by whoever may write the archive."""
        ...

    def close(self) -> None:
        """Leave the screen as a shell expects it."""
        ...


class PlainFace:
    """Lines without control characters.

    Args:
        stream: Where the lines go: stdout for `watch`, whose data they are; stderr for `run`.
        is_github: Whether a step of GitHub Actions reads them: head digests are among its annotations then.
    """

    def __init__(self, stream: TextIO, *, is_github: bool = False) -> None:
        self._stream = stream
        self.is_github = is_github
        self._marks = 0
        self._repeats = Repeats()

    def show(self, written: Sequence[Record]) -> None:
        """Write a line for each notable record; a reason that comes again is not said in full again."""
        for record in written:
            told = worth_telling(record)
            if told is not None:
                self.line(event_line(self._repeats.shortened(told, record)))

    def glance(self, snapshot: Snapshot) -> None:
        """Write nothing: lines come when there is something to say."""

    def trouble(self, snapshot: Snapshot, text: str) -> None:
        """Write a line of trouble."""
        self.line(trouble_line(snapshot.at, text))

    def relief(self, snapshot: Snapshot, concern: str) -> None:
        """Write a line that the trouble is over."""
        self.line(relief_line(snapshot.at, concern))

    def beat(self, snapshot: Snapshot) -> None:
        """Write the heartbeat line."""
        self.line(heartbeat_line(snapshot))

    def mark(self, head: str, when: str) -> None:
        """Write a head digest and what it stands for; on GitHub the first ones are notices.

        One is left for the end of the recording: GitHub drops what comes after a step's tenth.
        """
        self._marks += 1
        self.line(head_line(head, when, is_notice=self.is_github and self._marks < NOTICES))

    def close(self) -> None:
        """Leave nothing behind: lines need no tidying."""

    def line(self, text: str) -> None:
        """Write one line at once; a reader that has left is no reason to stop recording."""
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except BrokenPipeError:
            # Nor may it change how the process ends, whoever flushes next.
            lead_nowhere(self._stream)
        except OSError:
            pass
