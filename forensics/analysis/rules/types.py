"""Rules for what is left: the resource type alone says what kind of cause is likely."""

from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, STACK_FAILURES, Rule

_TROUBLE = f"{CLOUDFORMATION_GUIDE}/troubleshooting.html"
_UNSURE = "This is told by the type of the resource; its words are not known."

RULES = (
    Rule(
        id="type-dns",
        category="dns-or-domain",
        title="A DNS resource failed",
        cause=f"The hosted zone, the record or the domain was refused. {_UNSURE}",
        remedy="Read AWS's words; compare names and zones.",
        docs="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/troubleshooting.html",
        confidence=0.52,
        pattern=r".",
        resource=r"AWS::Route53",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="type-certificate",
        category="tls-or-certificate",
        title="A certificate failed",
        cause=f"The certificate was not issued or not taken. {_UNSURE}",
        remedy="Read AWS's words; look at the certificate's state in ACM.",
        docs="https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting.html",
        confidence=0.52,
        pattern=r".",
        resource=r"AWS::CertificateManager::|AWS::ACMPCA::",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="type-key",
        category="kms-access",
        title="A KMS key failed",
        cause=f"The key or its policy was refused. {_UNSURE}",
        remedy="Read AWS's words; compare the key policy with who has to use and manage the key.",
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        confidence=0.52,
        pattern=r".",
        resource=r"AWS::KMS::",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="type-database",
        category="database-specific",
        title="A database failed",
        cause=f"The database did not come up as asked. {_UNSURE}",
        remedy="Read AWS's words; look at the database's own events.",
        docs="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Troubleshooting.html",
        confidence=0.52,
        pattern=r".",
        resource=r"AWS::(?:RDS|DocDB|Neptune|Redshift|DAX|Timestream|MemoryDB)::",
        checks=(STACK_FAILURES,),
    ),
    Rule(
        id="handler-timeout",
        category="timeout-not-stabilized",
        title="The service did not answer in time",
        cause="CloudFormation's handler waited for the service and gave up.",
        remedy="Deploy again; look at the resource in its own service.",
        docs=_TROUBLE,
        confidence=0.7,
        pattern=r"HandlerErrorCode: (?:ServiceTimeout|NetworkFailure)",
        checks=(STACK_FAILURES,),
    ),
)
