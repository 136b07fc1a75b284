"""Rules for networks, names and certificates."""

from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, FAR, NEAR, Rule

_CODES = f"{ECS_GUIDE}/stopped-task-error-codes.html"

RULES = (
    Rule(
        id="task-network-interface",
        category="port-or-network",
        title="The task got no network interface",
        cause="ECS could not create or attach the task's network interface in time.",
        remedy="Check for free addresses in the subnet, the account's limit of interfaces, and the security "
        "groups; try again if AWS had trouble.",
        docs=_CODES,
        confidence=0.85,
        pattern=r"network interface provision|Create Network Interface|unused device index"
        rf"|ENIInformationError|NetworkNamespaceError|InternalError{NEAR}(?:ENI|network interface)",
        checks=(DESCRIBE_SERVICE,),
    ),
    Rule(
        id="subnet-full",
        category="port-or-network",
        title="The subnet has no free addresses",
        cause="The subnet has no addresses left for another interface.",
        remedy="Use larger or more subnets; clean up interfaces that nothing uses.",
        docs=_CODES,
        confidence=0.9,
        pattern=r"InsufficientFreeAddresses|insufficient free (?:IP )?addresses|not enough free IP",
    ),
    Rule(
        id="placement-internal-error",
        category="port-or-network",
        title="AWS had an internal error placing the task",
        cause="AWS reports an internal error, which it gives for subnets without addresses and for outages.",
        remedy="Check the subnet's free addresses; try again.",
        docs=f"{ECS_GUIDE}/service-event-messages-list.html",
        confidence=0.45,
        pattern=r"unable to place a task\. Reason: Internal error",
        fitted=True,
    ),
    Rule(
        id="hosted-zone-absent",
        category="dns-or-domain",
        title="The hosted zone does not exist",
        cause="The record's hosted zone is not in this account.",
        names="It names {zone}.",
        remedy="Correct the zone's id or name; a placeholder from the template's context is a usual reason.",
        docs="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-working-with.html",
        confidence=0.93,
        pattern=r"No hosted zone found with ID:? ?(?P<zone>[\w-]+)|NoSuchHostedZone|hosted zone "
        rf"{NEAR}not found",
        checks=("aws route53 get-hosted-zone --id {zone}",),
    ),
    Rule(
        id="domain-name-unresolved",
        category="dns-or-domain",
        title="A host name does not resolve",
        cause="DNS does not know a host name that was needed.",
        remedy="Check the name's spelling and the VPC's DNS settings.",
        docs="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html",
        confidence=0.75,
        pattern=r"no such host|Name or service not known|could not resolve host|UnknownHostException"
        r"|InvalidDomainName|not permitted in zone|within the target zone|FATAL problem: "
        rf"|domain {NEAR}(?:is )?not verified",
    ),
    Rule(
        id="certificate-invalid",
        category="tls-or-certificate",
        title="The certificate cannot be used",
        cause="The certificate is not issued yet, is in another region, or has the wrong kind of key.",
        names="The certificate is {certificate}.",
        remedy="Wait for its validation, or name an issued one in the same region (us-east-1 for "
        "CloudFront).",
        docs="https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html",
        confidence=0.92,
        pattern=rf"certificate '(?P<certificate>arn:aws[\w-]*:acm:[^']+)'{FAR}must have"
        r"|UnsupportedCertificate"
        rf"|CertificateNotFound|InvalidViewerCertificate|certificate{NEAR}(?:not valid|expired"
        r"|does not exist"
        rf"|isn.t valid|must be in)|x509: |SSL{NEAR}certificate verify failed",
        checks=("aws acm describe-certificate --certificate-arn {certificate}",),
    ),
    Rule(
        id="certificate-not-validated",
        category="tls-or-certificate",
        title="The certificate was not validated in time",
        cause="The domain's owner has not confirmed the certificate: the validation record is missing.",
        remedy="Create the validation record that ACM shows in the domain's public zone.",
        docs="https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html",
        confidence=0.8,
        pattern=r"did not stabilize|NotStabilized|timed? out|Exceeded attempts",
        resource=r"AWS::CertificateManager::Certificate",
    ),
    Rule(
        id="no-internet-gateway",
        category="dependency-conflict",
        title="The network has no internet gateway yet",
        cause="Something that needs the internet gateway was created before the gateway was attached.",
        names="The network is {vpc}.",
        remedy="Add DependsOn the gateway's attachment.",
        docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
        "aws-attribute-dependson.html",
        confidence=0.92,
        pattern=r"Network (?P<vpc>\S+) is not attached to any internet gateway"
        r"|(?:is not attached to|has no) (?:any )?internet gateway",
        checks=("aws ec2 describe-internet-gateways --filters Name=attachment.vpc-id,Values={vpc}",),
    ),
)
