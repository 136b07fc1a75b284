"""The id token of a GitHub Actions job, minted anew each time it is asked for."""

import os
import re
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

import msgspec

from forensics.errors import AwsError, CredentialsAbsent, CredentialsInvalid, ServerFault, Unreachable

# https://docs.github.com/en/actions/reference/security/oidc
_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  a variable's name
_AUDIENCE = "sts.amazonaws.com"
_MOST_BYTES = 64 << 10
_HINT = "give the job `permissions: id-token: write`, and run forensics inside that job"


class _Minted(msgspec.Struct):
    value: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the request token to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def mint(timeout_s: float) -> str:
    """Return a new id token for AWS.

    Args:
        timeout_s: The longest silence, seconds of the machine.

    Raises:
        CredentialsAbsent: This is no job that may ask for one, or what came is none.
        CredentialsInvalid: The job's request token is not accepted.
        ServerFault: GitHub has trouble.
        Unreachable: It does not answer.
    """
    url, request_token = (os.environ.get(name, "").strip() for name in (_URL, _TOKEN))
    if not (url and request_token):
        missing = _URL if not url else _TOKEN
        raise CredentialsAbsent(f"GitHub Actions gives no id token here: {missing} is not set", hint=_HINT)
    if not re.match(r"https?://[\w.:-]+(/|$)", url):
        raise CredentialsAbsent(f"GitHub Actions gives no id token here: {_URL} is no URL", hint=_HINT)
    try:
        body = _get(f"{url}{'&' if '?' in url else '?'}audience={_AUDIENCE}", request_token, timeout_s)
        return msgspec.json.decode(body, type=_Minted).value
    except urllib.error.HTTPError as error:
        error.close()  # it is the answer, too
        raise _refused(error.code) from None
    except msgspec.DecodeError:
        raise CredentialsAbsent("GitHub's token service answered with no id token", hint=_HINT) from None
    # What these errors say may quote the request with its token.
    except (OSError, HTTPException, ValueError) as error:
        reason = f"GitHub's token service does not answer: {type(error).__name__}"
        raise Unreachable(reason, hint="it is asked again") from None


def _get(url: str, request_token: str, timeout_s: float) -> bytes:
    request = urllib.request.Request(  # noqa: S310  the scheme was looked at
        url, headers={"Authorization": f"bearer {request_token}", "Accept": "application/json"}
    )
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as answer:
        body: bytes = answer.read(_MOST_BYTES)
        return body


def _refused(status: int) -> AwsError:
    text = f"GitHub's token service answered with {status}"
    if status == 429 or status >= 500:
        return ServerFault(text, hint="it is asked again")
    return CredentialsInvalid(
        f"{text}: the job's request token is not accepted", code=str(status), hint=_HINT
    )
