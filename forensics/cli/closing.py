"""How the end of a recording is said, with the exit code that stands for it."""

from forensics.cli.attend import Attended
from forensics.cli.face import PlainFace
from forensics.cli.plain import closing_lines
from forensics.errors import ForensicsError


def close(attended: Attended, archive: str, lines: PlainFace) -> int:
    """Say how the recording ended; return the exit code.

    Raises:
        ForensicsError: The recording broke, or did not end in time.
    """
    ended = attended.ended
    if ended is not None and ended.outcome is not None:
        for line in closing_lines(ended.outcome, archive):
            lines.line(line)
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
