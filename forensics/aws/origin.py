"""What a botocore session's credentials come from, in words, and who can bring new ones."""

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from forensics.aws.credential_files import noted_expiry


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where credentials come from."""

    name: str
    """In words, such as ``profile deploy (SSO)``."""
    renews: bool = False
    """Whether new ones come without anybody's doing, or the old ones never end."""
    command: str = ""
    """What a person types to bring new ones; "" where there is no such command."""


ENVIRONMENT = Origin(name="environment")
CONTAINER = Origin(name="container", renews=True)
INSTANCE = Origin(name="instance metadata", renews=True)
WEB_IDENTITY = Origin(name="web identity file", renews=True)

_PLACES = {
    "env": ENVIRONMENT,
    "container-role": CONTAINER,
    "iam-role": INSTANCE,
    "assume-role-with-web-identity": WEB_IDENTITY,
}
_CREDENTIAL_SOURCES = {
    "environment": ENVIRONMENT,
    "ecscontainer": CONTAINER,
    "ec2instancemetadata": INSTANCE,
}


def origin_of(
    method: str, profile: str | None, profiles: Mapping[str, Mapping[str, Any]], *, is_lasting: bool
) -> Origin:
    """Return where the credentials of a session come from.

    Args:
        method: botocore's name for the provider, such as ``env`` or ``assume-role``.
        profile: The session's profile; None is the one named ``default``.
        profiles: All profiles with their keys.
        is_lasting: Whether they are keys that never end: no session token, no noted end.
    """
    if method in _PLACES:
        place = _PLACES[method]
        return msgspec.structs.replace(place, renews=place.renews or is_lasting)
    return _of_profile(profile or "default", profiles, method, is_lasting=is_lasting, seen=set())


def expected(profile: str | None, profiles: Mapping[str, Mapping[str, Any]]) -> Origin:
    """Return where credentials will come from, as far as the profile tells before anything was read."""
    name = profile or "default"
    if profile is None and not profiles.get(name):
        return Origin(name="AWS default chain", renews=True)
    keys = profiles.get(name, {})
    is_lasting = (
        "aws_access_key_id" in keys and "aws_session_token" not in keys and noted_expiry(keys) is None
    )
    return _of_profile(name, profiles, "", is_lasting=is_lasting, seen=set())


def _of_profile(
    name: str,
    profiles: Mapping[str, Mapping[str, Any]],
    method: str,
    *,
    is_lasting: bool,
    seen: set[str],
) -> Origin:
    keys = profiles.get(name, {})
    called = f"profile {name}"
    quoted = shlex.quote(name)
    match method or _method_of(keys):
        case "assume-role" if name not in seen:
            base = _base(name, profiles, seen | {name})
            return Origin(name=f"{called} (role)", renews=base.renews, command=base.command)
        case "sso":
            return Origin(name=f"{called} (SSO)", renews=True, command=f"aws sso login --profile {quoted}")
        case "login":
            return Origin(name=f"{called} (aws login)", renews=True, command=f"aws login --profile {quoted}")
        case "custom-process":
            return Origin(name=f"{called} (credential process)", renews=True)
        case "assume-role-with-web-identity":
            return Origin(name=f"{called} (web identity file)", renews=True)
        case _:
            return Origin(name=called, renews=is_lasting)


def _base(name: str, profiles: Mapping[str, Mapping[str, Any]], seen: set[str]) -> Origin:
    """Return where the credentials come from that a profile's role is assumed with."""
    keys = profiles.get(name, {})
    if place := _CREDENTIAL_SOURCES.get(str(keys.get("credential_source", "")).lower()):
        return place
    source = str(keys.get("source_profile", ""))
    base = profiles.get(source, {})
    # A profile with keys may be its own source; botocore then takes the keys, whatever else it says.
    method = "static" if "aws_access_key_id" in base else _method_of(base)
    is_lasting = method == "static" and "aws_session_token" not in base
    return _of_profile(source, profiles, method, is_lasting=is_lasting, seen=seen)


def _method_of(keys: Mapping[str, Any]) -> str:
    """Return what botocore would take a profile's credentials from, in its order."""
    for key, method in (
        ("web_identity_token_file", "assume-role-with-web-identity"),
        ("role_arn", "assume-role"),
        ("sso_account_id", "sso"),
        ("aws_access_key_id", "static"),
        ("login_session", "login"),
        ("credential_process", "custom-process"),
    ):
        if key in keys:
            return method
    return "static"
