"""What a recording comes down to, said at its end."""

from pathlib import Path
from typing import TextIO

from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.report.brief import brief
from forensics.report.ink import ink_for

_MOST_BYTES = 64 * 1024 * 1024
"""Explaining more takes longer than the end of a job should."""


def afterword(archive: Path, stream: TextIO) -> list[str]:
    """Return the lines that explain an archive in short.

    Args:
        archive: Its directory; nobody writes to it any more.
        stream: Where the lines go, for their width and colour.

    Raises:
        ArchiveError: It cannot be read.
    """
    opened = Archive.open(archive)
    size = sum(file.stat().st_size for file in (archive / "seg").iterdir())
    if size > _MOST_BYTES:
        return ["the archive is large: `forensics explain` says what failed first, and why"]
    return list(brief(diagnose(opened.records()), ink_for(stream)))
