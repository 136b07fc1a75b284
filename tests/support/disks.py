"""Disks that count, fail or forget."""

import errno
import os
from collections.abc import Callable
from typing import Any

from forensics.archive.disk import Disk

CALLS = (
    "open_folder", "make_folder", "open", "write", "truncate", "sync", "sync_folder", "rename", "remove",
)  # fmt: skip
"""Every call that can fail in a way that matters."""


class CountingDisk(Disk):
    """Notes the names of the calls made."""

    def __init__(self) -> None:
        self.calls: list[str] = []


class FailingDisk(CountingDisk):
    """Fails at its nth call, once or from then on.

    Args:
        nth: Which call fails, from 1; 0 for none.
        code: The errno.
        is_lasting: All calls from then on fail, until `heal`.
        is_half_done: A failing write has written a half before.
    """

    def __init__(self, nth: int, code: int, *, is_lasting: bool = False, is_half_done: bool = False) -> None:
        super().__init__()
        self.nth = nth
        self.code = code
        self.is_lasting = is_lasting
        self.is_half_done = is_half_done
        self.failed = 0

    def heal(self) -> None:
        self.nth = 0
        self.is_lasting = False


def _counted(name: str) -> Callable[..., Any]:
    real = getattr(Disk, name)

    def call(self: CountingDisk, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(name)
        if isinstance(self, FailingDisk):
            due = len(self.calls) >= self.nth if self.is_lasting else len(self.calls) == self.nth
            if self.nth and due:
                self.failed += 1
                if name == "write" and self.is_half_done:
                    os.write(args[0], args[1][: len(args[1]) // 2])
                raise OSError(self.code, os.strerror(self.code))
        return real(self, *args, **kwargs)

    return call


for _name in CALLS:
    setattr(CountingDisk, _name, _counted(_name))

TROUBLE = {"full": errno.ENOSPC, "broken": errno.EIO, "over quota": errno.EDQUOT}
