"""`forensics watch` as a person or a service manager runs it."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from tests.flow.shop import API, ENDED, RUNNING, SHOP, event_ids, played, quick, records
from tests.support.commands import FORENSICS, environment, forensics, started
from tests.support.terminal import Terminal, set_size

SOUND = ("intact", "intact with recorded gaps")
ALL_EVENTS = sorted(fact.id for fact in SHOP.facts())
NO_CONTROL = re.compile(r"[^\n\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027]")


def wait_for(process: "subprocess.Popen[str]", text: str) -> str:
    """Read stdout up to the line that holds the text; return all of it."""
    assert process.stdout is not None
    seen = ""
    while text not in seen:
        line = process.stdout.readline()
        assert line, f"ended without {text!r}: {seen} {process.stderr.read() if process.stderr else ''}"
        seen += line
    return seen


def to_the_end(tmp_path: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """Record the shop from the middle of its operation until all is at rest."""
    with played(RUNNING) as (player, clock), started(
        "watch", "--stack", "shop", "--until", "done", "--settings", quick(tmp_path), *flags,
        cwd=tmp_path, url=player.url,
    ) as process:  # fmt: skip
        stdout = wait_for(process, "CREATE_FAILED")
        clock.advance(ENDED)
        rest, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout + rest, stderr)


def test_pointing_at_a_stack_records_all_that_it_leads_to(tmp_path: Path) -> None:
    """Its events, its service with deployment and events, its stopped task: nobody named them."""
    ended = to_the_end(tmp_path)
    archive = tmp_path / "forensics-archive"
    assert ended.returncode == 0, ended.stderr
    assert sorted(event_ids(archive)) == ALL_EVENTS
    assert {record.source for record in records(archive, "aws.ecs.service_event")} == {API.arn}
    assert [r.payload()["containers"][0]["exitCode"] for r in records(archive, "aws.ecs.task")] == [1]


def test_each_notable_thing_is_a_line_and_the_head_digest_ends_them(tmp_path: Path) -> None:
    """The digest in a pipeline's own log is what `verify --expect` checks the archive against."""
    ended = to_the_end(tmp_path, "--archive", "kept")
    *lines, _recorded, head, archive = ended.stdout.splitlines()
    assert any("ROLLBACK_COMPLETE" in line and "  error  " in line for line in lines)
    assert any("task_stopped" in line or "exit" in line for line in lines)
    assert archive == "archive kept"
    assert verify(tmp_path / "kept", expect=head.removeprefix("head ")).verdict in SOUND


def test_on_github_each_head_is_a_notice_with_the_words_of_other_logs(tmp_path: Path) -> None:
    """Annotations outlive the log's lines in a person's attention, and no job can take them back."""
    flags = ("watch", "--stack", "shop", "--max-duration", "1s")
    settings = quick(tmp_path, "[archive]\nsegment_bytes = 4096\n")
    with played() as (player, _):
        elsewhere, on_github = (
            forensics(
                *flags, "--settings", settings, "--archive", name, cwd=tmp_path, url=player.url,
                GITHUB_ACTIONS=variable,
            ).stdout.splitlines()
            for name, variable in (("a", ""), ("b", "true"))
        )  # fmt: skip
    notice = "::notice title=forensics head::"
    assert not any(line.startswith("::") for line in elsewhere)
    heads = [line for line in on_github if "head " in line]
    assert all(line.startswith(notice) for line in heads[:9])
    assert any(line.endswith("(segment 1 sealed)") for line in heads)
    assert heads[-1] == on_github[-2] != heads[0]
    assert on_github[-1] == "archive b"
    said = [line.removeprefix(notice).split()[1] for line in heads]
    assert all(verify(tmp_path / "b", expect=head).verdict in SOUND for head in said)
    assert re.fullmatch(r"head \w{64} \(before this recording\)", elsewhere[0])
    assert re.fullmatch(r"head \w{64}", elsewhere[-2])


def test_hostile_text_is_inert_in_every_line(tmp_path: Path) -> None:
    """Whoever writes a container's exit reason must not drive the terminal of whoever reads it."""
    ended = to_the_end(tmp_path)
    assert "\\x1b[2J" in ended.stdout
    assert "\\u202e" in ended.stdout
    for text in (ended.stdout, ended.stderr):
        assert NO_CONTROL.findall(text) == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_signal_ends_the_recording_in_order(signum: signal.Signals, tmp_path: Path) -> None:
    with (
        played(RUNNING) as (player, _),
        started(
            "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
        ) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        process.send_signal(signum)
        stdout, stderr = process.communicate(timeout=25)
    assert process.returncode == 0, stderr
    archive = tmp_path / "forensics-archive"
    verdict = verify(archive, expect=re.findall(r"^head (\w+)$", stdout, re.M)[0])
    assert verdict.verdict in SOUND
    assert list((archive / "seg").glob("*.seal.json")), "the last segment is sealed"
    assert records(archive)[-1].payload()["phase"] == "ended"


def test_a_last_poll_fetches_what_came_since(tmp_path: Path) -> None:
    """The event that ends a deployment often comes in the moment in which somebody stops the recorder."""
    more = "[archive]\ndirectory = 'kept'\n"
    with (
        played(RUNNING) as (player, clock),
        started(
            "watch", "--stack", "shop", "--settings", quick(tmp_path, more), cwd=tmp_path, url=player.url
        ) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        player.faults.hang("cloudformation:ListStacks", times=1)
        clock.advance(ENDED)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=25)
    assert sorted(event_ids(tmp_path / "kept")) == ALL_EVENTS


def test_an_endpoint_that_never_answers_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A container platform kills after 30 seconds; the seal must be written by then."""
    with (
        played(RUNNING) as (player, _),
        started(
            "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
        ) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        player.faults.hang("*", times=None)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=25)
    assert process.returncode == 0, stderr
    assert "head " in stdout
    assert verify(tmp_path / "forensics-archive").verdict in SOUND


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Even while a last poll waits for an answer that never comes."""
    with (
        played(RUNNING) as (player, _),
        started("watch", "--stack", "shop", cwd=tmp_path, url=player.url) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        player.faults.hang("*", times=None)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        while "stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=8)
    assert process.returncode == 143
    assert verify(tmp_path / "forensics-archive").verdict in SOUND


def test_an_archive_is_continued_without_a_fact_twice(tmp_path: Path) -> None:
    settings = quick(tmp_path)
    with played(RUNNING) as (player, clock):
        for _ in range(2):
            ended = forensics(
                "watch", "--stack", "shop", "--max-duration", "2s", "--settings", settings,
                cwd=tmp_path, url=player.url,
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr
            clock.advance(ENDED)
    assert sorted(event_ids(tmp_path / "forensics-archive")) == ALL_EVENTS


def test_a_stack_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    with (
        played(-5) as (player, clock),
        started(
            "watch", "--stack", "shop", "--settings", quick(tmp_path), cwd=tmp_path, url=player.url
        ) as process,
    ):
        wait_for(process, "records as")
        clock.advance(RUNNING)
        wait_for(process, "CREATE_FAILED")


def test_the_on_event_command_is_told_of_the_rollback_and_the_end(tmp_path: Path) -> None:
    to_the_end(tmp_path, "--on-event", "sh -c 'cat >> told'")
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    kinds = [notice["kind"] for notice in told]
    assert kinds.index("rollback_started") < kinds.index("stack_ended")
    by_seq = {record.seq: record for record in records(tmp_path / "forensics-archive")}
    assert all(by_seq[notice["seq"]].source == notice["source"] for notice in told)


def test_an_on_event_command_that_hangs_delays_nothing(tmp_path: Path) -> None:
    ended = to_the_end(tmp_path, "--on-event", "sleep 600")
    assert ended.returncode == 0
    assert sorted(event_ids(tmp_path / "forensics-archive")) == ALL_EVENTS


TWO = '[[targets]]\nname = "both"\nstacks = ["shop", "other"]\n'
ONE = '[[targets]]\nname = "both"\nstacks = ["shop"]\n'


def test_a_hangup_takes_new_settings_without_reading_anything_twice(tmp_path: Path) -> None:
    settings = quick(tmp_path, '[[targets]]\nname = "all"\nstacks = ["nothing-yet"]\n')
    with (
        played(RUNNING) as (player, _),
        started("watch", "--settings", settings, cwd=tmp_path, url=player.url) as process,
    ):
        wait_for(process, "records as")
        quick(tmp_path, '[[targets]]\nname = "all"\nstacks = ["nothing-yet", "shop"]\n')
        process.send_signal(signal.SIGHUP)
        wait_for(process, "CREATE_FAILED")
        process.terminate()
        process.communicate(timeout=25)
    ids = event_ids(tmp_path / "forensics-archive")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("[capture]\nworkers = 'many'\n", "capture.workers"),
        ("[[targets]]\nname = \n", "not TOML"),
        ("[archive]\ndirectory = 'elsewhere'\n" + ONE, "the archive cannot change"),
        ("", "nothing to watch"),
    ],
    ids=["wrong type", "bad TOML", "another archive", "nothing to watch"],
)
def test_a_hangup_with_wrong_settings_keeps_the_old_ones(broken: str, reason: str, tmp_path: Path) -> None:
    """A typo in a file must not end a recording that somebody relies on."""
    settings = quick(tmp_path, ONE)
    with (
        played(RUNNING) as (player, clock),
        started("watch", "--settings", settings, cwd=tmp_path, url=player.url) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        settings.write_text(broken)
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        while "not reloaded" not in (line := process.stderr.readline()):
            assert line
        assert reason in line
        clock.advance(ENDED)
        wait_for(process, "ROLLBACK_COMPLETE")


def test_a_hangup_without_a_settings_file_ends_the_recording_in_order(tmp_path: Path) -> None:
    """A terminal that closes must not leave a recorder behind that nobody sees."""
    with (
        played(RUNNING) as (player, _),
        started("watch", "--stack", "shop", cwd=tmp_path, url=player.url) as process,
    ):
        wait_for(process, "CREATE_FAILED")
        process.send_signal(signal.SIGHUP)
        stdout, _ = process.communicate(timeout=25)
    assert process.returncode == 0
    assert "head " in stdout


def test_a_reader_that_leaves_does_not_stop_the_recording(tmp_path: Path) -> None:
    with played(RUNNING) as (player, clock), started(
        "watch", "--stack", "shop", "--until", "done", "--settings", quick(tmp_path),
        cwd=tmp_path, url=player.url,
    ) as process:  # fmt: skip
        wait_for(process, "CREATE_FAILED")
        assert process.stdout is not None
        process.stdout.close()
        clock.advance(ENDED)
        assert process.wait(timeout=60) == 0
    assert sorted(event_ids(tmp_path / "forensics-archive")) == ALL_EVENTS


def test_what_iam_refuses_is_said_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    with played() as (player, _):
        player.faults.fail("ecs:ListTasks", error="AccessDenied", times=None)
        ended = forensics(
            "watch", "--stack", "shop", "--max-duration", "6s", "--settings", quick(tmp_path),
            cwd=tmp_path, url=player.url,
        )  # fmt: skip
    refusals = records(tmp_path / "forensics-archive", "forensics.refusal")
    assert [refusal.payload()["action"] for refusal in refusals] == ["ecs:ListTasks"]
    assert sum("ecs:ListTasks" in line and "refus" in line for line in ended.stdout.splitlines()) == 1
    assert sorted(event_ids(tmp_path / "forensics-archive")) == ALL_EVENTS
    assert records(tmp_path / "forensics-archive", "aws.ecs.service_event")


def test_two_targets_are_recorded_into_one_archive(tmp_path: Path) -> None:
    """Several accounts or regions are several targets of the settings file."""
    more = """
    [[targets]]
    name = "stacks"
    stacks = ["shop"]
    [[targets]]
    name = "services"
    services = ["main/a*"]
    """
    with played() as (player, _):
        ended = forensics(
            "watch", "--max-duration", "3s", "--settings", quick(tmp_path, more), cwd=tmp_path, url=player.url
        )
    assert ended.returncode == 0, ended.stderr
    state = Archive.open(tmp_path / "forensics-archive").state()
    assert {name.split()[0] for name in state.streams} >= {"stack_events", "services", "stopped_tasks"}


def test_the_json_log_is_one_object_a_line_and_holds_no_secret(tmp_path: Path) -> None:
    with played() as (player, _):
        ended = forensics(
            "watch", "--stack", "shop", "--max-duration", "1s",
            "--log-format", "json", "--log-level", "debug",
            cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert all("event" in json.loads(line) for line in ended.stderr.splitlines())
    assert "wJalrXUtnFEMI" not in ended.stderr + ended.stdout
    assert not any(
        "wJalrXUtnFEMI" in p.read_text() for p in (tmp_path / "forensics-archive").rglob("*.json*")
    )


def _on_a_terminal(tmp_path: Path, url: str, *flags: str) -> tuple[int, int]:
    """Start `watch` on a pseudo-terminal; return its process id and our end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        own = environment(tmp_path, url, TERM="xterm", COLUMNS="100", LINES="40")
        given = ["watch", "--stack", "shop", "--settings", str(quick(tmp_path)), *flags]
        os.execve(FORENSICS[0], [*FORENSICS, *given], own)
    return pid, terminal


def test_on_a_terminal_a_live_view_is_drawn_and_the_terminal_given_back(tmp_path: Path) -> None:
    with played(RUNNING) as (player, clock):
        pid, terminal = _on_a_terminal(tmp_path, player.url, "--until", "done")
        seen = b""
        while b"1 failed" not in seen:
            seen += os.read(terminal, 65536)
        clock.advance(ENDED)
        with contextlib.suppress(OSError):
            while piece := os.read(terminal, 65536):
                seen += piece
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert seen.count(b"\x1b[?25l") == seen.count(b"\x1b[?25h") == 1, "the cursor is there again"
    assert re.search(rb"head [0-9a-f]{64}\r\narchive ", seen)
    assert b"\x1b[2J" not in seen, "the words of a container do not drive the terminal"


SIZES = [(120, 30), (40, 30), (60, 10), (120, 30)]


def test_the_live_view_follows_the_size_of_the_terminal(tmp_path: Path) -> None:
    """A narrower terminal breaks what stands on it into more rows; none of the old view may stay."""
    with played(RUNNING) as (player, _):
        pid, terminal = _on_a_terminal(tmp_path, player.url, "--log-level", "error")
        screen = Terminal(120, 30)
        screen.feed(b"$ forensics watch\r\n")
        for width, height in SIZES:
            set_size(terminal, width, height)
            screen.resize(width, height)
            said, drawings = "1 failed" if height > 10 else "shop", 0
            while drawings < 2 or said not in "\n".join(screen.screen):
                piece = os.read(terminal, 65536)
                drawings += piece.count(b"\r\x1b[2K")
                screen.feed(piece)
            head, *rows = [row for row in screen.screen if row != "$ forensics watch"]
            assert head.startswith("forensics ")
            assert not any(row.startswith("forensics ") for row in rows)
            assert len(set(rows)) == len(rows)
        os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(pid, 0)
