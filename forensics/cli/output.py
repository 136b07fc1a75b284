"""Where a read command's data goes."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from forensics.errors import UsageError


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
