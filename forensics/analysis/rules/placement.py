"""Rules for tasks that no host takes, and for capacity that AWS does not have."""

from forensics.analysis.rules.rule import DESCRIBE_SERVICE, DESCRIBE_TASK_DEFINITION, ECS_GUIDE, NEAR, Rule

_EVENTS = f"{ECS_GUIDE}/service-event-messages-list.html"
_INSTANCES = "aws ecs list-container-instances --cluster {cluster}"

RULES = (
    Rule(
        id="cluster-has-no-instances",
        category="placement-no-capacity",
        title="The cluster has no instance to run on",
        cause="No container instance is registered in the cluster or its capacity provider.",
        remedy="Check the Auto Scaling group's activity and that the agent joins this cluster; or "
        "use Fargate.",
        docs=_EVENTS,
        confidence=0.95,
        pattern=r"No Container Instances were found|NO ACTIVE INSTANCES|EMPTY CAPACITY PROVIDER",
        checks=(_INSTANCES,),
    ),
    Rule(
        id="instance-agent-disconnected",
        category="placement-no-capacity",
        title="The instance's agent is not connected",
        cause="The closest instance's ECS agent does not answer, so nothing can be placed there.",
        remedy="Look at the agent on the instance, its network path and its role.",
        docs=_EVENTS,
        confidence=0.92,
        pattern=r"encountered error \"?AGENT|doesn.t have the agent connected|^TaskFailedToStart: AGENT"
        r"|agent (?:was )?disconnected|waiting for (?:the )?Amazon ECS Agent",
        checks=(_INSTANCES,),
    ),
    Rule(
        id="instance-too-small",
        category="placement-no-capacity",
        title="No instance has enough room",
        cause="No registered instance has the CPU, memory or GPU left that the task asks for.",
        names="What is short: {short}.",
        remedy="Add or enlarge instances, or ask for less in the task definition.",
        docs=_EVENTS,
        confidence=0.93,
        pattern=r"insufficient (?P<short>CPU|memory|GPU)[\w ]*available|RESOURCE:(?P<kind>CPU|MEMORY"
        r"|GPU|ENI)",
        checks=(_INSTANCES, DESCRIBE_TASK_DEFINITION),
    ),
    Rule(
        id="host-port-taken",
        category="port-or-network",
        title="The host port is already in use",
        cause="Every fitting instance already uses the host port that the task asks for.",
        remedy="Use a dynamic host port (0) or awsvpc, or add instances.",
        docs=_EVENTS,
        confidence=0.9,
        pattern=r"already using a port required|RESOURCE:PORTS|address already in use",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="placement-constraint-unsatisfied",
        category="placement-constraint",
        title="No instance meets the task's constraints",
        cause="The task asks for an attribute or a placement constraint that no instance has.",
        remedy="Compare requiresAttributes and placementConstraints with the instances' attributes.",
        docs=_EVENTS,
        confidence=0.9,
        pattern=r"missing an attribute required|MemberOf placement constraint|TaskFailedToStart: ATTRIBUTE"
        r"|placement constraint|not compatible with the selected compute strategy",
        checks=(_INSTANCES, DESCRIBE_TASK_DEFINITION),
    ),
    Rule(
        id="provisioning-limit",
        category="placement-no-capacity",
        title="Too many tasks wait for capacity",
        cause="The cluster's limit of tasks that wait for capacity is reached.",
        remedy="Look at the capacity provider: its scaling does not keep up.",
        docs=_EVENTS,
        confidence=0.85,
        pattern=r"provisioning capacity limit was exceeded",
        checks=(_INSTANCES,),
        fitted=True,
    ),
    Rule(
        id="capacity-unavailable",
        category="capacity-unavailable",
        title="AWS has no such capacity at the moment",
        cause="AWS does not have the capacity that was asked for, in that zone, at that moment.",
        names="The zone is {zone}.",
        remedy="Try again, name other zones or another instance type.",
        docs="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html",
        confidence=0.94,
        pattern=r"because (?P<zone>[a-z]{2}-[a-z]+-\d[a-z]), the targeted availability zone"
        rf"|(?:sufficient|insufficient|not have (?:enough|sufficient)){NEAR} capacity"
        r"|Capacity is unavailable|InsufficientInstanceCapacity|no capacity available"
        r"|InsufficientDBInstanceCapacity|fulfill (?:the )?capacity",
    ),
    Rule(
        id="task-not-placed",
        category="placement-no-capacity",
        title="A task could not be placed",
        cause="The scheduler found no place for a task.",
        remedy="Read the rest of the text; it names the closest instance and what is wrong with it.",
        docs=_EVENTS,
        confidence=0.5,
        pattern=r"unable to place a task because no container instance met|could not launch \d+ tasks?",
        checks=(DESCRIBE_SERVICE,),
    ),
)
