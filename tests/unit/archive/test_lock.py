"""One writer; any number of readers, who lock nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.errors import ArchiveInUse
from forensics.model.clock import SystemClock
from tests.support.archives import event, open_writer


def writing_process(path: Path) -> subprocess.Popen[bytes]:
    """Return a process that has the archive open."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.archive_writer", str(path), "other"], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"open\n"
    return child


def test_a_second_writer_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """A person wants to know which process to stop."""
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    with pytest.raises(ArchiveInUse, match=f"process {os.getpid()} on ") as refused:
        open_writer(tmp_path / "a")
    assert refused.value.exit_code == 4
    assert refused.value.hint
    writer.append([event(2)])
    writer.close()
    open_writer(tmp_path / "a").close()


def test_the_lock_file_names_the_holder(tmp_path: Path) -> None:
    """Also for tools that know nothing of us."""
    writer = open_writer(tmp_path / "a")
    holder = json.loads((tmp_path / "a/LOCK").read_text())
    assert holder["pid"] == os.getpid()
    assert holder["started"] == "2026-01-15T12:00:00.000Z"
    writer.close()


def test_readers_see_who_writes(tmp_path: Path) -> None:
    """`status` says whether the recorder is alive."""
    writer = open_writer(tmp_path / "a")
    archive = Archive.open(tmp_path / "a")
    assert archive.holder() == os.getpid()
    writer.close()
    assert archive.holder() is None


def test_a_readers_question_never_keeps_a_writer_out(tmp_path: Path) -> None:
    """Asking takes the lock for an instant; a writer that starts then waits for that instant."""
    open_writer(tmp_path / "a").close()
    asking = "import sys; from pathlib import Path; from forensics.archive.reader import Archive\n"
    asking += "a = Archive.open(Path(sys.argv[1])); print('ready', flush=True)\nwhile True: a.holder()"
    process = subprocess.Popen([sys.executable, "-c", asking, str(tmp_path / "a")], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(20):
            Writer.open(tmp_path / "a", clock=SystemClock(), run="r", tool="t").close()
    finally:
        process.kill()
        process.communicate()


def test_a_killed_writers_lock_is_free(tmp_path: Path) -> None:
    """The LOCK file still names it, but nothing holds it."""
    child = writing_process(tmp_path / "a")
    assert Archive.open(tmp_path / "a").holder() == child.pid
    child.kill()
    child.communicate()
    assert str(child.pid) in (tmp_path / "a/LOCK").read_text()
    assert Archive.open(tmp_path / "a").holder() is None
    open_writer(tmp_path / "a").close()


ORPHANS = """
import os, subprocess, sys
from pathlib import Path
from tests.support.archives import open_writer
writer = open_writer(Path(sys.argv[1]))
started = subprocess.Popen([sys.executable, "-c", "input()"], close_fds=False)
ready = os.pipe()
if os.fork() == 0:
    os.write(ready[1], b"x")
    os.read(0, 1)
    os._exit(0)
os.read(ready[0], 1)
print("ready", flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    """`forensics run` starts commands that may outlive it, by exec as by fork."""
    killed = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tmp_path / "a")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"ready\n"
    killed.wait()
    try:
        assert Archive.open(tmp_path / "a").holder() is None
    finally:
        killed.communicate()


def test_of_many_writers_that_start_at_once_one_wins(tmp_path: Path) -> None:
    """Also on an archive that does not exist yet."""
    starting = "import sys; from pathlib import Path; from tests.support.archives import *\n"
    starting += "try: writer = open_writer(Path(sys.argv[1]))\n"
    starting += "except Exception as error: sys.exit(error.exit_code)\n"
    starting += "writer.append([event(1)]); sys.stdin.read()"
    command = [sys.executable, "-c", starting, str(tmp_path / "a")]
    racing = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(6)]
    losers: list[int] = []
    while len(losers) < 5:
        losers = [code for process in racing if (code := process.poll()) is not None]
        os.sched_yield()
    assert losers == [4] * 5
    [winner] = [process for process in racing if process.poll() is None]
    assert Archive.open(tmp_path / "a").holder() == winner.pid
    winner.communicate()
    assert [record.id for record in Archive.open(tmp_path / "a").records()] == ["1"]
    for process in racing:
        process.communicate()
