"""The one table from what botocore and AWS call an error to what we call it."""

import re
from collections.abc import Collection
from datetime import datetime

import botocore.exceptions as botocore
from botocore.parsers import ResponseParserError

from forensics.aws.skew import LIMIT_S, in_words, skew_of
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
    Undecodable,
    Unreachable,
    UsageError,
)

_BY_KIND: dict[type[AwsError], str] = {
    CredentialsExpired: "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired",
    CredentialsInvalid: """InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure
        InvalidToken SignatureDoesNotMatch InvalidSignatureException MissingAuthenticationToken
        MissingAuthenticationTokenException IncompleteSignature IncompleteSignatureException""",
    ClockSkewed: "RequestTimeTooSkewed RequestInTheFuture",
    AccessDenied: """AccessDenied AccessDeniedException UnauthorizedOperation UnauthorizedException
        NotAuthorized OptInRequired""",
    Throttled: """Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException
        TooManyRequestsException RequestLimitExceeded BandwidthLimitExceeded SlowDown PriorRequestNotComplete
        LimitExceededException ProvisionedThroughputExceededException TransactionInProgressException
        EC2ThrottledException""",
    NotFound: """ClusterNotFoundException ServiceNotFoundException ServiceDeploymentNotFoundException
        StackNotFoundException ResourceNotFoundException NamespaceNotFoundException""",
    ServerFault: """InternalFailure InternalError InternalServerError InternalServerException
        InternalServiceError ServerException ServiceUnavailable ServiceUnavailableException
        RequestTimeout RequestTimeoutException""",
}
CODES: dict[str, type[AwsError]] = {code: kind for kind, codes in _BY_KIND.items() for code in codes.split()}
"""AWS's error codes; what is not here is told by the HTTP status or stays an AwsError."""

# In order: a subclass stands before its base.
EXCEPTIONS: tuple[tuple[type[Exception], type[AwsError]], ...] = (
    (botocore.UnauthorizedSSOTokenError, CredentialsExpired),
    (botocore.TokenRetrievalError, CredentialsExpired),
    (botocore.LoginRefreshRequired, CredentialsExpired),
    (botocore.LoginInsufficientPermissions, CredentialsInvalid),
    (botocore.SSOError, CredentialsAbsent),
    (botocore.LoginError, CredentialsAbsent),
    (botocore.RefreshWithMFAUnsupportedError, CredentialsAbsent),
    (botocore.NoCredentialsError, CredentialsAbsent),
    (botocore.NoAuthTokenError, CredentialsAbsent),
    (botocore.PartialCredentialsError, CredentialsAbsent),
    (botocore.CredentialRetrievalError, CredentialsAbsent),
    (botocore.UnknownCredentialError, CredentialsAbsent),
    (botocore.MetadataRetrievalError, CredentialsAbsent),
    (botocore.MissingDependencyException, CredentialsAbsent),
    (botocore.InvalidConfigError, CredentialsAbsent),
    (botocore.ProfileNotFound, CredentialsAbsent),
    (botocore.ConfigParseError, CredentialsAbsent),
    (botocore.ConfigNotFound, CredentialsAbsent),
    (botocore.ConnectionError, Unreachable),
    (botocore.HTTPClientError, Unreachable),
    (botocore.IncompleteReadError, Unreachable),
    (botocore.InvalidIMDSEndpointError, CredentialsAbsent),
    (ResponseParserError, ServerFault),
)

FAILING = (
    *(botocore.BotoCoreError, botocore.ClientError, OSError, RuntimeError),
    *(ValueError, LookupError, AttributeError, TypeError),
)
"""Whatever a botocore call may raise.

The last ones come from sources of credentials: botocore takes what a credential process or a cache file
holds for what it should hold.
"""

_HINTS: dict[type[AwsError], str] = {
    CredentialsExpired: "log in again as usual (such as `aws sso login`); new credentials are picked up "
    "as soon as they are there",
    CredentialsInvalid: "check the access key, the session token and the profile; AWS does not accept them",
    CredentialsAbsent: "give --profile, log in, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ClockSkewed: "set this machine's clock; AWS accepts a difference of five minutes at most",
    Throttled: "the account's calls are shared by everybody in it; we ask less often until it gets better",
    Unreachable: "check the network, the proxy, the region and --endpoint-url",
    ServerFault: "AWS has trouble; it is asked again",
    NotFound: "check the name, the account and the region",
}
NO_ANSWER = "NoAnswer"
"""The code of the error that a container's or an instance's metadata give while they are out of order."""
NO_LIBRARY = "MissingDependency"
"""The code of the error that a profile of `aws login` gives where its library is not installed."""
INSTALL_LIBRARY = "pip install 'deploy-forensics[login]'"
DENYING = frozenset(
    {"AccessDenied", "AccessDeniedException", "ForbiddenException", "UnauthorizedOperation", "NotAuthorized"}
)
"""Codes with which a source of credentials says that it may not give any, whoever logs in."""
_MAY_NOT = (
    "no login helps: look at the role's trust policy, its external id, and at who may take or is assigned it"
)
_HINTS_BY_CODE = {NO_LIBRARY: INSTALL_LIBRARY, NO_ANSWER: "it is asked again"}
_SILENT_TEXT = re.compile(
    r"Received error when attempting to retrieve|Received non 200 response (?:429|5\d\d)"
)
_SKEW_TEXT = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_ACTION_TEXT = re.compile(r"not authorized to perform:? ?([a-z0-9-]+:[A-Za-z0-9]+)")


def from_answer(
    operation: str,
    code: str,
    message: str,
    status: int,
    *,
    secrets: Collection[str] = (),
    skew_s: float | None = None,
) -> AwsError:
    """Return our error for an error that AWS answered with.

    Args:
        operation: What was asked, as ``service:Operation``.
        code: AWS's code; the status where the body named none.
        message: AWS's own text.
        status: The HTTP status.
        secrets: Texts that must not come through: the secret key and the token in use.
        skew_s: Our wall clock minus AWS's at this answer, seconds; None where it is not known.
    """
    text = scrub(message, secrets)
    kind = _kind(code, text, status, skew_s)
    said = _with_skew(kind, f"{code}: {text}" if text else code, skew_s)
    return kind(f"{operation}: {said}", code=code, operation=operation, hint=_hint(kind, operation, text))


def from_exception(
    error: Exception, operation: str, *, secrets: Collection[str] = (), now: datetime | None = None
) -> AwsError:
    """Return our error for what botocore raised without an answer of the operation's own.

    Such errors concern the way to AWS, or the source of credentials: its own calls (AssumeRole,
    GetRoleCredentials …) come as ClientError, and its files and programs as plain Python errors.

    Args:
        error: What was raised.
        operation: What was asked, as ``service:Operation``.
        secrets: Texts that must not come through.
        now: Our wall time when it was raised, to tell by how much the clock is off; None leaves that out.

    Raises:
        UsageError: What was asked for cannot be asked, such as an endpoint that is no URL.
    """
    if isinstance(error, AwsError):
        return error
    if isinstance(error, botocore.ClientError):
        return _from_credential_call(error, operation, secrets, now)
    text = veil(str(error), secrets) or type(error).__name__
    if isinstance(error, botocore.HTTPClientError) and "Invalid header value" in text:
        return CredentialsInvalid(
            f"{operation}: the credentials cannot be sent: there is a line break in them",
            operation=operation,
            hint="write them anew without it; it often comes from copying or from a pipeline's secret",
        )
    if isinstance(error, botocore.NoRegionError | botocore.InvalidRegionError) or "Invalid endpoint" in text:
        raise UsageError(text, hint="check --region and --endpoint-url") from error
    for raised, kind in EXCEPTIONS:
        if isinstance(error, raised):
            code = _code_of(error)
            hint = _HINTS_BY_CODE.get(code) or _HINTS.get(kind)
            return kind(f"{operation}: {text}", code=code, operation=operation, hint=hint)
    if isinstance(error, RuntimeError) and "expired" in text:
        kind, text = CredentialsExpired, "what it gives has ended already"
    elif isinstance(error, botocore.BotoCoreError):
        return AwsError(f"{operation}: {text}", code=type(error).__name__, operation=operation)
    else:
        kind, text = CredentialsAbsent, _plainly(error, text)
    said = f"{operation}: the source of credentials failed: {text}"
    return kind(said, code=type(error).__name__, operation=operation, hint=_HINTS[kind])


def _code_of(error: Exception) -> str:
    if isinstance(error, botocore.MissingDependencyException):
        return NO_LIBRARY
    return NO_ANSWER if _is_silent(error) else ""


def _is_silent(error: Exception) -> bool:
    """Tell whether a container's or an instance's metadata gave no answer, which passes by itself."""
    if not isinstance(error, botocore.CredentialRetrievalError):
        return False
    # An instance whose metadata do not answer gives nothing, and botocore misses its fields.
    is_instance = error.kwargs.get("provider") == "iam-role"
    return is_instance or _SILENT_TEXT.search(str(error.kwargs.get("error_msg"))) is not None


def _plainly(error: Exception, text: str) -> str:
    """Return in words for people what Python says of files and ends that are not as they should be."""
    if isinstance(error, KeyError):
        return "its file is half written, or something is missing in it"
    if isinstance(error, TypeError) and "offset-naive" in text:
        return "the end that it notes has no time zone; AWS tools write it as 2026-01-15T12:00:00Z"
    return text


def _kind(code: str, text: str, status: int, skew_s: float | None) -> type[AwsError]:
    kind = CODES.get(code)
    # A request looks old where our clock is off.
    is_old = code == "RequestExpired" and skew_s is not None and abs(skew_s) >= LIMIT_S
    if is_old or (kind is CredentialsInvalid and _SKEW_TEXT.search(text)):
        return ClockSkewed
    if kind is not None:
        return kind
    if code == "ValidationError" and "does not exist" in text:
        return NotFound
    if status == 429:
        return Throttled
    if status in (403, 407):
        # AWS always names a code: this is a proxy or a firewall speaking.
        return Unreachable if code == str(status) else AccessDenied
    # 501 is an emulator's "not implemented": asking again does not help.
    return ServerFault if status >= 500 and status != 501 else AwsError


def _hint(kind: type[AwsError], operation: str, text: str) -> str | None:
    if kind is AccessDenied:
        named = _ACTION_TEXT.search(text)
        return f"allow the IAM action {named.group(1) if named else operation} for these credentials"
    return _HINTS.get(kind)


def _with_skew(kind: type[AwsError], said: str, skew_s: float | None) -> str:
    return f"{said}; {in_words(skew_s)}" if kind is ClockSkewed and skew_s is not None else said


def _from_credential_call(
    error: botocore.ClientError, operation: str, secrets: Collection[str], now: datetime | None
) -> AwsError:
    asked = error.operation_name
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    text = veil(str(answer.get("Message", "")), secrets)
    answered = error.response.get("ResponseMetadata", {})
    date = str(answered.get("HTTPHeaders", {}).get("date", ""))
    skew_s = skew_of(date, now) if now is not None else None
    kind = _kind(code, text, int(answered.get("HTTPStatusCode", 0)), skew_s)
    if not issubclass(kind, CredentialsError | ClockSkewed | Throttled | ServerFault):
        kind = CredentialsInvalid
    failed = f"{operation}: the source of credentials failed in {asked}: {code}: {text}"
    said = _with_skew(kind, failed, skew_s)
    hint = _MAY_NOT if code in DENYING else _hint(kind, operation, text)
    return kind(said, code=code, operation=operation, hint=hint)


def undecodable(operation: str, reason: str, body: bytes) -> Undecodable:
    """Return the error for an answer that cannot be read, its bytes kept."""
    return Undecodable(f"{operation}: the answer cannot be read: {reason}", body=body, operation=operation)
