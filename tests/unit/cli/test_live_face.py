"""The live view of a recording that goes on."""

import io
from pathlib import Path

from forensics.archive.writer import Writer
from forensics.capture.status import Snapshot
from forensics.cli.live_face import LiveFace, newest_records
from forensics.demo.incident import STACK_NAME, facts
from tests.support.clock import NOON, ManualClock

NOW = Snapshot(
    at=NOON, started_at=NOON, sites=(), streams=(), waiting_for=(), records=0, polls=0, calls=0,
    archive_trouble=None, buffered=0,
)  # fmt: skip


def test_it_begins_with_what_the_archive_holds_already(tmp_path: Path) -> None:
    """After a restart in the middle of a deployment nothing may have happened yet, and much is known."""
    writer = Writer.open(tmp_path / "a", clock=ManualClock(), run="r", tool="t")
    writer.append(facts())
    screen = io.StringIO()
    face = LiveFace(screen)
    face.show(newest_records(tmp_path / "a"))
    face.glance(NOW)
    face.close()
    writer.close()
    assert STACK_NAME in screen.getvalue()
    assert "court-case-backend" in screen.getvalue()


def test_an_archive_that_has_just_been_made_has_nothing_to_begin_with(tmp_path: Path) -> None:
    """The first recording opens its view on an empty archive."""
    with_nothing = Writer.open(tmp_path / "a", clock=ManualClock(), run="r", tool="t")
    assert newest_records(tmp_path / "a") == []
    with_nothing.close()
