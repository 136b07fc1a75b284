"""How the end of a recording is said, with the exit code that stands for it."""

import importlib
import signal
from pathlib import Path
from typing import TextIO

from forensics.capture.status import Outcome
from forensics.cli.attend import Attended
from forensics.cli.face import PlainFace
from forensics.cli.plain import closing_lines
from forensics.cli.signals import ENDING, Signals
from forensics.errors import ForensicsError
from forensics.model.inert import inert


def explain_briefly(archive: str, stream: TextIO) -> None:
    """Say what a recording comes down to, before its last lines.

    The recording is whole by now: whatever goes wrong here, also while the rules are loaded, is one line and
    changes nothing, and a signal does not cut off the lines that follow.

    Args:
        archive: The archive's directory, closed.
        stream: Where it is said.
    """
    lines = PlainFace(stream)
    with Signals((*ENDING, signal.SIGHUP), lambda _signum: None):
        try:
            said = importlib.import_module("forensics.cli.afterword").afterword(Path(archive), stream)
        except Exception as error:  # noqa: BLE001 - a rule that broke must not change how a recording ends
            said = [f"not explained: unforeseen {type(error).__name__}: {inert(str(error))}"]
    for line in said:
        lines.line(line)


def say_end(outcome: Outcome, archive: str, lines: PlainFace) -> None:
    """Say what was recorded, and the head digest where a pipeline keeps it."""
    for line in closing_lines(outcome, archive, is_github=lines.is_github):
        lines.line(line)


def close(attended: Attended, archive: str, lines: PlainFace) -> int:
    """Say how the recording ended; return the exit code.

    Raises:
        ForensicsError: The recording broke, or did not end in time.
    """
    ended = attended.ended
    if ended is not None and ended.outcome is not None:
        say_end(ended.outcome, archive, lines)
    elif ended is not None and ended.error is not None:
        raise ended.error
    if attended.cut_short_by is not None:
        return 128 + attended.cut_short_by
    if ended is None:
        raise ForensicsError(
            "the recording did not end in time and was cut off",
            hint="what was committed is safe; the next start mends the rest",
        )
    return 0
