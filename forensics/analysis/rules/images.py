"""Rules for images that cannot be pulled."""

from forensics.analysis.rules.rule import DESCRIBE_TASK_DEFINITION, ECS_GUIDE, FAR, NEAR, SOME, Rule

_PULL = f"{ECS_GUIDE}/task_cannot_pull_image.html"
_ECR = r"(?P<registry>\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)"
_IMAGES = "aws ecr describe-images --repository-name {repository} --image-ids imageTag={tag}"

RULES = (
    Rule(
        id="ecs-image-not-found",
        category="image-pull-not-found",
        title="The image does not exist",
        cause="The task definition names an image tag, digest or repository that the registry does not have.",
        names="It asks for {tag} of {repository}.",
        remedy="Push the image under that name, or deploy a task definition that names one that exists; "
        "check that the build's push really succeeded.",
        docs=_PULL,
        confidence=0.93,
        pattern=rf"CannotPull{FAR}{_ECR}/(?P<repository>[\w./-]+):(?P<tag>[\w.-]+)"
        rf"{FAR}(?:not found|manifest unknown|does not exist)",
        checks=(_IMAGES, DESCRIBE_TASK_DEFINITION),
    ),
    Rule(
        id="image-not-found",
        category="image-pull-not-found",
        title="The image does not exist",
        cause="The task definition names an image tag, digest or repository that the registry does not have.",
        remedy="Push the image under that name, or deploy a task definition that names one that exists.",
        docs=_PULL,
        confidence=0.91,
        pattern=rf"CannotPull{FAR}(?:manifest unknown|manifest for {SOME} not found"
        rf"|repository {SOME} (?:not found|does not exist)|: not found|name unknown|ImageNotFound"
        r"|RepositoryNotFound|Check whether the image exists)",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="image-pull-denied-or-absent",
        category="image-pull-not-found",
        title="The image is absent, or the registry wants a login",
        cause="The registry refuses the pull in the words it uses both for a repository that does not exist "
        "and for one that needs a login.",
        remedy="Check the image's name first; for a private registry give repositoryCredentials.",
        docs=_PULL,
        confidence=0.88,
        pattern=r"pull access denied|repository does not exist or may require"
        rf"|insufficient_scope: authorization failed|unexpected status from HEAD request to {SOME}: 403",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="image-name-invalid",
        category="image-pull-not-found",
        title="The image's name is not a valid one",
        cause="The image reference in the task definition cannot be parsed as REGISTRY/NAME:TAG.",
        remedy="Correct the image field; an empty variable in its place is the usual reason.",
        docs=_PULL,
        confidence=0.85,
        pattern=r"invalid reference format|invalid repository name",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="ecr-pull-not-authorized",
        category="image-pull-auth",
        title="The execution role may not pull the image",
        cause="The task execution role, a repository policy or a VPC endpoint policy does not allow "
        "the pull.",
        names="What is missing is {action}.",
        remedy="Allow ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to the "
        "execution role; for another account's repository also in its repository policy.",
        docs=_PULL,
        confidence=0.95,
        pattern=r"is not authorized to perform: (?P<action>ecr(?:-public)?:\w+)|CannotPullContainerAuthError"
        r"|no basic auth credentials",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="image-pull-refused",
        category="image-pull-auth",
        title="The registry refuses the pull",
        cause="The registry knows the image's address and does not let this caller pull it.",
        remedy="Check the execution role, the repository policy, and for a private registry "
        "repositoryCredentials.",
        docs=_PULL,
        confidence=0.87,
        pattern=rf"CannotPull{FAR}(?:403 Forbidden|401 Unauthorized|unauthorized: "
        r"|authentication required|denied: (?:User|Your auth))",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="image-pull-rate-limited",
        category="image-pull-rate-limit",
        title="The registry limits anonymous pulls",
        cause="The registry answers that too many images were pulled from this address.",
        remedy="Log in to the registry (repositoryCredentials), or pull through an ECR pull-through cache.",
        docs=_PULL,
        confidence=0.96,
        pattern=rf"toomanyrequests:|pull rate limit|CannotPull{FAR}(?:\b429\b|Too ?Many ?Requests)",
    ),
    Rule(
        id="image-wrong-architecture",
        category="architecture-mismatch",
        title="The image is for another processor architecture",
        cause="The image has no variant for the architecture that the task runs on.",
        names="The task needs {platform}.",
        remedy="Build for that platform (docker buildx build --platform), or set "
        "runtimePlatform.cpuArchitecture in the task definition.",
        docs=_PULL,
        confidence=0.95,
        pattern=r"does not contain descriptor matching platform '?(?P<platform>[\w/.-]+)"
        rf"|no matching manifest for|exec format error|exec user process caused{NEAR}exec format",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="image-registry-unreachable",
        category="image-pull-network",
        title="The registry cannot be reached",
        cause="The task has no working network path to the image registry.",
        remedy="Give the subnet a NAT route or a public IP, or VPC endpoints for ecr.api, ecr.dkr "
        "and S3 with "
        "private DNS; check security groups and network ACLs for port 443.",
        docs=_PULL,
        confidence=0.88,
        pattern=rf"CannotPull{FAR}(?:i/o timeout|request canceled|Client\.Timeout|connection "
        r"issue|timed? ?out"
        r"|connection refused|network is unreachable|context deadline exceeded|no route to host)",
    ),
    Rule(
        id="image-registry-name-unresolved",
        category="dns-or-domain",
        title="The registry's host name does not resolve",
        cause="DNS does not know the registry's host name: it is mistyped, or the VPC's DNS is off.",
        names="The name is {host}.",
        remedy="Compare the host in the image field with the registry's; enable DNS support in the VPC.",
        docs=_PULL,
        confidence=0.9,
        pattern=rf"(?:CannotPull{FAR})?dial tcp: lookup (?P<host>[\w.-]+){NEAR}no such host",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="registry-auth-unreachable",
        category="image-pull-network",
        title="The registry's login service cannot be reached",
        cause="The task could not fetch its registry login in time: the subnet has no path to the AWS API.",
        remedy="Give the subnet a NAT route or a public IP, or VPC endpoints for ecr.api, ecr.dkr, S3, "
        "Secrets Manager and CloudWatch Logs.",
        docs=f"{ECS_GUIDE}/resource-initialization-error.html",
        confidence=0.86,
        pattern=r"unable to (?:retrieve ecr registry auth|get registry auth)"
        r"|cannot pull registry auth|unable to pull secrets or registry auth: pull command failed"
        r"|unable to pull secrets or registry auth: Check your task network configuration"
        rf"|registry auth: {SOME}signal: killed",
        fitted=True,
    ),
    Rule(
        id="image-pull-failed",
        category="image-pull-network",
        title="The image could not be pulled",
        cause="The pull of the container image failed for a reason that its words do not make certain.",
        remedy="Read the whole text; check the registry's reach, the image's name and the execution role.",
        docs=_PULL,
        confidence=0.4,
        pattern=r"CannotPull\w*Error|ref pull has been retried|failed to copy: httpRead",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
)
