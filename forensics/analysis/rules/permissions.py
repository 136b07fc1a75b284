"""Rules for who may do what, and for credentials that have ended."""

from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, FAR, NEAR, STACK_FAILURES, Rule

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
_WHO = r"(?:User: (?P<principal>arn:aws[\w-]*:\S+) )?"

RULES = (
    Rule(
        id="policy-denies",
        category="hook-or-policy-denied",
        title="A policy above the role forbids it",
        cause="A permissions boundary or a service control policy denies the call, whatever the role allows.",
        names="What is denied is {action}.",
        remedy="Ask whoever owns that policy; the role's own policies cannot lift it.",
        docs=_IAM,
        confidence=0.94,
        pattern=rf"is not authorized to perform: (?P<action>[\w-]+:\w+){FAR}explicit deny in an? "
        r"(?:permissions boundary|service control|resource control|VPC endpoint)"
        r"|explicit deny in an? (?:permissions boundary|service control policy)",
    ),
    Rule(
        id="action-not-authorized",
        category="iam-permission",
        title="The deploying role lacks a permission",
        cause="The role that makes the call is not allowed to.",
        names="What is missing is {action}.",
        remedy="Allow that action on that resource to the role CloudFormation works with (its own service "
        "role where one is given).",
        docs=_IAM,
        confidence=0.93,
        pattern=_WHO + r"is not authorized to perform:? (?P<action>[\w-]+:[\w*]+)",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="assume-role-refused",
        category="iam-permission",
        title="A role may not be assumed",
        cause="The role does not trust whoever wants to assume it, or is not there.",
        names="The role is {role}.",
        remedy="Correct the role's trust policy; in another account check its id.",
        docs=_IAM,
        confidence=0.9,
        pattern=r"not authorized to perform:? (?:sts:)?AssumeRole"
        r"(?: on role (?P<role>arn:[\w-]+:iam::\w*:role/\S+))?"
        r"|unable to assume (?:the )?(?:(?:IAM )?role|provided \S+)"
        r"|cannot be assumed|is invalid or cannot be assumed|unable to assume role",
    ),
    Rule(
        id="role-lacks-permission",
        category="iam-permission",
        title="A role in the stack lacks a permission",
        cause="The resource's own role is not allowed to do what the resource needs.",
        names="What is missing is {call}.",
        remedy="Add the permission to that role; make the resource depend on the role's policy.",
        docs=_IAM,
        confidence=0.88,
        pattern=r"requester is not authorized|Invalid permissions"
        rf"|role {NEAR}does ?n[o']t have permissions? to (?:call"
        r"|perform) (?P<call>[\w:]+)"
        r"|does ?n[o']t have (?:the )?(?:sufficient |required |necessary )?permissions?",
        fitted=True,
    ),
    Rule(
        id="service-role-changed",
        category="iam-permission",
        title="A role of the service lost what it needs",
        cause="The policies or the trust of a role were changed, and what works with it cannot go on.",
        remedy="Restore the role's policies and its trust relationship.",
        docs=_IAM,
        confidence=0.92,
        pattern=r"IAM (?:permissions? policies|trust relationship) ha(?:ve|s) been misconfigured"
        r"|should have '?AWSCloudFormationStackSetExecutionRole",
        fitted=True,
    ),
    Rule(
        id="access-denied",
        category="iam-permission",
        title="AWS refuses the call",
        cause="The call was refused for want of a permission; AWS does not say which.",
        remedy="Look for the refused call in CloudTrail, then allow it to the deploying role.",
        docs=_IAM,
        confidence=0.8,
        pattern=r"HandlerErrorCode: AccessDenied|\bnot authorized to\b|You are not authorized|Access ?Denied"
        r"|UnauthorizedOperation|Status Code: 403|Encoded authorization failure",
        checks=(
            "aws cloudtrail lookup-events --lookup-attributes "
            "AttributeKey=EventSource,AttributeValue=cloudformation.amazonaws.com",
        ),
    ),
    Rule(
        id="account-not-verified",
        category="hook-or-policy-denied",
        title="AWS does not offer this to the account",
        cause="The account or its region is not open for such resources: AWS has to verify or enable it.",
        remedy="Write to AWS Support; no permission of yours changes it.",
        docs="https://docs.aws.amazon.com/awssupport/latest/user/case-management.html",
        confidence=0.93,
        pattern=r"account must be verified|account is (?:currently )?(?:blocked|suspended|not verified)"
        rf"|not available in (?:your account|this region)|request {NEAR}is being validated"
        r"|OptInRequired|not subscribed to this service",
    ),
    Rule(
        id="hook-failed",
        category="hook-or-policy-denied",
        title="A hook forbids the change",
        cause="A CloudFormation hook checked the resource and failed it.",
        names="The hook is {hook}.",
        remedy="Read the hook's message and make the resource comply.",
        docs="https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/what-is-cloudformation-hooks.html",
        confidence=0.93,
        pattern=r"denied by stack policy"
        r"|following hook\(s\) failed:? ?\[?(?P<hook>[\w:]+)|HOOK_COMPLETE_FAILED|Hook failed with"
        r"|HandlerErrorCode: NonCompliant|NonCompliant",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="service-linked-role",
        category="service-linked-role",
        title="The service-linked role is missing or already there",
        cause="The service needs its linked role in the account, or the template creates one that exists.",
        remedy="Create it once for each account (aws iam create-service-linked-role), outside the stack.",
        docs="https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
        confidence=0.92,
        pattern=rf"service[- ]linked role|AWSServiceRoleFor\w+|Service role name {NEAR}has been taken",
    ),
    Rule(
        id="credentials-expired",
        category="credentials-expired",
        title="The deploying session's credentials ended",
        cause="The credentials that the deployment worked with ended in the middle of it.",
        remedy="Renew them and start again; deploy with a service role or with longer sessions.",
        docs=f"{CLOUDFORMATION_GUIDE}/troubleshooting.html",
        confidence=0.95,
        pattern=r"security token included in the request is (?:expired|invalid)|ExpiredToken"
        r"|provided token has expired|Signature expired"
        r"|(?:Unable to locate|Could not load|Missing|no) credentials"
        rf"|Invalid security token|RequestExpired|session {NEAR}has expired"
        r"|HandlerErrorCode: InvalidCredentials",
    ),
)
