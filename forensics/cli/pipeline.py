"""What a build server tells the jobs that it runs: who asks, and where a summary goes."""

import re
from collections.abc import Mapping
from pathlib import Path

from forensics.errors import UsageError

SUMMARY_ROOM = 1_048_576
"""GitHub drops a step's summary that is larger, the whole of it."""
NOTICES = 10
"""GitHub shows so many notices of a step among the job's annotations; of the others only the log tells."""

_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\]+")


def is_github(environment: Mapping[str, str]) -> bool:
    """Return whether a step of GitHub Actions reads what this process prints."""
    return environment.get("GITHUB_ACTIONS") == "true"


def job_address(environment: Mapping[str, str]) -> str | None:
    """Return the address of the job that this process is part of; None where no build server says one."""
    server, repository, run = (
        environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    told = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    for name in ("CI_JOB_URL", "BUILD_URL", "CODEBUILD_PUBLIC_BUILD_URL"):
        told = told or environment.get(name, "")
    return told if _ADDRESS.fullmatch(told) else None


def summary_file(environment: Mapping[str, str]) -> tuple[Path, int] | None:
    """Return the file of this step's summary on GitHub and the bytes it has room for; None elsewhere."""
    name = environment.get("GITHUB_STEP_SUMMARY", "")
    if not name:
        return None
    path = Path(name)
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    return path, max(0, SUMMARY_ROOM - size)


def append_summary(path: Path, text: str) -> None:
    """Add a text to a step's summary.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.write(text)
    except OSError as error:
        raise UsageError(
            f"{path}: the step's summary cannot be written: {error.strerror}",
            hint="GITHUB_STEP_SUMMARY names it; -O FILE writes somewhere else",
        ) from error
