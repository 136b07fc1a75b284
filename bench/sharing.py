"""Sharing: how long a bundle takes to make and to check, and what it needs."""

import os
import sys
import tempfile
from pathlib import Path

from bench import many_stacks
from bench.reading import measured
from bench.table import Row, at_most

RECORDS = 100_000
STACKS = 50


def rows() -> list[Row]:
    """Measure `bundle` and `verify` as whole processes, on one processor."""
    with tempfile.TemporaryDirectory(prefix="forensics-bench-", dir="/var/tmp") as scratch:
        archive, ticket = Path(scratch) / "archive", Path(scratch) / "ticket.zip"
        many_stacks.write(archive, RECORDS, stacks=STACKS)
        os.environ["XDG_CONFIG_HOME"] = scratch
        program = [sys.executable, "-m", "forensics"]
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})
        try:
            made_s, made_mb = measured([*program, "bundle", str(archive), "-O", str(ticket)])
            checked_s, _ = measured([*program, "verify", str(ticket)])
        finally:
            os.sched_setaffinity(0, processors)
    what = f"a bundle of {RECORDS:,} records"
    return [
        at_most(f"{what}, on one processor", made_s, 60, "s"),
        at_most(f"{what}: memory", made_mb, 300, "MB"),
        at_most(f"verify of {what}", checked_s, 10, "s"),
    ]
