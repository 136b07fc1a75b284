"""The person of the demo, who logs in again some time after the credentials have ended."""

import os
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from forensics.model.clock import Clock
from forensics.serve.credentials import AccessKey

PROFILE = "demo"

# The endpoint knows no secrets and checks no signature: this value is none.
_NO_SECRET = "not-a-secret"  # noqa: S105


class Person:
    """Shared credentials files of the demo's own, in which one access key takes another's place in time.

    A context manager: the files are in a private temporary directory that goes with it, and the thread that
    waits for the moment ends with it.

    Args:
        clock: The demo's clock.
        first: The key at the beginning.
        second: The key after the login.
        logs_in_at: When the person logs in again.
    """

    def __init__(self, clock: Clock, *, first: AccessKey, second: AccessKey, logs_in_at: datetime) -> None:
        self._clock = clock
        self._second = second
        self._logs_in_at = logs_in_at
        self._folder = tempfile.TemporaryDirectory(prefix="forensics-demo-")
        self._file = Path(self._folder.name) / "credentials"
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._log_in, name="person", daemon=True)
        self._write(first)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gone.set()
        self._thread.join()
        self._folder.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead botocore to these files and nowhere else."""
        return {
            "AWS_SHARED_CREDENTIALS_FILE": str(self._file),
            "AWS_CONFIG_FILE": str(Path(self._folder.name) / "config"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _log_in(self) -> None:
        left_s = (self._logs_in_at - self._clock.now()).total_seconds()
        if not self._clock.wait(self._gone, left_s):
            self._write(self._second)

    def _write(self, key: AccessKey) -> None:
        lines = [
            f"[{PROFILE}]",
            f"aws_access_key_id = {key.id}",
            f"aws_secret_access_key = {_NO_SECRET}",
            # A session: nobody but a person renews it, and login tools note its end beside it.
            f"aws_session_token = {_NO_SECRET}",
        ]
        if key.expires_at is not None:
            lines.append(f"x_security_token_expires = {key.expires_at.isoformat()}")
        fresh = self._file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")
        fresh.replace(self._file)
