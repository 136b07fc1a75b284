"""Credentials handed over a socket: by whom, in what shape, along which path."""

import json
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.archive.place import SOCKET
from forensics.aws.pushed import Keys
from forensics.cli import handover
from forensics.cli.handover import Taken, hand_over
from forensics.cli.listener import Listener
from forensics.errors import ArchiveError, ArchiveMissing

KEYS = Keys(
    access_key_id="AKID", secret_access_key="s3cret", session_token="t0ken",
    expires_at=datetime(2026, 1, 15, 13, tzinfo=UTC),
)  # fmt: skip


@contextmanager
def listening(
    archive: Path,
    take: Callable[[Keys], list[Taken]] = lambda _keys: [Taken(target="main", account="1")],
    **how: Any,
) -> Iterator[Path]:
    opened = Listener(archive, take, **how)
    opened.open()
    try:
        yield archive / SOCKET
    finally:
        opened.close()


def stranger(_line: socket.socket) -> int:
    return os.geteuid() + 4242


def raw(archive: Path, message: bytes) -> str:
    """Send bytes of any kind; return what comes back."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(archive / SOCKET))
        line.sendall(message)
        line.shutdown(socket.SHUT_WR)
        return handover.read_line(line).decode()


def test_keys_arrive_as_they_were_given(tmp_path: Path) -> None:
    got: list[Keys] = []
    with listening(tmp_path, lambda keys: [got.append(keys) or Taken(target="main", account="1")]):
        answer = hand_over(tmp_path, KEYS)
    assert got == [KEYS]
    assert answer.taken == (Taken(target="main", account="1"),)


def test_only_the_owner_may_open_the_socket_and_it_is_gone_afterwards(tmp_path: Path) -> None:
    with listening(tmp_path) as path:
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()


def test_a_socket_of_a_recorder_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET))
    with listening(tmp_path):
        assert hand_over(tmp_path, KEYS).taken


def test_the_socket_of_the_next_recorder_stays(tmp_path: Path) -> None:
    """The archive's lock is released a moment before the socket is removed."""
    first, second = (Listener(tmp_path, lambda _keys: []) for _ in range(2))
    first.open()
    second.open()
    first.close()
    assert (tmp_path / SOCKET).exists()
    second.close()
    assert not (tmp_path / SOCKET).exists()


def test_an_archive_with_a_long_path_has_one_too(tmp_path: Path) -> None:
    """A socket's path may have 107 bytes; directories of a build are longer."""
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    with listening(deep) as path:
        assert len(str(path)) > 180
        assert hand_over(deep, KEYS).taken
    assert not path.exists()


def test_another_user_is_refused(tmp_path: Path) -> None:
    """The mode of the directory keeps them out; this is the second lock on the same door."""
    taken: list[Keys] = []
    with listening(tmp_path, lambda keys: [taken.append(keys)], peer=stranger):
        answer = hand_over(tmp_path, KEYS)
    assert "may not hand credentials" in answer.error
    assert taken == []


def test_a_refusal_is_read_though_the_recorder_has_hung_up_before_the_keys_were_sent(tmp_path: Path) -> None:
    """A stranger is answered before anything is read of them: what they then send meets a closed line."""

    def after_it_hung_up(line: socket.socket) -> int:
        asked = select.poll()
        asked.register(line, select.POLLHUP)
        assert asked.poll(10_000)
        return os.geteuid()

    with listening(tmp_path, peer=stranger):
        answer = hand_over(tmp_path, KEYS, peer=after_it_hung_up)
    assert "may not hand credentials" in answer.error


def test_keys_are_not_given_to_a_stranger_who_listens(tmp_path: Path) -> None:
    taken: list[Keys] = []
    with listening(tmp_path, lambda keys: [taken.append(keys)]), pytest.raises(ArchiveError, match="owner"):
        hand_over(tmp_path, KEYS, peer=stranger)
    assert taken == []


def test_the_kernel_tells_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert handover.peer_uid(one) == os.geteuid()


def test_a_directory_that_may_not_be_looked_at_names_who_may_push(tmp_path: Path) -> None:
    """Another user's archive lies in a private directory; root sees everything, but no name this long."""
    with pytest.raises(ArchiveError, match="cannot be looked at") as caught:
        hand_over(tmp_path / ("a" * 300), KEYS)
    assert "as the user who records" in str(caught.value.hint)


def test_nobody_there_is_said_with_the_archives_name(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nobody records into it"):
        hand_over(tmp_path, KEYS)
    with pytest.raises(ArchiveMissing, match="absent"):
        hand_over(tmp_path / "absent", KEYS)


GOOD = {"version": 1, "keys": {"access_key_id": "AKID", "secret_access_key": "s3cret"}}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b"{}\n",
        b"null\n",
        b"\xff\xfe\n",
        json.dumps({**GOOD, "more": 1}).encode(),
        json.dumps({**GOOD, "version": "1"}).encode(),
        json.dumps({**GOOD, "version": 2}).encode(),
        json.dumps({"keys": {"access_key_id": "AKID", "secret_access_key": 7}}).encode(),
        json.dumps({"keys": {**GOOD["keys"], "expires_at": "2026-01-15T12:00:00"}}).encode(),
        b'{"keys": "' + b"x" * 70_000 + b'"}\n',
    ],
    ids=["empty", "line", "object", "null", "bytes", "more", "text", "newer", "number", "naive", "long"],
)  # fmt: skip
def test_a_message_of_another_shape_is_refused_and_the_next_one_is_heard(
    tmp_path: Path, message: bytes
) -> None:
    with listening(tmp_path):
        answer = raw(tmp_path, message)
        assert "no handover of credentials" in answer
        assert "s3cret" not in answer
        assert hand_over(tmp_path, KEYS).taken


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.binary(max_size=300))
def test_any_bytes_are_survived(tmp_path: Path, message: bytes) -> None:
    taken: list[Keys] = []
    with listening(tmp_path, lambda keys: [taken.append(keys)]):
        raw(tmp_path, message)
    assert taken == []


def test_whoever_connects_and_says_nothing_keeps_nobody_out(tmp_path: Path) -> None:
    with listening(tmp_path, message_s=0.05), socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(tmp_path / SOCKET))
        assert hand_over(tmp_path, KEYS).taken


def test_a_directory_that_knows_no_sockets_does_not_keep_the_recording_from_starting(tmp_path: Path) -> None:
    """Such as one on a network file system."""
    gone = Listener(tmp_path / "absent", lambda _keys: [])
    gone.open()
    gone.close()


def test_keys_and_messages_show_nothing_of_themselves() -> None:
    """An error or a debugger prints values."""
    shown = f"{KEYS!r} {handover.Handover(keys=KEYS)!r} {KEYS}"
    assert "s3cret" not in shown
    assert "t0ken" not in shown


def test_no_thread_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with listening(tmp_path):
        hand_over(tmp_path, KEYS)
    assert threading.active_count() == before
