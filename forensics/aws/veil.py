"""Other people's words without the secrets in them."""

import re
from collections.abc import Collection

# A signature error quotes the whole request that should have been signed, the session token in it.
_QUOTED_REQUEST = re.compile(r"The Canonical String for this request.*", re.DOTALL)
# Python quotes a header that cannot be sent, which is where tokens travel.
_HEADER_VALUE = re.compile(r"(Invalid header value ).*", re.DOTALL)
# An identity token, wherever it stands.
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_TOKEN_TEXT = re.compile(
    r"((?:x-amz-security-token|aws_session_token|aws_secret_access_key|SecretAccessKey|SessionToken|"
    r"WebIdentityToken|SAMLAssertion|authorization)[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?)[^\s\"',&}]+",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(https?://[^\s?\"']+\?)[^\s\"']+")
_WORD = re.compile(r"[^\s\"'`,;(){}<>\[\]]+")
# Sixteen letters and digits on end, or a UUID: looks drawn by lot. Names have dashes and dots between words.
_RUN = "[A-Za-z0-9+/=_~]"
_DRAWN = re.compile(
    rf"(?={_RUN}*[0-9])(?={_RUN}*[A-Za-z]){_RUN}{{16,}}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
)
_KNOWN = ("arn:", "/", "http://", "https://")
_LONGEST_TEXT = 2000


def scrub(text: str, secrets: Collection[str] = ()) -> str:
    """Return AWS's text without the secrets that it may quote, cut at a length that nobody misses.

    Args:
        text: AWS's own words.
        secrets: Texts that must not come through, wherever they stand.
    """
    text = text[: 10 * _LONGEST_TEXT]
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "[secret]")
    text = _HEADER_VALUE.sub(r"\1[secret]", _JWT.sub("[secret]", _QUOTED_REQUEST.sub("", text)))
    text = _TOKEN_TEXT.sub(r"\1[secret]", text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"


def veil(text: str, secrets: Collection[str] = ()) -> str:
    """Return the words of a source of credentials: as `scrub`, and without anything that looks drawn by lot.

    What a program or a token service says may hold secrets that nobody here knows. ARNs, paths and addresses
    stay, the queries of addresses do not.

    Args:
        text: Its own words.
        secrets: Texts that must not come through, wherever they stand.
    """
    return _WORD.sub(_hidden_if_drawn, _QUERY.sub(r"\1[hidden]", scrub(text, secrets)))


def _hidden_if_drawn(word: re.Match[str]) -> str:
    if word[0].startswith(_KNOWN) or not _DRAWN.search(word[0]):
        return word[0]
    return "[hidden]"
