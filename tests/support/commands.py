"""The command line as a user runs it: a real process, in an environment that the test owns."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORENSICS = (sys.executable, "-m", "forensics")
REPOSITORY = Path(__file__).parents[2]
LIMIT_S = 90


def environment(home: Path, url: str | None = None, **more: str) -> dict[str, str]:
    """Return an environment in which AWS means `url` and no build server asks.

    A variable set to "" is left out.

    Args:
        home: Where ~/.aws would be; nothing there unless the test writes it.
        url: The endpoint; None means that calls would go to AWS.
        more: Further variables.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FORENSICS_", "GITHUB_"))}
    ours = {
        "HOME": str(home),
        "PYTHONPATH": str(REPOSITORY),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url or "",
    }
    return {name: value for name, value in {**kept, **ours, **more}.items() if value}


def forensics(
    *args: str | Path, cwd: Path, url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, in a directory that is its home too."""
    return subprocess.run(
        [*FORENSICS, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=cwd,
        env=environment(cwd, url, **more),
    )


@contextmanager
def started(
    *args: str | Path, cwd: Path, url: str | None = None, popen: dict[str, Any] | None = None, **more: str
) -> Iterator["subprocess.Popen[str]"]:
    """Run the command line beside the test; what still runs at the block's end is killed."""
    process = subprocess.Popen(
        [*FORENSICS, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(cwd, url, **more),
        **(popen or {}),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
