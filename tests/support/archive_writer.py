"""Processes that append until they are killed, and say what is durable.

``python -m tests.support.archive_writer DIR`` reads prefixes from stdin, one a line. For each it forks a
child that appends, which costs a hundredth of starting Python anew; its lines on stdout:

- ``pid N``: the child.
- ``open``: it has opened the archive.
- keys with spaces between them: one append, when the archive says that it is durable.
- ``ended STATUS``: the child is gone, how as `os.waitpid` says.

``python -m tests.support.archive_writer DIR PREFIX`` appends itself, without a child.
"""

import os
import sys
from pathlib import Path

from forensics.archive.end import WriterOptions
from forensics.archive.writer import Writer
from forensics.model.clock import SystemClock
from forensics.model.record import Fact

OPTIONS = WriterOptions(segment_bytes=3000)
BATCHES = (1, 3, 2, 20, 1)


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")


def opened(directory: Path, prefix: str) -> Writer:
    writer = Writer.open(directory, clock=SystemClock(), run=prefix, tool="test", options=OPTIONS)
    say("open")
    return writer


def write_until_killed(directory: Path, prefix: str) -> None:
    """Append batches of several sizes for ever, one behind another, closing the archive now and then."""
    writer = opened(directory, prefix)
    number = 0
    for batch in range(1, 1 << 40):
        if batch % 40 == 0:
            writer.close()
            writer = opened(directory, prefix)
        keys = [f"{prefix}-{number + offset}" for offset in range(BATCHES[batch % len(BATCHES)])]
        number += len(keys)
        pending = writer.begin(
            [
                Fact(type="aws.test", source="arn:test", id=key, data={"key": key, "pad": "x" * 40})
                for key in keys
            ],
            then=lambda _written, keys=keys: say(" ".join(keys)),
        )
        if batch % 3 == 0:
            pending.wait()


def fork_writers(directory: Path) -> None:
    """Fork a writer for each prefix on stdin, and report its end."""
    for prefix in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                write_until_killed(directory, prefix.strip())
            finally:
                os._exit(1)
        say(f"pid {child}")
        _, status = os.waitpid(child, 0)
        say(f"ended {status}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        fork_writers(Path(sys.argv[1]))
    else:
        write_until_killed(Path(sys.argv[1]), sys.argv[2])
