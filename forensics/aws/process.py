"""A credential process: run without a terminal, within a time, and quoted without its secrets."""

import contextlib
import os
import signal
import subprocess

import msgspec

from forensics.aws.veil import veil
from forensics.errors import CredentialsAbsent

_MOST_BYTES = 64 << 10
_HINT = "run it by hand; it must print the JSON that the AWS CLI's credential_process asks for"


class CredentialProcess(subprocess.Popen[bytes]):
    """A credential process that is ended when it takes too long.

    Args:
        command: Program and arguments.
        within_s: How long it may take, seconds of the machine.
        stdout: As for `subprocess.Popen`.
        stderr: As for `subprocess.Popen`.
    """

    def __init__(self, command: list[str], *, within_s: float, stdout: int, stderr: int) -> None:
        self._within_s = within_s
        # Neither standard input nor a controlling terminal: a question would wait for ever.
        super().__init__(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Return what the process wrote.

        Raises:
            CredentialsAbsent: It took too long, failed, or wrote no JSON object.
        """
        try:
            stdout, stderr = super().communicate(input, timeout or self._within_s)
        except subprocess.TimeoutExpired as error:
            self._end()
            raise CredentialsAbsent(
                f"the credential process gave nothing within {self._within_s:g} s",
                hint="run it by hand; it may be waiting for an answer",
            ) from error
        if self.returncode != 0:
            said = quoted(stderr.decode(errors="replace"))
            raise CredentialsAbsent(
                f"the credential process ended with {_ending(self.returncode)}{f': {said}' if said else ''}",
                hint=_HINT,
            )
        if len(stdout) > _MOST_BYTES or not _is_object(stdout):
            raise CredentialsAbsent(
                f"the credential process printed {len(stdout)} bytes that are no JSON object", hint=_HINT
            )
        return stdout, b""

    def _end(self) -> None:
        """End the process with all that it started: a child of its own would hold the pipes open."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        super().communicate()


def _is_object(stdout: bytes) -> bool:
    try:
        msgspec.json.decode(stdout, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def quoted(text: str) -> str:
    """Return what a program wrote as one short line, without what may be a secret."""
    line = " ".join(veil(text).split())
    return line if len(line) <= 300 else f"{line[:300]} …"


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
