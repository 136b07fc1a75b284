"""The task definitions of the incident's services; the backend's names the secret that cannot be read."""

from collections.abc import Iterator

from forensics.demo.scene import (
    ACCOUNT,
    APP_SECRET_ARN,
    BACKEND_ARN,
    BACKEND_NAME,
    MEDIA_ARN,
    MEDIA_NAME,
    REGION,
    arn,
    epoch,
    moment,
    stamp,
)
from forensics.model.record import Fact, JsonObject


def definition_facts() -> Iterator[Fact]:
    """Give both services' task definitions, from the moment they are registered."""
    secret = {"name": "DATABASE_PASSWORD", "valueFrom": f"{APP_SECRET_ARN}:database_password::"}
    yield _definition(BACKEND_ARN, BACKEND_NAME, "22:05.8", cpu=("1024", "2048"), secrets=[secret])
    yield _definition(MEDIA_ARN, MEDIA_NAME, "16:32.6", cpu=("512", "1024"), secrets=[])


def _definition(
    service: str, family: str, registered: str, *, cpu: tuple[str, str], secrets: list[JsonObject]
) -> Fact:
    name = family.removeprefix("court-case-")
    at = moment(registered)
    key = arn("ecs", f"task-definition/{family}:1")
    container = {
        "name": name,
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/court-case/{name}:2026.01.15",
        "cpu": 0,
        "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
        "essential": True,
        "environment": [{"name": "STAGE", "value": "staging"}],
        "secrets": secrets,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/court-case/{name}",
                "awslogs-region": REGION,
                "awslogs-stream-prefix": name,
            },
        },
    }
    title = name.capitalize()
    payload = {
        "taskDefinitionArn": key,
        "containerDefinitions": [container],
        "family": family,
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/CourtCase-{title}TaskRole",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/CourtCase-{title}ExecutionRole",
        "networkMode": "awsvpc",
        "revision": 1,
        "volumes": [],
        "status": "ACTIVE",
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu[0],
        "memory": cpu[1],
        "registeredAt": epoch(at),
    }
    return Fact(
        type="aws.ecs.task_definition",
        source=service,
        id=key,
        data=payload,
        time=stamp(at),
        subject=f"{family}:1",
    )
