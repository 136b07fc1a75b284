"""Cases: the key and the names of what is told to one support, kept private on this machine."""

import contextlib
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from forensics.errors import UsageError
from forensics.redact.pseudonyms import Pseudonyms

FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY_BYTES = 32


class _Kept(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A case's file."""

    format: int
    key: bytes
    names: dict[str, str]
    """The value behind each name."""


def folder_of(environ: Mapping[str, str]) -> Path:
    """Return where cases are kept: ``forensics/cases`` below $XDG_CONFIG_HOME, else below ``~/.config``.

    Args:
        environ: The process's environment.
    """
    base = environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification: a path that is not absolute is ignored.
    config = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".config"
    return config / "forensics" / "cases"


@contextlib.contextmanager
def open_case(name: str, folder: Path) -> Iterator[Pseudonyms]:
    """Give the names of a case, and keep those that were added; the case is made where there is none.

    Nobody else can open the case meanwhile. Nothing is kept where the block ends with an error.

    Args:
        name: Of the case: letters, digits, ``.``, ``_`` and ``-``.
        folder: Where cases are kept; it is made with its parents, for this user alone.

    Raises:
        UsageError: The name will not do, or the file is not the user's own, is damaged or cannot be written.
    """
    path = _path(name, folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder / f".{path.name}.lock"):
            kept = _read(path) if path.exists() else None
            key = kept.key if kept else secrets.token_bytes(_KEY_BYTES)
            names = _pseudonyms(path, key, kept.names if kept else {})
            yield names
            _write(path, _Kept(format=FORMAT, key=key, names=dict(names.known())))
    except OSError as error:
        raise UsageError(f"case {name!r} cannot be kept in {folder}: {error.strerror}") from None


def names_of(name: str, folder: Path) -> Pseudonyms:
    """Return the names of a case that is there.

    Raises:
        UsageError: There is no such case, or its file is not the user's own or is damaged.
    """
    path = _path(name, folder)
    try:
        kept = _read(path)
    except FileNotFoundError:
        known = ", ".join(sorted(found.stem for found in folder.glob("*.json"))) if folder.is_dir() else ""
        hint = f"known: {known}" if known else "a case begins with `forensics bundle --case NAME`"
        raise UsageError(f"there is no case {name!r} in {folder}", hint=hint) from None
    except OSError as error:
        raise UsageError(f"case {name!r} cannot be read: {error.strerror}") from None
    return _pseudonyms(path, kept.key, kept.names)


def _path(name: str, folder: Path) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a case",
            hint="use letters, digits, '.', '_' and '-', at most 64, a letter or digit first",
        )
    return folder / f"{name}.json"


def _pseudonyms(path: Path, key: bytes, names: Mapping[str, str]) -> Pseudonyms:
    try:
        return Pseudonyms(key, names)
    except ValueError as error:
        raise UsageError(f"the case in {path} is damaged: {error}") from None


def _read(path: Path) -> _Kept:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor)
        if mode.st_uid != os.geteuid() or stat.S_IMODE(mode.st_mode) & 0o077:
            raise UsageError(
                f"{path} can be read by others, or belongs to somebody else",
                hint=f"whoever reads it can undo the redaction: chmod 600 {path}, or use another case",
            )
        try:
            kept = msgspec.json.decode(file.read(), type=_Kept)
        except msgspec.MsgspecError:
            raise UsageError(f"the case in {path} is damaged") from None
    if kept.format != FORMAT:
        raise UsageError(f"the case in {path} was written by a newer version: format {kept.format}")
    return kept


def _write(path: Path, kept: _Kept) -> None:
    """Replace the file in one step: whoever reads finds the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.tmp")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(msgspec.json.format(msgspec.json.encode(kept), indent=1))
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
