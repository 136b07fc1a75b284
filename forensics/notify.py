"""Tells a command of the user's what has happened, without ever delaying the recording."""

import contextlib
import os
import queue
import shlex
import signal
import subprocess
import tempfile
import threading
from collections import deque
from typing import IO

import msgspec

from forensics.errors import SettingsError
from forensics.model.clock import Clock
from forensics.model.inert import inert
from forensics.telemetry import get_logger

SCHEMA_VERSION = 1

ROLLBACK_STARTED = "rollback_started"
"""CloudFormation began to undo an operation."""
DEPLOYMENT_FAILED = "deployment_failed"
"""ECS gave a deployment up, by its circuit breaker or by a rollback."""
STACK_ENDED = "stack_ended"
"""An operation on a stack came to its end, good or bad."""
RECORDING_TROUBLE = "recording_trouble"
"""Something that is wanted is not being recorded at the moment, or has been missed."""
KINDS = (ROLLBACK_STARTED, DEPLOYMENT_FAILED, STACK_ENDED, RECORDING_TROUBLE)

_KILL_AFTER_S = 5.0
_TAIL_BYTES = 2000

log = get_logger("notify")


class NotifyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which command is told, of what, and how much of the machine it may take."""

    command: str = ""
    """The command, split as a shell splits words but run without a shell; "" tells nobody."""
    kinds: tuple[str, ...] = KINDS
    """What it is told of."""
    timeout_s: float = 30.0
    """Seconds a run may take; then it gets SIGTERM, and SIGKILL five seconds later."""
    per_minute: float = 10.0
    """Runs started in a minute, at most, after as many at once; more wait for their turn."""
    waiting: int = 100
    """Notices that may wait; more are dropped, counted and said with the next one."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What the command reads on its stdin, as one JSON object."""

    schema_version: int = SCHEMA_VERSION
    kind: str
    """One of KINDS."""
    severity: str
    """info, warning or error."""
    at: str
    """When it happened, RFC 3339."""
    text: str
    """One line for a person, AWS's own words whole; hostile text is not yet made inert."""
    source: str
    """ARN of the stack, service or cluster; "" where it concerns the recording itself."""
    subject: str = ""
    """What it is about within the source, such as a logical id or a deployment id."""
    archive: str
    """Path of the archive that holds the evidence."""
    seq: int = 0
    """The record's number there; 0 where no record stands behind it."""
    dropped: int = 0
    """Notices before this one that nobody was told, because there were too many."""


def split_command(command: str) -> list[str]:
    """Return the command's words.

    Raises:
        SettingsError: The command is empty, or a quote in it is not closed.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingsError(f"the on-event command {command!r} cannot be split: {error}") from error
    if not words:
        raise SettingsError("the on-event command is empty", hint="name a program that reads JSON on stdin")
    return words


class Notifier:
    """Runs the command for one notice after another, on a thread of its own.

    Args:
        options: Command and limits.
        clock: What the rate limit counts on.

    Raises:
        SettingsError: The command cannot be split into words.
    """

    def __init__(self, options: NotifyOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._words = split_command(options.command)
        self._waiting: queue.Queue[Notice | None] = queue.Queue(options.waiting)
        self._dropped = 0
        self._lock = threading.Lock()
        self._hurry = threading.Event()
        self._tokens = options.per_minute
        self._counted_at_s = clock.monotonic()
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
        self._thread.start()

    def tell(self, notice: Notice) -> bool:
        """Queue a notice; never waits, safe from any thread.

        Returns:
            False when it was not wanted or could not be queued; the next one then carries the count.
        """
        if notice.kind not in self._options.kinds:
            return False
        with self._lock:
            try:
                self._waiting.put_nowait(msgspec.structs.replace(notice, dropped=self._dropped))
            except queue.Full:
                self._dropped += 1
                return False
            self._dropped = 0
            return True

    def close(self, timeout_s: float) -> bool:
        """Tell what still waits, without regard to the rate, and end.

        Args:
            timeout_s: How long that may take, in seconds of the machine.

        Returns:
            Whether all was told; the rest is dropped and counted in the log.
        """
        self._hurry.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("notices not told", waiting=self._waiting.qsize())
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                notice = self._waiting.get(timeout=0.5 if self._hurry.is_set() else None)
            except queue.Empty:
                return
            if notice is None:
                return
            self._await_turn()
            self._run(notice)

    def _await_turn(self) -> None:
        """Wait until the rate allows another run, or until it is time to hurry."""
        rate = self._options.per_minute / 60
        now_s = self._clock.monotonic()
        self._tokens = min(self._options.per_minute, self._tokens + (now_s - self._counted_at_s) * rate)
        self._counted_at_s = now_s
        if self._tokens < 1 and not self._hurry.is_set():
            self._clock.wait(self._hurry, (1 - self._tokens) / rate)
            self._tokens, self._counted_at_s = 1.0, self._clock.monotonic()
        self._tokens -= 1

    def _run(self, notice: Notice) -> None:
        # A file, not a pipe: a command that never reads its stdin cannot hold us up.
        with tempfile.TemporaryFile() as stdin:
            stdin.write(msgspec.json.encode(notice) + b"\n")
            stdin.seek(0)
            try:
                process = subprocess.Popen(
                    self._words,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                log.warning("on-event command not started", command=self._words[0], reason=str(error))
                return
        tail = _Tail(process)
        exit_code = self._await_end(process)
        if exit_code != 0:
            log.warning(
                "on-event command failed",
                command=self._words[0],
                exit_code=exit_code,
                kind=notice.kind,
                said=tail.text(),
            )

    def _await_end(self, process: "subprocess.Popen[bytes]") -> int:
        """Wait for the command within its limit; then end it and all that it started."""
        for signum, timeout_s in ((signal.SIGTERM, self._options.timeout_s), (signal.SIGKILL, _KILL_AFTER_S)):
            try:
                return process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                # Not reaped yet, so its group's number is still its own.
                os.killpg(process.pid, signum)
        return process.wait()


class _Tail:
    """The last bytes that a command wrote, read all the time so that it never blocks on us."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._bytes: deque[int] = deque(maxlen=_TAIL_BYTES)
        self._thread = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), 65536):
                self._bytes.extend(piece[-_TAIL_BYTES:])

    def text(self) -> str:
        """Return what there is; something that the command left behind may hold the pipe open."""
        self._thread.join(1.0)
        return inert(bytes(list(self._bytes)).decode(errors="replace").strip())
