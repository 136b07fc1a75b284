"""Rules for AWS's own error codes, which stay when its words change."""

from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, STACK_FAILURES, Rule

_TROUBLE = f"{CLOUDFORMATION_GUIDE}/troubleshooting.html"
# How a code is written: "Error Code: X", "(X) when calling the …", "api error X:", "caused by: X:".
_BEFORE = r"(?:Error ?Code: ?|An error occurred \(|api error |Reason: |caused by: )(?:Client\.|Server\.)?"
# At the start of a text, perhaps after the name of what ECS was doing.
_FIRST = r"^(?:[A-Z]\w*(?:Error|Exception): )?(?:Client\.|Server\.)?"


def _code(names: str) -> str:
    return rf"{_BEFORE}(?:{names})\b|{_FIRST}(?:{names})(?=[:.]|$)"


RULES = (
    Rule(
        id="code-credentials",
        category="credentials-expired",
        title="The credentials are not valid any more",
        cause="AWS does not take the credentials that the call was signed with.",
        remedy="Renew them and start again; deploy with a service role or with longer sessions.",
        docs=_TROUBLE,
        confidence=0.9,
        pattern=_code(r"Expired\w*|RequestExpired|InvalidClientTokenId|UnrecognizedClient\w*|InvalidToken"),
    ),
    Rule(
        id="code-in-use",
        category="resource-in-use",
        title="Something still uses the resource",
        cause="The resource cannot be deleted or changed while something else holds on to it.",
        remedy="Remove what uses it (network interfaces, objects, attachments, protection), then try again.",
        docs=_TROUBLE,
        confidence=0.89,
        pattern=_code(
            r"DependencyViolation|DeleteConflict\w*|ResourceInUse\w*|\w*NotEmpty\w*|\w+InUse\w*|VolumeInUse"
            r"|ClusterContains\w+|HostedZoneNotEmpty|InvalidDBInstanceState\w*"
        ),
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="code-conflict",
        category="dependency-conflict",
        title="Another change is under way",
        cause="The resource is being changed already, or is not in the state that this change needs.",
        remedy="Wait until the other change is done; make the stack change the resource one step after the "
        "other (DependsOn).",
        docs=_TROUBLE,
        confidence=0.88,
        pattern=_code(r"ResourceConflict\w*|OperationAborted|ConcurrentModification\w*|IncorrectState\w*")
        + r"|another (?:update|operation|change) is (?:already |currently )?in progress"
        r"|An update is in progress for"
        r"|is in (?:CREATE|UPDATE|DELETE|ROLLBACK|REVIEW)\w*_IN_PROGRESS state and can ?not be"
        r"|conflicting (?:conditional )?operation is currently in progress|was not idempotent|still draining",
    ),
    Rule(
        id="code-exists",
        category="resource-already-exists",
        title="Something of that name already exists",
        cause="A resource with this name is already there, outside the stack or left from an earlier one.",
        remedy="Delete or import the old one, or let CloudFormation choose the name.",
        docs=_TROUBLE,
        confidence=0.9,
        pattern=_code(
            r"\w*AlreadyExist\w*|\w*AlreadyOwned\w*|\w*\.?Duplicate\w*|PriorityInUse|CNAMEAlready\w*"
        ),
    ),
    Rule(
        id="code-not-found",
        category="resource-not-found",
        title="Something that is referred to does not exist",
        cause="The template refers to something that is not there, in this account and region.",
        remedy="Create it first, or correct its name, id, account or region.",
        docs=_TROUBLE,
        confidence=0.88,
        pattern=_code(r"NoSuch\w+|[\w.]*NotFound\w*") + r"|HandlerErrorCode: NotFound|Status ?Code: 404",
    ),
    Rule(
        id="code-quota",
        category="quota-exceeded",
        title="A quota of the account is reached",
        cause="The account may have no more of these.",
        remedy="Delete what nothing uses, or ask for a higher quota.",
        docs="https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html",
        confidence=0.92,
        pattern=_code(r"TooMany(?!Requests)\w+|\w*LimitExceeded\w*|\w*QuotaExceeded\w*|\w*LimitReached\w*")
        + r"|HandlerErrorCode: ServiceLimitExceeded",
        checks=("aws service-quotas list-service-quotas --service-code {service_code}",),
    ),
    Rule(
        id="code-capacity",
        category="capacity-unavailable",
        title="AWS has no such capacity at the moment",
        cause="AWS does not have the capacity that was asked for, in that zone, at that moment.",
        remedy="Try again, name other zones or another instance type.",
        docs="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html",
        confidence=0.92,
        pattern=_code(r"Insufficient\w*Capacity\w*|ReservationCapacityExceeded|UnfulfillableCapacity"),
    ),
    Rule(
        id="code-throttled",
        category="throttled",
        title="AWS limits the rate of calls",
        cause="The service answered that calls come too fast.",
        remedy="Deploy again; make the stack change less at once (DependsOn), and reduce other callers.",
        docs=_TROUBLE,
        confidence=0.93,
        pattern=_code(r"Throttl\w+|TooManyRequests\w*|RequestLimitExceeded|RequestThrottled\w*|SlowDown")
        + r"|HandlerErrorCode: Throttling|Status ?Code: 429",
    ),
    Rule(
        id="code-denied",
        category="iam-permission",
        title="AWS refuses the call",
        cause="The call was refused for want of a permission.",
        remedy="Look for the refused call in CloudTrail, then allow it to the deploying role.",
        docs="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
        confidence=0.82,
        pattern=_code(r"AccessDenied\w*|Unauthorized\w*|NotAuthorized\w*|Forbidden\w*|AuthFailure")
        + r"|HandlerErrorCode: (?:AccessDenied|UnauthorizedTaggingOperation)|Status ?Code: 403",
    ),
    Rule(
        id="code-kms",
        category="kms-access",
        title="A KMS key may not be used",
        cause="The key is disabled, is being deleted, is elsewhere, or does not trust the caller.",
        remedy="Check the key's state and region; allow its use in the role's policy and in the key policy.",
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        confidence=0.91,
        pattern=_code(
            r"InvalidKMSKey[\w.]*|KMS\w*(?:Exception|Denied|NotAccessible|Fault)\w*|DisabledException"
        ),
    ),
    Rule(
        id="code-certificate",
        category="tls-or-certificate",
        title="The certificate cannot be used",
        cause="The certificate is not there, not issued, or of a kind that the service does not take.",
        remedy="Name an issued certificate of the same region (us-east-1 for CloudFront).",
        docs="https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html",
        confidence=0.91,
        pattern=_code(r"\w*Certificate\w*"),
    ),
    Rule(
        id="code-invalid",
        category="invalid-parameter",
        title="A value is not allowed",
        cause="The service does not take a value that the template gives.",
        remedy="Correct the property that the text names.",
        docs=_TROUBLE,
        confidence=0.78,
        pattern=_code(
            r"Invalid(?!\w*(?:NotFound|Duplicate))\w*|Validation\w*|Malformed\w+|BadRequest\w*|Unsupported\w*"
            r"|Missing(?:Parameter|Required)\w*|ClientException"
        )
        + r"|HandlerErrorCode: (?:InvalidRequest|UnsupportedTarget)",
    ),
)
