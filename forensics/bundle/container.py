"""The zip around a bundle, written always alike and opened with suspicion."""

import hashlib
import io
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from forensics.bundle.members import MEMBERS, Limits
from forensics.bundle.refusal import refused
from forensics.errors import ArchiveError, ArchiveMissing, BundleRefused

_WRITTEN = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same input gives the same bytes."""
_MODE = (stat.S_IFREG | 0o600) << 16
_LEVEL = 6
_LOCAL = struct.Struct("<4s2xHH8xLLHH")
"""Of a member's own header: signature, flags, method, packed and unpacked size, lengths of name and extra."""
_LOCAL_BYTES = 30
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, LookupError, OSError),
)
"""What the standard library raises over bytes that are no zip, or a wrong one."""


class Packer:
    """Writes a bundle's zip inside a ``with`` block; the same members give the same bytes.

    Args:
        out: Where it goes; must be able to seek.

    Attributes:
        digests: SHA-256, hex, of each member written so far.
        packed: What each of them takes in the zip, bytes.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self.digests: dict[str, str] = {}
        self.packed: dict[str, int] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one member, piece by piece; members must come in the order of `MEMBERS`."""
        if name != MEMBERS[len(self.digests)]:
            raise ValueError(f"{name} is not the next member")
        info = zipfile.ZipInfo(name, _WRITTEN)
        info.create_system = 3
        info.external_attr = _MODE
        info.compress_type = zipfile.ZIP_DEFLATED
        digest = hashlib.sha256()
        with self._zip.open(info, "w") as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        self.digests[name] = digest.hexdigest()
        self.packed[name] = info.compress_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the list of members; where all of them are there, the zip is whole then."""
        self._zip.close()


class Container:
    """The members of a bundle; nothing of it is ever written to disk.

    Args:
        path: The zip.
        limits: What it may cost.

    Raises:
        ArchiveMissing: Nothing is there.
        BundleRefused: It breaks a rule, which is named.
        ArchiveError: The operating system does not let it be read.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self._limits = limits
        try:
            size = path.stat().st_size
            self._file = path.open("rb")
        except FileNotFoundError as error:
            raise ArchiveMissing(f"{path}: no such bundle", hint="check the path") from error
        except OSError as error:
            raise ArchiveError(f"{path}: cannot be read: {error.strerror or error}") from error
        weakref.finalize(self, self._file.close)
        if size > limits.file_bytes:
            raise self._refused(f"the zip has {size} bytes, more than {limits.file_bytes}")
        self._members = self._checked(size)

    def sizes(self) -> dict[str, int]:
        """Return each member's unpacked size."""
        return {name: info.file_size for name, info in self._members.items()}

    def read(self, name: str) -> bytes:
        """Return a member that is read whole.

        Raises:
            BundleRefused: It is too large, or not what the zip says.
        """
        if self._members[name].file_size > self._limits.small_bytes:
            raise self._refused(f"{name} has more than {self._limits.small_bytes} bytes")
        with self.open(name) as member:
            return member.read()

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield a member's lines, each with its line feed.

        Raises:
            BundleRefused: A line is too long, the last one has no end, or it is not what the zip says.
        """
        longest = self._limits.line_bytes
        with self.open(name) as member:
            while line := member.readline(longest + 1):
                if not line.endswith(b"\n"):
                    cut = "is longer than allowed" if len(line) > longest else "has no end"
                    raise self._refused(f"a line of {name} {cut}")
                yield line

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member; the standard library reads no more of it than the zip says, and checks its CRC.

        Raises:
            BundleRefused: It is not what the zip says.
        """
        try:
            with self._zip.open(self._members[name]) as member:
                yield member
        except _UNREADABLE as error:
            raise self._refused(f"{name} cannot be unpacked: {error}") from error

    def _checked(self, size: int) -> dict[str, zipfile.ZipInfo]:
        try:
            self._zip = zipfile.ZipFile(self._file)
        except _UNREADABLE as error:
            raise self._refused(f"it is no zip that can be read: {error}") from error
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if sorted(names) != sorted(MEMBERS):
            raise self._refused(_about_names(names))
        for info in infos:
            self._check_member(info)
        total = sum(info.file_size for info in infos)
        if total > self._limits.total_bytes:
            raise self._refused(f"it would unpack to {total} bytes, more than {self._limits.total_bytes}")
        self._check_layout(infos, size)
        return {info.filename: info for info in infos}

    def _check_member(self, info: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir() or kind not in (0, stat.S_IFREG):
            raise self._refused(f"{info.filename} is no regular file")
        if info.flag_bits & ~0x0800:
            raise self._refused(f"{info.filename} is encrypted or written in a way we do not read")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refused(f"{info.filename} is packed by method {info.compress_type}, not deflate")
        if info.file_size > self._limits.member_bytes:
            limit = self._limits.member_bytes
            raise self._refused(f"{info.filename} would unpack to {info.file_size} bytes, more than {limit}")
        if info.file_size > self._limits.ratio * max(info.compress_size, 1):
            raise self._refused(f"{info.filename} unpacks to more than {self._limits.ratio} times its size")

    def _check_layout(self, infos: list[zipfile.ZipInfo], size: int) -> None:
        """Refuse whatever stands between, before or behind the members, where readers could disagree."""
        at = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset != at:
                raise self._refused(f"something stands in front of {info.filename}, or two members overlap")
            self._file.seek(at)
            header = self._file.read(_LOCAL_BYTES)
            try:
                magic, flags, method, packed, plain, name_bytes, extra_bytes = _LOCAL.unpack(header)
            except struct.error as error:
                raise self._refused(f"{info.filename} is cut short") from error
            said = (info.flag_bits, info.compress_type, info.compress_size, info.file_size)
            if magic != b"PK\x03\x04" or (flags, method, packed, plain) != said:
                raise self._refused(f"{info.filename} is described in two ways")
            at += _LOCAL_BYTES + name_bytes + extra_bytes + info.compress_size
        if at != self._zip.start_dir:
            raise self._refused("something stands between the members and their list")
        if self._zip.comment or self._end_of_list() != size:
            raise self._refused("something stands behind the zip's end")

    def _end_of_list(self) -> int:
        """Return where the zip ends by its own last statement, which has 22 bytes and no comment."""
        self._file.seek(-22, io.SEEK_END)
        end = self._file.read(22)
        length, start = struct.unpack("<LL", end[12:20])
        return int(start + length + 22) if end.startswith(b"PK\x05\x06") else -1

    def _refused(self, rule: str) -> BundleRefused:
        return refused(self.path, rule)


def _about_names(names: list[str]) -> str:
    strange = [name for name in names if name not in MEMBERS]
    twice = sorted({name for name in names if names.count(name) > 1})
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        return f"it holds {strange[0][:80]!r}{more}, which no bundle does"
    if twice:
        return f"it holds {twice[0]} more than once"
    return f"{min(set(MEMBERS) - set(names))} is missing"
