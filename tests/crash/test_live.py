"""Reading and checking an archive while another process writes it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.archive.verify import verify

CHECKS = 60
ACKNOWLEDGED = 100
"""So many keys must have become durable meanwhile, or the checks have seen nothing change."""


def test_verify_is_content_while_a_writer_writes(tmp_path: Path) -> None:
    """Segments fill, close and begin during the check; what is durable never looks damaged."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.archive_writer", str(tmp_path / "a"), "live"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        acknowledged = 0
        seen = 0
        checks = 0
        # As long as it takes: on a busy machine the writer may get little time beside the checks.
        while checks < CHECKS or acknowledged <= ACKNOWLEDGED:
            checks += 1
            while select.select([child.stdout], [], [], 0)[0]:
                said = os.read(child.stdout.fileno(), 1 << 16)
                assert said, "the writer has ended"
                acknowledged += len(said.split())
            verdict = verify(tmp_path / "a")
            assert verdict.is_sound, verdict.problems
            archive = Archive.open(tmp_path / "a")
            count = sum(1 for _ in archive.records())
            assert archive.damages == []
            assert seen <= verdict.records <= count
            seen = count
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
