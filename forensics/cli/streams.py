"""Standard streams whose other end has left."""

import os
from typing import TextIO


def lead_nowhere(stream: TextIO) -> None:
    """Let everything that is written to a stream from now on be thrown away.

    What is still in its buffer goes the same way: the interpreter flushes it once more at exit, and would
    complain about the same pipe.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
