"""The recorder's end of the socket over which credentials are handed to it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from forensics.archive.place import SOCKET
from forensics.aws.pushed import Keys
from forensics.cli.handover import Answer, Handover, Taken, address, decoded, peer_uid, read_line
from forensics.telemetry import get_logger

log = get_logger("cli")

_JOIN_S = 1.0


class Listener:
    """Takes credentials for as long as it is open, from processes of our own user and of root.

    Args:
        archive: The archive's directory, which this process holds the lock of.
        take: Given the credentials, on the listener's own thread; returns what each target did with them.
        peer: Tells which user is at the other end.
        message_s: Seconds that each piece of a message may take.
    """

    def __init__(
        self,
        archive: Path,
        take: Callable[[Keys], Sequence[Taken]],
        *,
        peer: Callable[[socket.socket], int] = peer_uid,
        message_s: float = 5.0,
    ) -> None:
        self._archive = archive
        self._take = take
        self._peer = peer
        self._message_s = message_s
        self._socket: socket.socket | None = None
        self._made: tuple[int, int] | None = None
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="credentials", daemon=True)

    def open(self) -> None:
        """Listen; where that is not possible, say so and let the recording go on."""
        try:
            self._bind()
        except OSError as error:
            log.warning("credentials cannot be pushed", archive=str(self._archive), reason=str(error))
        else:
            self._thread.start()

    def close(self) -> None:
        """Listen no more, and remove the socket; a second call does nothing."""
        if self._socket is None:
            return
        self._is_closing.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(_JOIN_S)
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):
            # The archive's next writer may have put its own there.
            if self._identity() == self._made:
                (self._archive / SOCKET).unlink()

    def _bind(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._archive / SOCKET).unlink()  # of a process that was killed: we hold the archive's lock
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(self._archive) as path:
                listening.bind(path)
                Path(path).chmod(0o600)
            self._peer(listening)  # a system that does not tell is of no use
            listening.listen(4)
        except OSError:
            listening.close()
            raise
        self._socket, self._made = listening, self._identity()

    def _identity(self) -> tuple[int, int]:
        status = (self._archive / SOCKET).lstat()
        return status.st_dev, status.st_ino

    def _listen(self) -> None:
        listening = self._socket
        while listening is not None and not self._is_closing.is_set():
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                line.settimeout(self._message_s)
                line.sendall(msgspec.json.encode(self._answer(line)) + b"\n")

    def _answer(self, line: socket.socket) -> Answer:
        uid = self._peer(line)
        if uid not in {0, os.geteuid()}:
            log.warning("pushed credentials refused", uid=uid)
            return Answer(error=f"user {uid} may not hand credentials to this recorder")
        try:
            keys = decoded(read_line(line), Handover).keys
        except (OSError, msgspec.MsgspecError) as error:
            return Answer(error=f"the message is no handover of credentials: {error}")
        taken = tuple(self._take(keys))
        for one in taken:
            if one.error:
                log.warning("pushed credentials refused", target=one.target, reason=one.error)
            else:
                log.info("credentials pushed", target=one.target, account=one.account)
        return Answer(taken=taken)
