"""Lines for a reader that may leave."""

import os
from pathlib import Path

from forensics.cli.face import PlainFace


def test_a_reader_that_left_does_not_disturb_whoever_flushes_next() -> None:
    """The process flushes its output once more at its end: that must not decide the exit code."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        os.close(reader)
        face = PlainFace(stream)
        face.line("nobody reads this")
        stream.write("nor this")
        stream.flush()
        face.line("nor that")
        assert Path(f"/proc/self/fd/{writer}").readlink() == Path(os.devnull)
