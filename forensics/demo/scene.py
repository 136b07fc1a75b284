"""Where and when the incident plays: names, ids and moments that its parts share."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import orjson

from forensics.model.record import Fact, JsonObject

REGION = "us-east-1"
ACCOUNT = "123456789012"
STACK_NAME = "CourtCaseManagementStack"
NESTED_LOGICAL_ID = "BackendNestedStackBackendNestedStackResource4F1C2A9E"
NESTED_NAME = f"{STACK_NAME}-{NESTED_LOGICAL_ID}-1K7QZ0M3VX5TB"
CLUSTER_NAME = "court-case"
BACKEND_NAME = "court-case-backend"
MEDIA_NAME = "court-case-media"

_HOUR = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)


def moment(text: str) -> datetime:
    """Return a moment of the incident's hour, written as minutes and seconds: ``33:00.4``."""
    minutes, _, seconds = text.partition(":")
    return _HOUR + timedelta(minutes=int(minutes), seconds=float(seconds))


def stamp(at: datetime) -> str:
    """Return a moment as CloudFormation writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(at: datetime) -> float:
    """Return a moment as ECS writes it."""
    return round(at.timestamp(), 3)


def id_of(*parts: object) -> str:
    """Return a UUID that only depends on the parts: the incident is the same whenever it is played."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("forensics-demo", *map(str, parts)))))


def hex_of(*parts: object, length: int = 32) -> str:
    """Return hex digits that only depend on the parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:length]


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource of the incident's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


STACK_ARN = arn("cloudformation", f"stack/{STACK_NAME}/{id_of(STACK_NAME)}")
NESTED_ARN = arn("cloudformation", f"stack/{NESTED_NAME}/{id_of(NESTED_NAME)}")
CLUSTER_ARN = arn("ecs", f"cluster/{CLUSTER_NAME}")
BACKEND_ARN = arn("ecs", f"service/{CLUSTER_NAME}/{BACKEND_NAME}")
MEDIA_ARN = arn("ecs", f"service/{CLUSTER_NAME}/{MEDIA_NAME}")
BACKEND_DEPLOYMENT = "ecs-svc/7254018836120954417"
MEDIA_DEPLOYMENT = "ecs-svc/2908816553094427731"
APP_SECRET_ARN = arn("secretsmanager", "secret:court-case/app-Q7mZ2x")
TARGET_GROUP_ARN = arn("elasticloadbalancing", "targetgroup/court-case-backend/6d0ecf831eec9f09")


def state(kind: str, name: str, payload: JsonObject, *, source: str, at: datetime, subject: str) -> Fact:
    """Return a fact about something that has no id of its own: its key ends in a digest of what it says.

    Args:
        kind: The fact's type.
        name: Of what the payload is the state.
        payload: What AWS says.
        source: ARN of the target.
        at: From when on AWS says it.
        subject: What the fact is about within the target.
    """
    canonical = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    key = f"{name}@{hashlib.sha256(canonical).hexdigest()[:12]}"
    return Fact(type=kind, source=source, id=key, data=payload, time=stamp(at), subject=subject)
