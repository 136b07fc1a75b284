"""Reading: how long commands take to start, and to explain a million records, beside what does less."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import many_stacks
from bench.archive import service_event
from bench.table import Row, at_most
from forensics.archive.writer import Writer
from forensics.model.clock import SystemClock

TARGET_MS = 150.0
EXPLAIN_TARGET_MS = 250.0
EXPLAIN_TARGET_MB = 500.0
RECORDS = 200
EXPLAINED = 1000
BIG_ROUNDS = 3
ROUNDS = 15


def rows() -> list[Row]:
    """Measure commands on small archives against ``python -c pass``, and explain on a big one against jq."""
    with tempfile.TemporaryDirectory(prefix="forensics-bench-") as scratch:
        return [*starts(Path(scratch)), *big(Path(scratch) / "big")]


def starts(scratch: Path) -> list[Row]:
    """Measure the start of ``--help`` and of commands on small archives, against ``python -c pass``."""
    archive = small_archive(scratch / "archive")
    many_stacks.write(scratch / "explained", EXPLAINED, stacks=5)
    program = str(Path(sys.executable).with_name("forensics"))
    commands = {
        "nothing": [sys.executable, "-c", "pass"],
        "help": [program, "--help"],
        "events": [program, "events", str(archive)],
        "explain": [program, "explain", str(scratch / "explained")],
    }
    environment = with_bytecode(scratch / "bytecode")
    took_s: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        seconds(command, environment)
    # In turns: what else the machine does then weighs on all of them alike.
    for _ in range(ROUNDS):
        for name, command in commands.items():
            took_s[name].append(seconds(command, environment))
    base_s = min(took_s["nothing"])
    return [
        at_most(f"{what}, beyond python -c pass", (min(took_s[name]) - base_s) * 1000, target_ms, "ms")
        for what, name, target_ms in (
            ("start of forensics --help", "help", TARGET_MS),
            (f"forensics events on {RECORDS} records", "events", TARGET_MS),
            (f"forensics explain on {EXPLAINED:,} records", "explain", EXPLAIN_TARGET_MS),
        )
    ]


def big(archive: Path) -> list[Row]:
    """Measure ``explain`` on a million records of 500 stacks: its memory, and its time against jq's."""
    many_stacks.write(archive)
    segments = sorted(map(str, (archive / "seg").glob("*.jsonl")))
    explain = [sys.executable, "-m", "forensics", "explain", str(archive)]
    jq = shutil.which("jq")
    ours, theirs, peak_mb = [], [], 0.0
    for _ in range(BIG_ROUNDS):
        took_s, used_mb = measured(explain)
        ours.append(took_s)
        peak_mb = max(peak_mb, used_mb)
        if jq is not None:
            theirs.append(measured([jq, "-c", ".type", *segments])[0])
    what = f"forensics explain on {many_stacks.RECORDS:,} records of {many_stacks.STACKS} stacks"
    memory = at_most(f"{what}: memory", peak_mb, EXPLAIN_TARGET_MB, "MB")
    if not theirs:
        print(
            f"jq is not installed: no comparison for explain, which took {min(ours):.1f} s", file=sys.stderr
        )
        return [memory]
    against = f"{what} ({min(ours):.1f} s), against jq -c .type ({min(theirs):.1f} s)"
    return [memory, at_most(against, min(ours) / min(theirs), 1, "x")]


def measured(command: list[str]) -> tuple[float, float]:
    """Return how long a command takes, in seconds, and the most memory it has at once, in MB."""
    began_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began_s
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return took_s, usage.ru_maxrss / 1024


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
