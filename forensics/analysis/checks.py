"""Commands that a person can run to check a finding, with real names, quoted for a shell."""

import shlex

from forensics.analysis.classify import fill
from forensics.analysis.shapes import StackEvent, Task
from forensics.analysis.timeline import Timeline
from forensics.model.identity import parse_arn, parse_service_arn, task_id
from forensics.model.inert import inert

# Service Quotas' own name for what a resource type belongs to.
_QUOTA_CODES = {
    "EC2": "ec2",
    "RDS": "rds",
    "Lambda": "lambda",
    "S3": "s3",
    "IAM": "iam",
    "ECS": "fargate",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "DynamoDB": "dynamodb",
    "EKS": "eks",
}


def checks(templates: tuple[str, ...], values: dict[str, str], *, region: str) -> tuple[str, ...]:
    """Return the commands whose places can all be filled, each for one region.

    A value that a shell, a terminal or the AWS CLI would take for something else (control and format
    characters, a leading dash) counts as unknown.
    """
    quoted = {
        name: shlex.quote(value)
        for name, value in values.items()
        if value and inert(value) == value and not value.startswith("-")
    }
    commands = [command for template in templates if (command := fill(template, quoted))]
    suffix = f" --region {shlex.quote(region)}" if region else ""
    return tuple(command + suffix for command in commands)


def values_of_stack(failure: StackEvent) -> dict[str, str]:
    """Return what is known about a failed resource, by the names that rules use."""
    service_name = failure.resource_type.split("::")[1] if failure.resource_type.count("::") == 2 else ""
    return {
        "stack": failure.stack_id if parse_arn(failure.stack_id) else failure.stack_name,
        "service_code": _QUOTA_CODES.get(service_name, ""),
    }


def values_of_service(arn: str) -> dict[str, str]:
    """Return the names that a service's ARN holds."""
    service = parse_service_arn(arn)
    return {"service": service.name, "cluster": service.cluster} if service else {}


def values_of_task(task: Task, timeline: Timeline) -> dict[str, str]:
    """Return what is known about a task, the place of its log included where its definition is known."""
    values = {
        "task": task_id(task.arn),
        "cluster": task.cluster.rpartition("/")[2],
        "task_definition": task.task_definition.rpartition("/")[2],
    }
    place = timeline.log_places.get(task.task_definition)
    if place is not None:
        group, prefix, container = place
        values |= {"log_group": group, "log_stream": f"{prefix}/{container}/{values['task']}"}
    return values


def values_of_captured(captured: dict[str, str]) -> dict[str, str]:
    """Return what a rule's pattern captured, with the names that follow from it."""
    role = captured.get("role", "")
    return captured | ({"role_name": role.rpartition("/")[2]} if role else {})


def region_of(arn: str) -> str:
    """Return the region in an ARN; "" where the text is none."""
    parsed = parse_arn(arn)
    return parsed.region if parsed else ""
