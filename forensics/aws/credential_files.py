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


def noted_expiry_of_environment() -> datetime | None:
    """Return the end that the environment notes of its own keys, None where it does not."""
    return noted_expiry({"aws_credential_expiration": os.environ.get("AWS_CREDENTIAL_EXPIRATION")})


def noted_expiry_of_base(name: str, profiles: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    """Return the noted end of the keys that a profile's role is assumed with, over however many roles.

    Args:
        name: The profile with the role.
        profiles: All profiles with their keys.
    """
    for _ in profiles:
        keys = profiles.get(name, {})
        if str(keys.get("credential_source", "")).lower() == "environment":
            return noted_expiry_of_environment()
        name = str(keys.get("source_profile", ""))
        if "aws_access_key_id" in profiles.get(name, {}):
            break
    return noted_expiry(profiles.get(name, {}))


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
