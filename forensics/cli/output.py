"""Where a read command's data goes, and what it says beside it."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from forensics.cli.opening import Opened
from forensics.errors import UsageError
from forensics.report.count import counted


@contextlib.contextmanager
def destination(file: Path | None) -> Iterator[TextIO]:
    """Give the stream that data goes to: stdout, or a file that only its owner may read.

    Raises:
        UsageError: The file cannot be written.
    """
    if file is None:
        yield sys.stdout
        return
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be written: {error.strerror}", hint="name a file in a folder that you may write"
        ) from error
    with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        yield out


def warn_of_damage(archive: Opened, stream: TextIO) -> None:
    """Say on a stream that some records could not be read, where that is so."""
    lost = sum(last - first + 1 for first, last in archive.lost)
    if archive.damages or lost:
        places, records = counted(len(archive.damages), "damaged place"), counted(lost, "missing record")
        stream.write(f"passed over: {places}, {records}; `forensics verify` names them\n")
