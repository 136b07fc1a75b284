"""Who may call the endpoint, and until when by its clock."""

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from forensics.serve.moments import seconds
from forensics.serve.refusal import Refusal

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")


class AccessKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key that the endpoint knows."""

    id: str
    expires_at: datetime | None = None
    """From then on, by the endpoint's clock, AWS says that it has expired; None: never."""
    account: str | None = None
    """The account it belongs to; None: the history's first."""
    arn: str | None = None
    """Whose key it is; None: a user named ``replay``."""


class Caller(NamedTuple):
    """Who signed a request, and for what."""

    access_key: str
    account: str
    arn: str
    region: str
    service: str


class KeyRing:
    """The access keys that are good; without any, every key is.

    Args:
        keys: Known keys.
    """

    def __init__(self, keys: Sequence[AccessKey] = ()) -> None:
        self._keys = {key.id: key for key in keys}
        self._takes_any = not keys

    def caller(self, authorization: str, *, now: float, account: str, is_json: bool) -> Caller:
        """Return who signed a request. The signature itself is not checked: the endpoint knows no secrets.

        Args:
            authorization: The request's Authorization header, "" where it has none.
            now: Seconds since 1970 by the endpoint's clock.
            account: The account of keys that name none.
            is_json: The JSON protocol's names for the errors.

        Raises:
            Refusal: No signature, an unknown key, or one that has expired.
        """
        match = _CREDENTIAL.search(authorization)
        if match is None:
            raise _missing(is_json=is_json)
        key_id, region, service = match.groups()
        key = self._keys.get(key_id)
        if key is None and not self._takes_any:
            raise _unknown(is_json=is_json)
        if key is not None and key.expires_at is not None and now >= seconds(key.expires_at):
            raise _expired(is_json=is_json)
        account = (key.account if key else None) or account
        arn = (key.arn if key else None) or f"arn:aws:iam::{account}:user/replay"
        return Caller(key_id, account, arn, region, service)

    def lend(self, *, arn: str, account: str, expires_at: datetime) -> AccessKey:
        """Return a new temporary key that is good from now on."""
        key = AccessKey(
            id="ASIA" + uuid.uuid4().hex[:16].upper(), expires_at=expires_at, account=account, arn=arn
        )
        self._keys[key.id] = key
        return key


def access_key_of(authorization: str) -> str:
    """Return the id of the access key that an Authorization header names, "" where it names none."""
    match = _CREDENTIAL.search(authorization)
    return match.group(1) if match else ""


def _missing(*, is_json: bool) -> Refusal:
    if is_json:
        return Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)


def _unknown(*, is_json: bool) -> Refusal:
    text = "The security token included in the request is invalid."
    if is_json:
        return Refusal("UnrecognizedClientException", text)
    return Refusal("InvalidClientTokenId", text, status=403)


def _expired(*, is_json: bool) -> Refusal:
    text = "The security token included in the request is expired"
    if is_json:
        return Refusal("ExpiredTokenException", text)
    return Refusal("ExpiredToken", text, status=403)
