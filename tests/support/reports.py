"""HTML reports about facts, made as the command makes them."""

from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner

from forensics.archive.writer import Writer
from forensics.cli.report import report
from forensics.model.record import Fact
from tests.support.clock import ManualClock


def archive_of(facts: Sequence[Fact], folder: Path) -> Path:
    """Write facts to an archive in a folder; return where it is."""
    writer = Writer.open(folder / "archive", clock=ManualClock(), run="0123456789abcdef", tool="test")
    for first in range(0, len(facts), 100):
        writer.append(list(facts[first : first + 100]))
    writer.close()
    return folder / "archive"


def report_of(facts: Sequence[Fact], folder: Path) -> Path:
    """Write facts to an archive in a folder, and the report beside it; return where the report is."""
    page = folder / "report.html"
    arguments = [str(archive_of(facts, folder)), "-O", str(page)]
    CliRunner().invoke(report, arguments, catch_exceptions=False, standalone_mode=False)
    return page
