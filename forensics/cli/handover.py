"""Credentials handed to a running recorder over a socket in its archive: what is said, and by whom."""

import contextlib
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from forensics.archive.place import SOCKET
from forensics.aws.pushed import Keys
from forensics.errors import ArchiveError, ArchiveMissing

PUSH = "forensics credentials push"
"""The command that hands credentials to a recorder at work."""
MOST_BYTES = 64 << 10
"""The longest message taken."""
ANSWER_S = 120.0
"""Seconds that a recorder may take to try the credentials at AWS, target by target."""
_LONGEST_PATH = 107
"""Bytes that the path of a Unix socket may have: 108 with the zero at its end."""
_UCRED = struct.Struct("3i")

T = TypeVar("T")


class Handover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of the recorder."""

    keys: Keys
    version: Literal[1] = 1

    def __repr__(self) -> str:
        return "Handover(…)"


class Taken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one target did with the credentials."""

    target: str
    account: str = ""
    """The account that they are of; "" where they were not taken."""
    error: str = ""
    """Why they were not taken; "" where they were."""
    hint: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the recorder answers."""

    taken: tuple[Taken, ...] = ()
    error: str = ""
    """Why nothing was tried; "" where it was."""


def peer_uid(line: socket.socket) -> int:
    """Return the user at the other end, as the kernel says.

    Raises:
        OSError: The system does not tell.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise OSError("this system does not tell who is at the other end of a socket")
    _, uid, _ = _UCRED.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def hand_over(archive: Path, keys: Keys, *, peer: Callable[[socket.socket], int] = peer_uid) -> Answer:
    """Give credentials to the recorder of an archive; return what it did with them.

    Args:
        archive: The archive that it writes.
        keys: The credentials.
        peer: Tells which user is at the other end.

    Raises:
        ArchiveMissing: There is no such directory.
        ArchiveError: Nobody records into it, it is another user's, or who listens there is somebody else.
    """
    try:
        is_there = archive.is_dir()
    except OSError as error:
        raise _not_ours(archive, error) from error
    if not is_there:
        raise ArchiveMissing(f"{archive}: no such directory", hint="name the recorder's with --archive")
    try:
        return _handed(archive, keys, peer)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise ArchiveError(
            f"{archive}: nobody records into it now, so nobody takes credentials",
            hint="name the recorder's archive with --archive",
        ) from error
    except PermissionError as error:
        raise _not_ours(archive, error) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise ArchiveError(f"{archive}: the recorder did not answer: {error}") from error


def _handed(archive: Path, keys: Keys, peer: Callable[[socket.socket], int]) -> Answer:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, address(archive) as path:
        line.settimeout(ANSWER_S)
        line.connect(path)
        if peer(line) not in {os.geteuid(), archive.stat().st_uid}:
            raise ArchiveError(f"{archive}: who listens there is not the owner of the archive")
        # Whoever refuses us answers and hangs up at once: the answer is there to be read all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(msgspec.json.encode(Handover(keys=keys)) + b"\n")
        return decoded(read_line(line), Answer)


def _not_ours(archive: Path, error: OSError) -> ArchiveError:
    return ArchiveError(
        f"{archive}: cannot be looked at: {error.strerror}", hint="run this as the user who records into it"
    )


@contextlib.contextmanager
def address(archive: Path) -> Iterator[str]:
    """Yield a path of the archive's socket that is short enough for the system.

    Raises:
        OSError: The directory cannot be opened.
    """
    whole = archive / SOCKET
    if len(os.fsencode(whole)) <= _LONGEST_PATH:
        yield str(whole)
        return
    folder = os.open(archive, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


def read_line(line: socket.socket) -> bytes:
    """Return what comes up to a line's end, or to the end.

    Raises:
        OSError: It is too long, or does not come in time.
    """
    got = b""
    while not got.endswith(b"\n"):
        piece = line.recv(MOST_BYTES)
        got += piece
        if len(got) > MOST_BYTES:
            raise OSError(f"the message is longer than {MOST_BYTES} bytes")
        if not piece:
            break
    return got


def decoded(message: bytes, shape: type[T]) -> T:
    """Return a message as what it must be, nothing more and nothing less in it.

    Raises:
        msgspec.MsgspecError: It is something else.
    """
    return msgspec.json.decode(message, type=shape, strict=True)
