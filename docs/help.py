"""Put the commands' own help into docs/reference/command-line.md; a test compares."""

import os
import re
import subprocess
import sys
from pathlib import Path

from forensics.cli.main import COMMANDS

PAGE = Path(__file__).parent / "reference/command-line.md"
COLUMNS = 100
_BLOCK = re.compile(r"(<!-- help of (?P<name>[a-z -]+) -->\n)```text\n.*?```\n", re.DOTALL)


def help_of(name: str) -> str:
    """Return what ``NAME --help`` prints in a terminal of 100 columns, for ``forensics`` or a command."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("FORENSICS_")}
    printed = subprocess.run(
        [sys.executable, "-m", *name.split(), "--help"],
        env={**plain, "COLUMNS": str(COLUMNS)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return printed.stdout.replace("python -m forensics", "forensics").rstrip("\n")


def in_step(page: str) -> str:
    """Return the page with each block of help as it is now."""
    return _BLOCK.sub(lambda found: f"{found[1]}```text\n{help_of(found['name'])}\n```\n", page)


def names() -> list[str]:
    """Return what there is help of."""
    return ["forensics", *(f"forensics {name}" for name in COMMANDS)]


if __name__ == "__main__":
    PAGE.write_text(in_step(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
