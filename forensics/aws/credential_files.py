"""The files that credentials come from: whether they changed, and what they note about their end."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Stamp = tuple[tuple[str, int, int, int], ...]
"""Path, change time, size and inode of each file; equal stamps mean unchanged files."""

# Tools that write short-lived keys into the shared file note their end under one of these names.
_EXPIRY_KEYS = ("aws_expiration", "x_security_token_expires", "expiration", "aws_credential_expiration")


def stamp() -> Stamp:
    """Return the state of the credentials file, the config file, the token and the login caches."""
    home = f"{_home()}/.aws"  # texts, not paths: this is asked at each call
    env = os.environ
    files = [
        _path(env.get("AWS_SHARED_CREDENTIALS_FILE"), f"{home}/credentials"),
        _path(env.get("AWS_CONFIG_FILE"), f"{home}/config"),
    ]
    if token_file := env.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        files.append(token_file)
    logins = _path(env.get("AWS_LOGIN_CACHE_DIRECTORY"), f"{home}/login/cache")
    for cache in (f"{home}/sso/cache", logins):
        files += _inside(cache)
    return stamps_of(*files)


def stamps_of(*paths: str) -> Stamp:
    """Return the state of these files; one that is not there has none."""
    return tuple(_stamps(paths))


def noted_expiry(profile: Mapping[str, Any]) -> datetime | None:
    """Return the end of short-lived keys that a login tool noted in their profile, None where it did not."""
    for key in _EXPIRY_KEYS:
        try:
            noted = datetime.fromisoformat(str(profile.get(key, "")))
        except ValueError:
            continue
        return noted.replace(tzinfo=noted.tzinfo or UTC).astimezone(UTC)
    return None


def _home() -> str:
    return os.path.expanduser("~")  # noqa: PTH111  also for a user without an entry in passwd


def _path(named: str | None, otherwise: str) -> str:
    if not named:
        return otherwise
    return f"{_home()}/{named[2:]}" if named.startswith("~/") else named


def _inside(directory: str) -> list[str]:
    try:
        return sorted(f"{directory}/{name}" for name in os.listdir(directory))  # noqa: PTH208
    except OSError:
        return []


def _stamps(paths: Iterable[str]) -> Iterable[tuple[str, int, int, int]]:
    for path in paths:
        try:
            stat = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError):
            continue
        yield path, stat.st_mtime_ns, stat.st_size, stat.st_ino
