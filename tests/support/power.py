"""A disk that notes what was asked of it, and what a loss of power can leave of that."""

import os
import random
from pathlib import Path
from typing import Any

from forensics.archive.disk import Disk

Operation = tuple[Any, ...]
_BLOCK = 64
"""Records in tests are small: so are the blocks that a loss of power drops."""


class NotingDisk(Disk):
    """Does everything, and notes it in `operations`; files and folders go by numbers."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._numbers: dict[int, int] = {}
        self._next = 0

    def _new(self, inode: int) -> int:
        self._next += 1
        self._numbers[inode] = self._next
        return self._next

    def _known(self, fd: int) -> int:
        inode = os.fstat(fd).st_ino
        return self._numbers.get(inode) or self._new(inode)

    def make_folder(self, path: str, *, folder: int | None = None) -> None:
        super().make_folder(path, folder=folder)
        parent = self._known(folder) if folder is not None else 0
        number = self._new(os.stat(path, dir_fd=folder).st_ino)
        self.operations.append(("make", parent, path, number, True))

    def open(self, name: str, *, folder: int, is_new: bool = False) -> int:
        fd = super().open(name, folder=folder, is_new=is_new)
        if is_new:
            number = self._new(os.fstat(fd).st_ino)
            self.operations.append(("make", self._known(folder), name, number, False))
        return fd

    def write(self, fd: int, content: bytes) -> None:
        super().write(fd, content)
        self.operations.append(("write", self._known(fd), content))

    def truncate(self, fd: int, size_bytes: int) -> None:
        super().truncate(fd, size_bytes)
        self.operations.append(("truncate", self._known(fd), size_bytes))

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self.operations.append(("sync", self._known(fd)))

    def sync_folder(self, fd: int) -> None:
        super().sync_folder(fd)
        self.operations.append(("sync", self._known(fd)))

    def rename(self, name: str, new_name: str, *, folder: int) -> None:
        super().rename(name, new_name, folder=folder)
        self.operations.append(("rename", self._known(folder), name, new_name))

    def remove(self, name: str, *, folder: int) -> None:
        super().remove(name, folder=folder)
        self.operations.append(("remove", self._known(folder), name))


class _File:
    def __init__(self) -> None:
        self.durable = b""
        self.written = b""

    def after_power_loss(self, chance: random.Random) -> bytes:
        if self.written == self.durable:
            return self.durable
        if not self.written.startswith(self.durable):
            return chance.choice([self.durable, self.written])
        old, new = self.durable, self.written[len(self.durable) :]
        hole = sorted(chance.randrange(0, len(new) + 1, _BLOCK) for _ in range(2))
        lost = hole[1] - hole[0]
        return chance.choice(
            [
                old,
                old + new,
                old + new[: chance.randrange(len(new))],
                old + b"\0" * len(new),
                old + new[: hole[0]] + b"\0" * lost + new[hole[1] :],
                old + new[: hole[0]] + chance.randbytes(lost) + new[hole[1] :],
            ]
        )


class _Folder:
    def __init__(self) -> None:
        self.durable: dict[str, int] = {}
        self.pending: list[Operation] = []

    def names(self, count: int) -> dict[str, int]:
        """Return the names after so many of the pending operations: journals keep their order."""
        names = dict(self.durable)
        for operation in self.pending[:count]:
            if operation[0] == "make":
                names[operation[2]] = operation[3]
            elif operation[0] == "rename":
                names[operation[3]] = names.pop(operation[2])
            else:
                del names[operation[2]]
        return names


def after_power_loss(operations: list[Operation], chance: random.Random, place: Path) -> Path | None:
    """Write what could be on a disk after these operations and a loss of power.

    Returns:
        The archive's directory; None where not even that had been made.
    """
    files: dict[int, _File] = {}
    folders: dict[int, _Folder] = {}
    root = None
    for operation in operations:
        kind, number = operation[0], operation[1]
        if kind == "make":
            (folders if operation[4] else files)[operation[3]] = _Folder() if operation[4] else _File()
            if number == 0:
                root = operation[3]
        if kind in ("make", "rename", "remove") and number in folders:
            folders[number].pending.append(operation)
        elif kind == "write":
            files[number].written += operation[2]
        elif kind == "truncate":
            files[number].written = files[number].written[: operation[2]]
        elif kind == "sync" and number in files:
            files[number].durable = files[number].written
        elif kind == "sync" and number in folders:
            folder = folders[number]
            folder.durable, folder.pending = folder.names(len(folder.pending)), []
    if root is None:
        return None
    _write(root, place, files, folders, chance)
    return place


def _write(
    number: int, path: Path, files: dict[int, _File], folders: dict[int, _Folder], chance: random.Random
) -> None:
    path.mkdir(mode=0o700)
    folder = folders[number]
    for name, child in folder.names(chance.randint(0, len(folder.pending))).items():
        if child in folders:
            _write(child, path / name, files, folders, chance)
        else:
            (path / name).write_bytes(files[child].after_power_loss(chance))
