"""The table of errors: every code and exception has one meaning, one hint, and no secret in it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import botocore.exceptions as botocore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.aws.faults import CODES, NO_ANSWER, from_answer, from_exception
from forensics.aws.veil import scrub, veil
from forensics.errors import (
    AccessDenied,
    AwsError,
    ClockSkewed,
    CredentialsAbsent,
    CredentialsError,
    CredentialsExpired,
    CredentialsInvalid,
    NotFound,
    ServerFault,
    Throttled,
    Unreachable,
    UsageError,
)

EXPIRED = "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired"
INVALID = """InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure InvalidToken
    MissingAuthenticationTokenException IncompleteSignatureException SignatureDoesNotMatch
    InvalidSignatureException MissingAuthenticationToken IncompleteSignature"""
MEANINGS = [
    *((code, CredentialsExpired) for code in EXPIRED.split()),
    *((code, CredentialsInvalid) for code in INVALID.split()),
    *((code, AccessDenied) for code in ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]),
    *((code, AccessDenied) for code in ["NotAuthorized", "UnauthorizedException"]),
    ("OptInRequired", AccessDenied),
    ("RequestTimeTooSkewed", ClockSkewed),
    *((code, Throttled) for code in ["Throttling", "ThrottlingException", "RequestLimitExceeded"]),
    ("ClusterNotFoundException", NotFound),
    *((code, ServerFault) for code in ["InternalFailure", "ServerException", "ServiceUnavailable"]),
    ("InvalidParameterException", AwsError),
]


@pytest.mark.parametrize(("code", "kind"), MEANINGS, ids=[code for code, _ in MEANINGS])
def test_each_code_has_one_meaning(code: str, kind: type[AwsError]) -> None:
    """What the supervisor does hangs on the class."""
    error = from_answer("ecs:ListTasks", code, "AWS's words", 400)
    assert type(error) is kind
    assert (error.code, error.operation) == (code, "ecs:ListTasks")
    assert "AWS's words" in error.message


@pytest.mark.parametrize("kind", sorted(set(CODES.values()), key=lambda kind: kind.__name__))
def test_each_meaning_has_a_hint(kind: type[AwsError]) -> None:
    """A message without a way out is half a message."""
    code = next(code for code, meant in CODES.items() if meant is kind)
    assert from_answer("ecs:ListTasks", code, "x", 400).hint


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("ValidationError", "Stack with id x does not exist", 400, NotFound),
        ("ValidationError", "Stack:[x] does not exist", 400, NotFound),
        ("ValidationError", "1 validation error detected", 400, AwsError),
        ("SignatureDoesNotMatch", "Signature expired: 20260115T is now earlier than", 403, ClockSkewed),
        ("InvalidSignatureException", "Signature not yet current: 2026", 400, ClockSkewed),
        ("NewCode", "x", 503, ServerFault),
        ("NewCode", "x", 429, Throttled),
        ("NewCode", "x", 403, AccessDenied),
        ("NotImplemented", "x", 501, AwsError),
        ("403", "Forbidden", 403, Unreachable),
        ("407", "Proxy Authentication Required", 407, Unreachable),
        ("500", "", 500, ServerFault),
    ],
)
def test_the_text_and_the_status_decide_where_the_code_does_not(
    code: str, message: str, status: int, kind: type[AwsError]
) -> None:
    """One code for several things, or a code that nobody has seen yet."""
    assert type(from_answer("s:O", code, message, status)) is kind


def test_the_missing_action_is_the_one_that_aws_names() -> None:
    """A call may need a second permission, such as one on a key."""
    text = "User: arn:x is not authorized to perform: kms:Decrypt on resource: key"
    assert "kms:Decrypt" in str(from_answer("ecs:ListTasks", "AccessDeniedException", text, 400).hint)
    assert "ecs:ListTasks" in str(from_answer("ecs:ListTasks", "AccessDenied", "no", 403).hint)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (botocore.NoCredentialsError(), CredentialsAbsent),
        (botocore.PartialCredentialsError(provider="env", cred_var="x"), CredentialsAbsent),
        (botocore.SSOTokenLoadError(error_msg="no file"), CredentialsAbsent),
        (botocore.LoginTokenLoadError(error_msg="no file"), CredentialsAbsent),
        (botocore.CredentialRetrievalError(provider="p", error_msg="x"), CredentialsAbsent),
        (botocore.ProfileNotFound(profile="x"), CredentialsAbsent),
        (botocore.ConfigParseError(path="x"), CredentialsAbsent),
        (botocore.RefreshWithMFAUnsupportedError(), CredentialsAbsent),
        (botocore.UnauthorizedSSOTokenError(), CredentialsExpired),
        (botocore.TokenRetrievalError(provider="sso", error_msg="x"), CredentialsExpired),
        (botocore.LoginRefreshRequired(), CredentialsExpired),
        (RuntimeError("Credentials were refreshed, but … are still expired."), CredentialsExpired),
        (FileNotFoundError("/token"), CredentialsAbsent),
        (json.JSONDecodeError("x", "y", 0), CredentialsAbsent),
        (KeyError("accessToken"), CredentialsAbsent),
        (botocore.EndpointConnectionError(endpoint_url="u", error="e"), Unreachable),
        (botocore.ConnectTimeoutError(endpoint_url="u"), Unreachable),
        (botocore.ReadTimeoutError(endpoint_url="u"), Unreachable),
        (botocore.ConnectionClosedError(endpoint_url="u"), Unreachable),
        (botocore.SSLError(endpoint_url="u", error="e"), Unreachable),
        (botocore.ProxyConnectionError(proxy_url="p"), Unreachable),
        (botocore.HTTPClientError(error="e"), Unreachable),
        (botocore.ParamValidationError(report="r"), AwsError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_exception_has_one_meaning(error: Exception, kind: type[AwsError]) -> None:
    """Also those that are no errors of botocore: sources of credentials raise what they like."""
    found = from_exception(error, "ecs:ListTasks")
    assert type(found) is kind
    assert found.operation == "ecs:ListTasks"


def test_every_error_about_credentials_in_botocore_is_in_the_table() -> None:
    """A new botocore may bring new ones; this fails then, rather than a recording."""
    families = (botocore.SSOError, botocore.LoginError)
    for name, kind in vars(botocore).items():
        if isinstance(kind, type) and issubclass(kind, families):
            error = kind.__new__(kind)
            Exception.__init__(error, name)
            assert isinstance(from_exception(error, "s:O"), CredentialsError), name


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredToken", CredentialsExpired),
        ("AccessDenied", CredentialsInvalid),
        ("InvalidClientTokenId", CredentialsInvalid),
        ("Throttling", Throttled),
        ("ValidationError", CredentialsInvalid),
    ],
)
def test_an_error_in_getting_credentials_is_about_credentials(code: str, kind: type[AwsError]) -> None:
    """A denied AssumeRole is not a denied ListTasks."""
    answer = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    error = from_exception(botocore.ClientError(answer, "AssumeRole"), "ecs:ListTasks")
    assert type(error) is kind
    assert "AssumeRole" in error.message
    assert ("trust policy" in str(error.hint)) is (code == "AccessDenied")


@pytest.mark.parametrize(
    ("provider", "said", "code"),
    [
        ("container-role", "Received error when attempting to retrieve container metadata: x", NO_ANSWER),
        ("container-role", "Received non 200 response 503 from container metadata: x", NO_ANSWER),
        ("container-role", "Received non 200 response 429 from container metadata: x", NO_ANSWER),
        ("container-role", "Received non 200 response 403 from container metadata: x", ""),
        ("iam-role", "Credential refresh failed, response did not contain: access_key", NO_ANSWER),
        ("custom-process", "Unsupported version '2' for credential process provider", ""),
    ],
)
def test_metadata_that_are_out_of_order_are_told_from_those_that_refuse(
    provider: str, said: str, code: str
) -> None:
    """An agent that restarts needs no person."""
    error = from_exception(botocore.CredentialRetrievalError(provider=provider, error_msg=said), "s:O")
    assert (type(error), error.code) == (CredentialsAbsent, code)


@pytest.mark.parametrize(
    ("code", "message", "skew_s", "kind"),
    [
        ("RequestTimeTooSkewed", "x", 690.0, ClockSkewed),
        ("InvalidSignatureException", "Signature expired: 2026 is now earlier than 2026", 690.0, ClockSkewed),
        ("RequestExpired", "x", 690.0, ClockSkewed),
        ("RequestExpired", "x", -690.0, ClockSkewed),
        ("RequestExpired", "x", 2.0, CredentialsExpired),
        ("RequestExpired", "x", None, CredentialsExpired),
        ("ExpiredToken", "x", 690.0, CredentialsExpired),
        ("AccessDenied", "x", 690.0, AccessDenied),
    ],
)
def test_a_clock_that_is_off_is_told_from_credentials_that_ended(
    code: str, message: str, skew_s: float | None, kind: type[AwsError]
) -> None:
    """Logging in again does not mend a clock."""
    error = from_answer("ecs:ListTasks", code, message, 403, skew_s=skew_s)
    assert type(error) is kind
    said = {690.0: "11m30s ahead of AWS's", -690.0: "11m30s behind AWS's"}.get(skew_s or 0.0, "never")
    assert (said in error.message) is (kind is ClockSkewed)


def test_a_clock_that_is_off_is_named_by_its_size_where_a_role_is_taken() -> None:
    """The first call that a wrong clock breaks is often AssumeRole."""
    now = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
    date = format_datetime(now - timedelta(hours=2), usegmt=True)
    answer = {
        "Error": {"Code": "SignatureDoesNotMatch", "Message": "Signature not yet current: 2026"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": {"date": date}},
    }
    error = from_exception(botocore.ClientError(answer, "AssumeRole"), "credentials", now=now)
    assert type(error) is ClockSkewed
    assert "2h ahead of AWS's" in error.message


def test_no_region_and_a_bad_endpoint_are_the_users_to_mend() -> None:
    """Exit code 2, not 254."""
    for error in (botocore.NoRegionError(), ValueError("Invalid endpoint: nonsense")):
        with pytest.raises(UsageError):
            from_exception(error, "s:O")


@given(secret=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=16), around=st.text())
def test_no_secret_in_use_comes_through(secret: str, around: str) -> None:
    """Messages go to logs, terminals and archives."""
    error = from_answer("s:O", "AuthFailure", f"{around}{secret}{around}", 403, secrets=(secret,))
    assert secret not in error.message


@pytest.mark.parametrize(
    "text",
    [
        "x-amz-security-token:TOPSECRETTOKEN\nhost",
        '{"SecretAccessKey": "TOPSECRETTOKEN", "Version": 1}',
        "aws_session_token = TOPSECRETTOKEN",
        "https://x/?WebIdentityToken=TOPSECRETTOKEN&y",
        "Authorization: Bearer TOPSECRETTOKEN",
        "The Canonical String for this request should have been\n'TOPSECRETTOKEN'",
        "Invalid header value b'TOPSECRETTOKEN\\n'",
        "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJUT1BTRUNSRVRUT0tFTiJ9.TOPSECRETTOKEN was not taken",
    ],
)
def test_secrets_in_their_usual_places_are_taken_out_though_nobody_knows_them(text: str) -> None:
    """Other people's programs print other people's secrets."""
    assert "TOPSECRETTOKEN" not in scrub(f"before {text}")
    assert scrub(f"before {text}").startswith("before")


def test_a_megabyte_of_message_is_cut() -> None:
    """An error is a sentence."""
    assert len(from_answer("s:O", "X", "x" * 1_000_000, 400).message) < 3000


@pytest.mark.parametrize(
    "kept",
    [
        "arn:aws:sts::123456789012:assumed-role/deployer/session-2026 is not authorized to perform: "
        "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/Shop-DeployRole-1ABCDEF2GHIJK",
        "[Errno 2] No such file or directory: '/home/runner/work/3f2a9c1b/token'",
        'Could not connect to the endpoint URL: "https://sts.eu-central-1.amazonaws.com/"',
        "The config profile (production-eu-west-1) could not be found",
    ],
)
def test_what_a_person_needs_to_mend_a_source_stays(kept: str) -> None:
    """A message without names mends nothing."""
    assert veil(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "token 0a1bTOPSECRETTOKEN2c3d is not valid",
        '{"message": "0a1b/TOPSECRETTOKEN+2c3d="}',
        "GET https://host/path?code=TOPSECRETTOKEN&x=1",
        "key=TOPSECRETTOKEN0123456789",
        "TOPSECRETTOKEN-6f1c2d3e-0000-4000-8000-0123456789ab",
    ],
)
def test_what_looks_drawn_by_lot_is_hidden_in_the_words_of_a_source(text: str) -> None:
    """Nobody here knows the secrets of other people's programs."""
    assert "TOPSECRETTOKEN" not in veil(text)
    assert "[hidden]" in veil(text)


def test_credentials_with_a_line_break_are_no_network_trouble() -> None:
    """A secret that was pasted with its newline; asking again would never help."""
    error = from_exception(botocore.HTTPClientError(error="Invalid header value b'x\\n'"), "s:O")
    assert type(error) is CredentialsInvalid
    assert "line break" in error.message
