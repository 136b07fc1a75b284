"""The files that credentials come from: whether they changed, and what they note about their end."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, change time, size and inode of each file; equal stamps mean unchanged files."""

# Tools that write short-lived keys into the shared file note their end under one of these names.
_EXPIRY_KEYS = ("aws_expiration", "x_security_token_expires", "expiration", "aws_credential_expiration")


def stamp() -> Stamp:
    """Return the state of the credentials file, the config file, the token and the login caches."""
    home = _home() / ".aws"
    env = os.environ
    files = [
        _path(env.get("AWS_SHARED_CREDENTIALS_FILE"), home / "credentials"),
        _path(env.get("AWS_CONFIG_FILE"), home / "config"),
    ]
    if token_file := env.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        files.append(Path(token_file))
    logins = _path(env.get("AWS_LOGIN_CACHE_DIRECTORY"), home / "login" / "cache")
    caches = (home / "sso" / "cache", logins)
    return tuple(_stamps([*files, *(path for cache in caches for path in _inside(cache))]))


def stamps_of(*paths: str) -> Stamp:
    """Return the state of these files; one that is not there has none."""
    return tuple(_stamps(map(Path, paths)))


def noted_expiry(profile: Mapping[str, Any]) -> datetime | None:
    """Return the end of short-lived keys that a login tool noted in their profile, None where it did not."""
    for key in _EXPIRY_KEYS:
        try:
            noted = datetime.fromisoformat(str(profile.get(key, "")))
        except ValueError:
            continue
        return noted.replace(tzinfo=noted.tzinfo or UTC).astimezone(UTC)
    return None


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a container's user without an entry in passwd
        return Path("~")


def _path(named: str | None, otherwise: Path) -> Path:
    if not named:
        return otherwise
    return _home() / named[2:] if named.startswith("~/") else Path(named)


def _inside(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _stamps(paths: Iterable[Path]) -> Iterable[tuple[str, int, int, int]]:
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        yield str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino
