"""Rules for secrets, parameters and keys that a task or a stack needs."""

from forensics.analysis.rules.rule import (
    CLOUDFORMATION_GUIDE,
    DESCRIBE_TASK_DEFINITION,
    ECS_GUIDE,
    FAR,
    NEAR,
    SOME,
    Rule,
)

_INIT = f"{ECS_GUIDE}/resource-initialization-error.html"
_ASM_ARN = r"(?P<secret>arn:aws[\w-]*:secretsmanager:[\w-]*:[^:\s]*:secret:[\w/+=.@-]+)"
_DESCRIBE_ASM = "aws secretsmanager describe-secret --secret-id {secret}"

RULES = (
    Rule(
        id="ecs-secret-unreadable",
        category="secret-or-parameter",
        title="A secret's value is not the JSON that the task definition expects",
        cause="The task definition asks for one key of a secret, and the secret's value cannot be parsed as "
        "JSON, so no task can start.",
        names="The parser stopped at {token}.",
        remedy="Correct the secret's value to valid JSON (quotes and backslashes escaped), then "
        "deploy again; "
        "or refer to the whole secret without a key.",
        docs=f"{ECS_GUIDE}/secrets-envvar-secrets-manager.html",
        confidence=0.96,
        pattern=rf"(?:retrieve secret|registry auth|fetching secret){FAR}"
        r"(?P<token>invalid character .{1,12}? (?:in|after|looking) [\w :-]{3,40}"
        r"|unexpected end of JSON input|cannot unmarshal)",
        checks=(
            DESCRIBE_TASK_DEFINITION + " --query 'taskDefinition.containerDefinitions[].secrets'",
            "aws secretsmanager list-secret-version-ids --secret-id {secret}",
        ),
    ),
    Rule(
        id="ecs-secret-key-absent",
        category="secret-or-parameter",
        title="The secret has no such key",
        cause="The task definition asks for a JSON key that the secret's value does not have.",
        remedy="Add the key to the secret, or correct valueFrom in the task definition.",
        docs=f"{ECS_GUIDE}/secrets-envvar-secrets-manager.html",
        confidence=0.94,
        pattern=rf"retrieved secret {SOME}did not contain json key (?P<key>\S+)|did not contain json key",
        checks=(DESCRIBE_TASK_DEFINITION + " --query 'taskDefinition.containerDefinitions[].secrets'",),
    ),
    Rule(
        id="ecs-secret-denied",
        category="secret-or-parameter",
        title="The execution role may not read the secret",
        cause="The task execution role is not allowed to read a secret or parameter that the task needs.",
        names="What is missing is {action}.",
        remedy="Allow the action on that secret's ARN to the execution role, and kms:Decrypt on its "
        "key where "
        "it is a customer key.",
        docs=_INIT,
        confidence=0.94,
        pattern=r"is not authorized to perform: "
        r"(?P<action>ssm:GetParameters?\w*|secretsmanager:GetSecretValue)",
        checks=(DESCRIBE_TASK_DEFINITION + " --query taskDefinition.executionRoleArn",),
    ),
    Rule(
        id="ecs-secret-absent",
        category="secret-or-parameter",
        title="The secret or parameter does not exist",
        cause="The task definition refers to a secret or parameter that is not there, in this account and "
        "region.",
        names="It names {secret}.",
        remedy="Create it, or correct its ARN (the six random characters at the end included) in the task "
        "definition.",
        docs=_INIT,
        confidence=0.92,
        pattern=rf"{_ASM_ARN}{FAR}(?:ResourceNotFoundException|can't find)"
        r"|can't retrieve the secret with ARN|Secrets Manager can't find the specified secret"
        rf"|Fetching secret data {SOME}invalid parameters:|invalid ssm parameters"
        r"|ParameterNotFound",
        checks=(_DESCRIBE_ASM,),
    ),
    Rule(
        id="ecs-secret-unreachable",
        category="port-or-network",
        title="The secret store cannot be reached",
        cause="The task has no working network path to Secrets Manager or Parameter Store.",
        remedy="Give the subnet a NAT route or a public IP, or a VPC endpoint for the service with "
        "private DNS "
        "and a security group that lets 443 in.",
        docs=_INIT,
        confidence=0.9,
        pattern=rf"(?:secrets? from (?:asm|ssm|AWS)|AWS Secrets Manager|Systems Manager){FAR}"
        r"(?:connection issue|context deadline exceeded|i/o timeout|dial tcp|Client\.Timeout)",
    ),
    Rule(
        id="ecs-secret-unavailable",
        category="secret-or-parameter",
        title="A secret or parameter could not be fetched",
        cause="The task could not fetch a secret or parameter that its containers need.",
        remedy="Read the end of the text: it says whether the name, the permission or the network is wrong.",
        docs=_INIT,
        confidence=0.7,
        pattern=r"unable to retrieve secrets? from|Fetching secret data from|failed to fetch secret"
        r"|can't pull (?:the )?secrets?",
        checks=(DESCRIBE_TASK_DEFINITION + " --query 'taskDefinition.containerDefinitions[].secrets'",),
    ),
    Rule(
        id="env-file-unavailable",
        category="secret-or-parameter",
        title="An environment file could not be fetched",
        cause="The task could not download an environment file from S3.",
        remedy="Check the object's ARN, the execution role's s3:GetObject, and the path to S3.",
        docs=_INIT,
        confidence=0.85,
        pattern=r"failed to download env files?",
    ),
    Rule(
        id="dynamic-reference-unresolved",
        category="secret-or-parameter",
        title="A dynamic reference in the template does not resolve",
        cause="The template refers to a secret or parameter value that CloudFormation cannot read.",
        remedy="Check the reference's name, key and version, and that the deploying role may read it.",
        docs=f"{CLOUDFORMATION_GUIDE}/dynamic-references.html",
        confidence=0.88,
        pattern=rf"could not (?:find|parse) {NEAR}SecretString|Secrets Manager can.t find"
        r"|dynamic reference|Unable to fetch parameters|ssm-secure reference",
    ),
    Rule(
        id="kms-policy-locks-out",
        category="kms-access",
        title="The key policy would lock everybody out",
        cause="KMS refuses a key policy that takes away the right to change it later.",
        remedy="Let the account root or an administrator's role keep kms:PutKeyPolicy in the policy.",
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        confidence=0.93,
        pattern=r"new key policy will not allow you to update",
        fitted=True,
    ),
    Rule(
        id="kms-denied",
        category="kms-access",
        title="A KMS key may not be used",
        cause="The role is not allowed to use the key, or the key's own policy does not trust it.",
        names="What is missing is {action}.",
        remedy="Allow the action in the role's policy and in the key policy; check that the key is enabled.",
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        confidence=0.9,
        pattern=r"is not authorized to perform: (?P<action>kms:\w+)|KMSAccessDenied"
        r"|ciphertext refers to"
        rf"|KMS key {SOME}(?:is disabled|pending deletion|not accessible|incorrect state)"
        r"|KMSKeyNotAccessible|kms key is invalid",
    ),
)
