"""Reading: how long commands take to start, beside an interpreter that does nothing."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.archive import service_event
from bench.table import Row, at_most
from forensics.archive.writer import Writer
from forensics.model.clock import SystemClock

TARGET_MS = 150.0
RECORDS = 200
ROUNDS = 15


def rows() -> list[Row]:
    """Measure the start of ``--help`` and of ``events`` on a small archive, against ``python -c pass``."""
    with tempfile.TemporaryDirectory(prefix="forensics-bench-") as scratch:
        archive = small_archive(Path(scratch) / "archive")
        program = str(Path(sys.executable).with_name("forensics"))
        commands = {
            "nothing": [sys.executable, "-c", "pass"],
            "help": [program, "--help"],
            "events": [program, "events", str(archive)],
        }
        environment = with_bytecode(Path(scratch) / "bytecode")
        took_s: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            seconds(command, environment)
        # In turns: what else the machine does then weighs on all of them alike.
        for _ in range(ROUNDS):
            for name, command in commands.items():
                took_s[name].append(seconds(command, environment))
    base_s = min(took_s["nothing"])
    return [
        at_most(what, (min(took_s[name]) - base_s) * 1000, TARGET_MS, "ms")
        for what, name in (
            ("start of forensics --help, beyond python -c pass", "help"),
            (f"forensics events on {RECORDS} records, beyond python -c pass", "events"),
        )
    ]


def small_archive(path: Path) -> Path:
    """Return the path of a closed archive with a few service events."""
    writer = Writer.open(path, clock=SystemClock(), run="bench", tool="bench")
    writer.append([service_event(number) for number in range(RECORDS)])
    writer.close()
    return path


def with_bytecode(folder: Path) -> dict[str, str]:
    """Return this environment with compiled modules kept in a folder, as an installed package has them.

    A shell that forbids writing bytecode would measure the compiler at each start.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder)}


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return how long a command takes from its start to its end."""
    began_s = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began_s
