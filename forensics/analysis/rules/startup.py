"""Rules for containers that do not start, or end when they should not."""

from forensics.analysis.rules.rule import (
    DESCRIBE_TASK,
    DESCRIBE_TASK_DEFINITION,
    ECS_GUIDE,
    FAR,
    NEAR,
    SOME,
    Rule,
)

_CODES = f"{ECS_GUIDE}/stopped-task-error-codes.html"
_LOGS = "aws logs tail {log_group} --log-stream-names {log_stream}"

RULES = (
    Rule(
        id="container-out-of-memory",
        category="container-oom",
        title="A container used more memory than it may",
        cause="The kernel killed a container that went over its memory limit.",
        remedy="Raise the container's or the task's memory, or find what grows.",
        docs=_CODES,
        confidence=0.97,
        pattern=r"OutOfMemoryError|OOM-?kill|killed due to memory usage",
        checks=(DESCRIBE_TASK, DESCRIBE_TASK_DEFINITION),
    ),
    Rule(
        id="container-command-not-found",
        category="container-command-not-found",
        title="The container's command cannot be run",
        cause="The entry point or command is not in the image, or may not be executed.",
        names="The command is {command}.",
        remedy="Give the command as a list of words, check its path in the image and its execute bit.",
        docs=_CODES,
        confidence=0.93,
        pattern=rf"exec:? \\*\"(?P<command>[^\"\\]+)\\*\"{FAR}(?:executable file not found"
        r"|no such file"
        r"|permission denied|is a directory)|executable file not found in \$PATH"
        rf"|exec: {SOME}stat {SOME}no such file",
        checks=(DESCRIBE_TASK_DEFINITION,),
    ),
    Rule(
        id="exit-command-not-found",
        category="container-command-not-found",
        title="The container's command was not found",
        cause="A container ended with exit code {exit_code}: a shell's way to say that the command is not "
        "there (127) or may not be run (126).",
        remedy="Check the command and entry point against the image.",
        docs=_CODES,
        confidence=0.75,
        pattern=r"^exit code (?P<exit_code>12[67])$",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="exit-killed",
        category="container-exit-error",
        title="A container was killed",
        cause="A container ended with exit code 137: it was killed, for want of memory or because it did not "
        "end within stopTimeout.",
        remedy="Look at the memory's course before the end; let the process end on SIGTERM.",
        docs=_CODES,
        confidence=0.55,
        pattern=r"^exit code 137$",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="exit-crash",
        category="container-exit-error",
        title="A container crashed",
        cause="A container ended by a signal of its own making (134: abort, 139: segmentation fault).",
        remedy="Look for the crash in the container's logs; check the image's architecture and libraries.",
        docs=_CODES,
        confidence=0.75,
        pattern=r"^exit code (?:134|139)$",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="exit-terminated",
        category="container-exit-error",
        title="A container was asked to end",
        cause="A container ended on SIGTERM (exit code 143).",
        remedy="Find who stopped it: a deployment, a health check, or a person.",
        docs=_CODES,
        confidence=0.45,
        pattern=r"^exit code 143$",
        checks=(DESCRIBE_TASK,),
    ),
    Rule(
        id="exit-clean",
        category="container-exit-error",
        title="The container's work was done, but a service has to go on",
        cause="An essential container ended with exit code 0, and with it the task.",
        remedy="Keep the process in the foreground, or mark the container as not essential.",
        docs=_CODES,
        confidence=0.7,
        pattern=r"^exit code 0$",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="exit-error",
        category="container-exit-error",
        title="The application ended with an error",
        cause="An essential container's process ended by itself with an error; its own log says why.",
        remedy="Read the container's last log lines; missing configuration and an unreachable database are "
        "the usual reasons.",
        docs=_CODES,
        confidence=0.85,
        pattern=r"^exit code (?!(?:0|12[67]|13[479]|143)$)\d+$",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="essential-container-exited",
        category="container-exit-error",
        title="An essential container ended",
        cause="An essential container ended and its exit code was not recorded.",
        remedy="Read the container's last log lines.",
        docs=_CODES,
        confidence=0.6,
        pattern=rf"Essential container {NEAR}exited",
        checks=(DESCRIBE_TASK, _LOGS),
    ),
    Rule(
        id="log-group-absent",
        category="log-driver",
        title="The log group does not exist, or cannot be written",
        cause="The log driver could not be set up, so the container was never started.",
        remedy="Create the log group, or set awslogs-create-group with logs:CreateLogGroup for the execution "
        "role; check the region and the path to CloudWatch Logs.",
        docs=f"{ECS_GUIDE}/using_awslogs.html",
        confidence=0.95,
        pattern=r"failed to (?:initialize logging driver|validate logger args|create Cloudwatch log)"
        rf"|specified log group does not exist|ResourceInitializationError{SOME}logg?er args",
        checks=(
            DESCRIBE_TASK_DEFINITION + " --query 'taskDefinition.containerDefinitions[].logConfiguration'",
        ),
    ),
    Rule(
        id="device-absent",
        category="placement-constraint",
        title="The host lacks a device that the container needs",
        cause="A device, such as a GPU, that the task definition asks for is not on the host.",
        remedy="Place the task on instances that have it; check the AMI and the driver.",
        docs=f"{ECS_GUIDE}/ecs-gpu.html",
        confidence=0.88,
        pattern=r"error gathering device information|prestart hook \d+ caused|nvidia-container-cli"
        r"|could not select device driver",
        fitted=True,
    ),
    Rule(
        id="image-file-absent",
        category="invalid-parameter",
        title="The image lacks a file that the start needs",
        cause="The container's file system has no such user, folder or file.",
        remedy="Check user, workingDirectory and the image's contents.",
        docs=_CODES,
        confidence=0.7,
        pattern=r"unable to create new container: mount callback failed|unable to find user"
        r"|no matching entries in passwd",
        checks=(DESCRIBE_TASK_DEFINITION,),
        fitted=True,
    ),
    Rule(
        id="runtime-unresponsive",
        category="unknown",
        title="The container runtime did not answer in time",
        cause="The host's container runtime timed out or broke; the host is short of something.",
        remedy="Look at the host's disk, memory and agent log; replace the instance if it goes on.",
        docs=_CODES,
        confidence=0.5,
        pattern=r"DockerTimeoutError|ContainerRuntimeTimeoutError|ContainerRuntimeError|DockerStateError"
        r"|CannotInspectContainerError|CannotStopContainerError|CannotCreateContainerError"
        r"|CannotStartContainerError|ContainerVanishedError|ImpossibleStateTransition|^InternalError",
    ),
    Rule(
        id="task-role-not-assumable",
        category="task-role-missing",
        title="ECS may not assume the task's role",
        cause="The role in the task definition does not exist, or does not trust ecs-tasks.amazonaws.com.",
        names="The role is {role}.",
        remedy="Correct the role's ARN or its trust policy.",
        docs=f"{ECS_GUIDE}/task-iam-roles.html",
        confidence=0.94,
        pattern=rf"(?:ECS{NEAR})?unable to assume (?:the )?role '?"
        r"(?P<role>arn:aws[\w-]*:iam::[^:\s]*:role/[\w+=,.@/-]+)"
        rf"|(?:ECS|ecs){NEAR}unable to assume (?:the )?role|Role is not valid",
        checks=("aws iam get-role --role-name {role_name}",),
    ),
    Rule(
        id="task-stopped-by-person",
        category="user-or-scaling-stop",
        title="Somebody stopped the task",
        cause="StopTask was called; nothing in the task itself is known to be wrong.",
        remedy="CloudTrail shows who called ecs:StopTask.",
        docs=_CODES,
        confidence=0.85,
        pattern=r"Task (?:was )?stopped by (?:a )?user|StopTask|^stop code UserInitiated$",
        checks=(
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopTask",
        ),
    ),
    Rule(
        id="task-scaled-in",
        category="user-or-scaling-stop",
        title="The scheduler no longer wanted the task",
        cause="The desired count fell, or a deployment replaced the task: this is normal.",
        remedy="None.",
        docs=_CODES,
        confidence=0.8,
        pattern=r"Scaling activity initiated by",
    ),
    Rule(
        id="spot-interrupted",
        category="spot-interruption",
        title="Spot capacity was taken back",
        cause="AWS took back the spot capacity that the task ran on.",
        remedy="Mix in on-demand capacity; spread over zones and instance types.",
        docs=f"{ECS_GUIDE}/spot-interruption-errors.html",
        confidence=0.95,
        pattern=r"Spot Task was interrupted|Spot ?Interruption",
    ),
    Rule(
        id="host-gone",
        category="placement-no-capacity",
        title="The host went away",
        cause="The container instance was stopped, terminated or forced out with its tasks.",
        remedy="Look at the Auto Scaling group's activity; drain instances before they end.",
        docs=_CODES,
        confidence=0.8,
        pattern=rf"Host EC2 {NEAR}(?:stopped|terminated)|Container instance deregistration forced"
        r"|Unhealthy container instance|^stop code (?:TerminationNotice|InfrastructureHealth)$"
        r"|maintenance on the underlying|task retirement",
    ),
)
