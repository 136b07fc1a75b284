"""Rules for health checks, deployments and the scheduler."""

from forensics.analysis.rules.rule import (
    CLOUDFORMATION_GUIDE,
    DESCRIBE_SERVICE,
    DESCRIBE_TASK,
    ECS_GUIDE,
    Rule,
)

_EVENTS = f"{ECS_GUIDE}/service-event-messages-list.html"
_TARGETS = "aws elbv2 describe-target-health --target-group-arn {target_group}"

RULES = (
    Rule(
        id="elb-health-check-failed",
        category="health-check-elb",
        title="The load balancer judges the tasks unhealthy",
        cause="The load balancer's health checks failed, so ECS stopped the tasks.",
        names="The target group is {target_group}.",
        remedy="Compare the check's path, port and expected codes with the application; let the load "
        "balancer's security group in; lengthen healthCheckGracePeriodSeconds for slow starts.",
        docs=f"{ECS_GUIDE}/load-balancer-healthcheck.html",
        confidence=0.92,
        pattern=r"(?:failed ELB health checks|unhealthy in|not healthy in).{0,40}?"
        r"\((?:target-group|elb|loadbalancer) (?P<target_group>[^)\s]+)\)"
        r"|failed ELB health checks|is unhealthy in .{0,300}?due to|is not healthy in target-group",
        checks=(_TARGETS, DESCRIBE_TASK),
    ),
    Rule(
        id="container-health-check-failed",
        category="health-check-container",
        title="The container's own health check fails",
        cause="The healthCheck command of the task definition kept failing, so ECS stopped the task.",
        remedy="Run the command in the image (its tool has to be there); raise startPeriod or "
        "retries for slow "
        "starts.",
        docs=f"{ECS_GUIDE}/healthcheck.html",
        confidence=0.93,
        pattern=r"failed container health checks|container health check.{0,40}?(?:fail|unhealthy)",
        checks=(DESCRIBE_TASK,),
    ),
    Rule(
        id="deployment-circuit-breaker",
        category="scheduler-stuck-circuit-breaker",
        title="ECS gave the deployment up",
        cause="Too many tasks of the deployment failed, and the circuit breaker ended it; why the "
        "tasks failed "
        "is not in this text.",
        remedy="Read the reasons of the stopped tasks.",
        docs=f"{ECS_GUIDE}/deployment-circuit-breaker.html",
        confidence=0.6,
        pattern=r"circuit breaker|deployment failed: tasks? failed to start",
        checks=(DESCRIBE_SERVICE,),
    ),
    Rule(
        id="tasks-start-impaired",
        category="scheduler-stuck-circuit-breaker",
        title="The service cannot keep tasks running",
        cause="Task after task fails soon after it was started, and ECS now waits longer between tries.",
        remedy="Read the reasons of the stopped tasks.",
        docs=_EVENTS,
        confidence=0.65,
        pattern=r"unable to consistently start tasks",
        checks=(DESCRIBE_SERVICE,),
    ),
    Rule(
        id="deployment-configuration-stuck",
        category="scheduler-stuck-circuit-breaker",
        title="The deployment's percentages leave no room to move",
        cause="minimumHealthyPercent and maximumPercent together allow neither a stop nor a start.",
        remedy="Lower minimumHealthyPercent or raise maximumPercent.",
        docs=_EVENTS,
        confidence=0.9,
        pattern=r"unable to stop or start tasks during a deployment because of the service deployment conf",
        checks=(DESCRIBE_SERVICE,),
    ),
    Rule(
        id="task-set-protected",
        category="deploy-cancelled",
        title="Protected tasks keep the deployment from ending",
        cause="More tasks are protected from scale-in than the desired count leaves.",
        remedy="Let the protection end, or take it off.",
        docs=_EVENTS,
        confidence=0.8,
        pattern=r"task set .{0,80}?unable to scale in|number of protected tasks are more",
    ),
    Rule(
        id="service-throttled",
        category="throttled",
        title="AWS limits the calls of the service",
        cause="ECS's own calls on behalf of the service are throttled.",
        remedy="It goes on by itself; reduce what else calls the API.",
        docs=_EVENTS,
        confidence=0.9,
        pattern=r"operations are being throttled",
    ),
    Rule(
        id="service-did-not-stabilise",
        category="timeout-not-stabilized",
        title="The service did not become stable in time",
        cause="CloudFormation waited for the service's tasks to stay up and gave up.",
        remedy="Read the service's events and the reasons of its stopped tasks.",
        docs=f"{CLOUDFORMATION_GUIDE}/troubleshooting.html",
        confidence=0.7,
        pattern=r"did not stabilize|Exceeded attempts to wait|NotStabilized",
        resource=r"AWS::ECS::Service",
        checks=(DESCRIBE_SERVICE,),
    ),
    Rule(
        id="app-runner-did-not-start",
        category="health-check-container",
        title="The application did not come up",
        cause="The service's own start check failed; the application's log says why.",
        remedy="Read the application log; check port and health-check path.",
        docs="https://docs.aws.amazon.com/apprunner/latest/dg/troubleshooting-create-failure.html",
        confidence=0.75,
        pattern=r"service failed to create\. Review the application logs",
        resource=r"AWS::AppRunner::",
    ),
    Rule(
        id="deployment-stopped",
        category="deploy-cancelled",
        title="The deployment was stopped on request",
        cause="Somebody, or a newer deployment, ended this one before it was done.",
        remedy="None, if it was meant.",
        docs=f"{CLOUDFORMATION_GUIDE}/stack-failure-options.html",
        confidence=0.65,
        pattern=r"^\s*(?:User Initiated|Rollback requested by user\.?|Update cancelled by user)\s*$"
        r"|deployment (?:was )?(?:stopped|cancell?ed) by",
    ),
)
