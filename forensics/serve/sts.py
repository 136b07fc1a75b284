"""STS's operations: who the caller is, and keys that end."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from forensics.model.clock import to_rfc3339
from forensics.model.identity import parse_arn
from forensics.model.wire import write_element
from forensics.serve.call import Call
from forensics.serve.refusal import Refusal

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_AUDIENCE = "sts.amazonaws.com"
_LEAST_S, _MOST_S, _DEFAULT_S = 900, 43_200, 3600


class _Claims(msgspec.Struct):
    """What a token says of itself."""

    aud: str
    exp: float


def get_caller_identity(call: Call) -> bytes:
    """Answer GetCallerIdentity."""
    caller = call.caller
    identity = {"Arn": caller.arn, "UserId": caller.access_key, "Account": caller.account}
    return b"".join(write_element(name, value) for name, value in identity.items())


def assume_role(call: Call) -> bytes:
    """Answer AssumeRole: a new key, good until DurationSeconds later by the endpoint's clock."""
    return _lent(call)


def assume_role_with_web_identity(call: Call) -> bytes:
    """Answer AssumeRoleWithWebIdentity: as AssumeRole, for a token that is for AWS and has not ended."""
    _check_token(call.needed("WebIdentityToken"), call.now)
    return _lent(call)


OPERATIONS: dict[str, Callable[[Call], bytes]] = {
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "GetCallerIdentity": get_caller_identity,
}
"""Each answers with the inside of its result element."""
UNSIGNED = frozenset({"AssumeRoleWithWebIdentity"})
"""Operations that nobody signs: the caller has no credentials yet."""


def _lent(call: Call) -> bytes:
    """Return a new key of the role that is asked for."""
    role = parse_arn(call.needed("RoleArn"))
    session = call.needed("RoleSessionName")
    if role is None or role.service != "iam" or not role.resource.startswith("role/"):
        raise call.invalid(f"{call.text('RoleArn')} is invalid")
    name = role.resource.rsplit("/", 1)[-1]
    arn = f"arn:{role.partition}:sts::{role.account}:assumed-role/{name}/{session}"
    expires_at = datetime.fromtimestamp(call.now, UTC) + timedelta(seconds=_duration(call))
    key = call.keys.lend(arn=arn, account=role.account, expires_at=expires_at)
    credentials = {
        "AccessKeyId": key.id,
        # Neither is checked when the key is used: the endpoint reads the key's id only.
        "SecretAccessKey": "any",
        "SessionToken": f"session-of-{key.id}",
        "Expiration": to_rfc3339(expires_at),
    }
    user = {"AssumedRoleId": f"{key.id}:{session}", "Arn": arn}
    return write_element("Credentials", credentials) + write_element("AssumedRoleUser", user)


def _check_token(token: str, now: float) -> None:
    """Look at what a token claims; its signature is not checked, as the endpoint knows no keys.

    Raises:
        Refusal: It is no token, is not for AWS, or has ended.
    """
    try:
        _, claims, _ = token.split(".")
        said = msgspec.json.decode(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=_Claims)
    except ValueError as error:
        raise Refusal("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from error
    if said.aud != _AUDIENCE:
        raise Refusal("InvalidIdentityToken", "Incorrect token audience")
    if said.exp <= now:
        raise Refusal("ExpiredTokenException", "Token expired: current date/time must be before its end")


def _duration(call: Call) -> int:
    given = call.text("DurationSeconds")
    if given is None:
        return _DEFAULT_S
    if given.isascii() and given.isdigit() and _LEAST_S <= int(given) <= _MOST_S:
        return int(given)
    raise call.invalid(f"DurationSeconds must be between {_LEAST_S} and {_MOST_S}")
