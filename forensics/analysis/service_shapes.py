"""Views of what ECS says about services beyond their events: states, deployments, task definitions."""

from typing import Any

import msgspec

from forensics.analysis.shapes import (
    Deployment,
    at_of,
    count_at,
    deployments_in,
    moment_of,
    objects_at,
    payload_of,
    text_at,
    value_at,
)
from forensics.model.record import Record


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """What analysis reads of a service itself, as it stood at one moment."""

    seq: int
    key: str
    at: str
    service: str
    """ARN of the service."""
    status: str
    """ACTIVE, DRAINING or INACTIVE."""
    desired: int
    running: int
    pending: int
    task_definition: str
    controller: str
    """ECS, CODE_DEPLOY, EXTERNAL; "" where it is not said, which means ECS."""
    grace_s: int | None
    """healthCheckGracePeriodSeconds; None where it is not said."""
    has_breaker: bool | None
    """Whether the deployment circuit breaker is on; None where the configuration is not said."""
    deployments: tuple[Deployment, ...]
    """As the service's own record holds them."""


def service_state(record: Record) -> ServiceState:
    """Return the view of a service's own record."""
    payload = payload_of(record)
    breaker = value_at(payload, "deploymentConfiguration", "deploymentCircuitBreaker", "enable")
    is_said = isinstance(value_at(payload, "deploymentConfiguration"), dict)
    return ServiceState(
        seq=record.seq,
        key=record.id,
        at=at_of(record),
        service=record.source,
        status=text_at(payload, "status"),
        desired=count_at(payload, "desiredCount") or 0,
        running=count_at(payload, "runningCount") or 0,
        pending=count_at(payload, "pendingCount") or 0,
        task_definition=text_at(payload, "taskDefinition"),
        controller=text_at(payload, "deploymentController", "type"),
        grace_s=count_at(payload, "healthCheckGracePeriodSeconds"),
        has_breaker=breaker is True if is_said else None,
        deployments=tuple(deployments_in(record, payload)),
    )


class ServiceDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """What analysis reads of one service deployment, as it stood at one moment."""

    seq: int
    key: str
    at: str
    service: str
    arn: str
    status: str
    """SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL …"""
    reason: str
    """AWS's words for the status, and for the rollback where there is one."""
    created_at: str
    alarms: tuple[str, ...]
    """Names of the alarms that were triggered."""

    @property
    def is_undone(self) -> bool:
        """Whether it was stopped or rolled back, or is about to be."""
        return self.status.startswith(("ROLLBACK", "STOP"))

    @property
    def text(self) -> str:
        """AWS's words for why, with the alarms that decided; the status where it gives none."""
        alarms = f"triggered alarms: {', '.join(self.alarms)}" if self.alarms else ""
        return "; ".join(part for part in (self.reason, alarms) if part) or self.status


def service_deployment(record: Record) -> ServiceDeployment:
    """Return the view of a service deployment's record."""
    payload = payload_of(record)
    said = [text_at(payload, "statusReason"), text_at(payload, "rollback", "reason")]
    alarms = value_at(payload, "alarms", "triggeredAlarmNames")
    return ServiceDeployment(
        seq=record.seq,
        key=record.id,
        at=at_of(record),
        service=record.source,
        arn=text_at(payload, "serviceDeploymentArn") or record.id.rpartition("@")[0],
        status=text_at(payload, "status"),
        reason="; ".join(dict.fromkeys(text for text in said if text)),
        created_at=moment_of(payload.get("createdAt")),
        alarms=tuple(name for name in alarms if isinstance(name, str)) if isinstance(alarms, list) else (),
    )


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A container's own health check, with ECS's defaults where a number is not given."""

    start_s: int
    interval_s: int
    retries: int

    @property
    def patience_s(self) -> int:
        """Seconds after the start at which a container that never answers is unhealthy, at the earliest."""
        return self.start_s + self.interval_s * self.retries


class TaskDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What analysis reads of a task definition."""

    seq: int
    key: str
    at: str
    arn: str
    images: tuple[tuple[str, str], ...]
    """Container and image, in the definition's order."""
    health_checks: tuple[tuple[str, HealthCheck], ...]
    """Container and check, of the containers that have one."""


def task_definition(record: Record) -> TaskDefinition:
    """Return the view of a task definition's record."""
    payload = payload_of(record)
    inner = payload.get("taskDefinition")
    containers = objects_at(inner if isinstance(inner, dict) else payload, "containerDefinitions")
    return TaskDefinition(
        seq=record.seq,
        key=record.id,
        at=at_of(record),
        arn=text_at(payload, "taskDefinitionArn") or record.id,
        images=tuple((text_at(item, "name"), text_at(item, "image")) for item in containers),
        health_checks=tuple(
            (text_at(item, "name"), _health_check(item)) for item in containers if "healthCheck" in item
        ),
    )


def _health_check(container: dict[str, Any]) -> HealthCheck:
    # ECS's defaults: no start period, a check every 30 seconds, three tries.
    start, interval, retries = (
        count_at(container, "healthCheck", name) for name in ("startPeriod", "interval", "retries")
    )
    return HealthCheck(start_s=start or 0, interval_s=interval or 30, retries=retries or 3)
