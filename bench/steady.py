"""What watching a large account costs: calls in a steady minute, memory after an hour.

1,000 services in 10 clusters, 200 stacks of which 10 are in an operation; an hour of virtual time.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.table import Row, at_least, at_most
from forensics.model.clock import SystemClock
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.serve.player import Player

ROOT = Path(__file__).resolve().parents[1]
MINUTES = 60
# Jitter makes a delay up to a tenth shorter, so a minute may hold a ninth more polls.
JITTER = 1 / 0.9


def rows() -> list[Row]:
    """Measure, and return the rows of the table."""
    figures = _watch()
    counts = figures["counts"]
    expected = {"services": 1000, "stopped_tasks": 10, "stack_events": 200, "stacks": 1}
    if figures["streams"] != expected:
        raise RuntimeError(f"the watch has other streams than meant: {figures['streams']}")

    def a_minute(name: str) -> float:
        return counts.get(name, 0) / MINUTES

    per_call = counts["services asked"] / counts["ecs:DescribeServices"]
    clusters = 10 * MINUTES / 5
    tasks = counts.get("tasks asked", 0)
    total = sum(count for name, count in counts.items() if ":" in name) / MINUTES
    looks = 10 + 6
    target = (100 + 2 + 6 + 120) * JITTER + looks
    return [
        at_least("steady minute: services in one DescribeServices call", per_call, 9.9, "services"),
        at_most(
            "steady minute: DescribeServices calls for 1,000 services",
            a_minute("ecs:DescribeServices"),
            100 * JITTER,
            "calls",
        ),
        at_most(
            "steady minute: ListTasks calls for a cluster and poll",
            counts["ecs:ListTasks"] / clusters,
            JITTER,
            "calls",
        ),
        at_most("steady minute: tasks described, of 10 new in 10 minutes", tasks / MINUTES, 1.0, "tasks"),
        at_most(
            "steady minute: ListStacks pages for 200 stacks",
            a_minute("cloudformation:ListStacks"),
            6 * JITTER,
            "calls",
        ),
        at_most(
            "steady minute: calls for 190 idle stacks by themselves",
            a_minute("idle stacks asked"),
            0,
            "calls",
        ),
        at_most("steady minute: calls in all", total, target, "calls"),
        at_most("resident memory after an hour, boto3 loaded", figures["rss_mb"], 150, "MB"),
        at_most("resident memory at its peak", figures["peak_mb"], 150, "MB"),
    ]


def _watch() -> Any:
    env = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "AKIABENCH",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (
        tempfile.TemporaryDirectory() as directory,
        Player(Endpoint(History.of([]), SystemClock())) as player,
    ):
        command = [sys.executable, "-m", "bench.steady_watch", player.url, f"{directory}/archive"]
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)
