"""Answers of AWS as a person saves them, and what reading them gives."""

import json
from pathlib import Path
from typing import Any

from forensics.model.record import Record
from forensics.saved.reading import Saved

REGION = "eu-west-1"
STACK = f"arn:aws:cloudformation:{REGION}:123456789012:stack/shop/11111111-aaaa-bbbb-cccc-000000000001"
CHILD = f"arn:aws:cloudformation:{REGION}:123456789012:stack/shop-db/11111111-aaaa-bbbb-cccc-000000000002"
SERVICE = f"arn:aws:ecs:{REGION}:123456789012:service/main/backend"
CLUSTER = f"arn:aws:ecs:{REGION}:123456789012:cluster/main"
TASK = f"arn:aws:ecs:{REGION}:123456789012:task/main/0123456789abcdef0123456789abcdef"


def time(second: int) -> str:
    """Return a moment as the AWS CLI v2 prints it."""
    return f"2026-01-15T02:16:{second:02d}.123000+00:00"


def event(name: str, status: str, second: int, **more: Any) -> dict[str, Any]:
    """Return a stack event as an SDK shows it."""
    return {
        "StackId": STACK,
        "StackName": "shop",
        "EventId": f"{name}-{status}-{second}",
        "LogicalResourceId": name,
        "ResourceType": "AWS::SNS::Topic",
        "Timestamp": time(second),
        "ResourceStatus": status,
        **more,
    }


def events(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return events of so many resources, the newest first."""
    return [event(f"R{number}", "CREATE_FAILED", number) for number in range(first, first + count)][::-1]


def task(version: int = 3, **more: Any) -> dict[str, Any]:
    """Return a stopped task as an SDK shows it."""
    return {
        "taskArn": TASK,
        "clusterArn": CLUSTER,
        "group": "service:backend",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": "2026-01-15T03:16:07.123000+01:00",
        "containers": [{"name": "app", "exitCode": 1}],
        "version": version,
        **more,
    }


def read(folder: Path, *contents: Any) -> tuple[list[Record], list[str]]:
    """Save contents to files, read them, and return the facts' records and the notes beyond the first.

    Args:
        folder: Where the files go.
        contents: Bytes or text as they are; anything else as JSON.
    """
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        paths.append(path)
    saved = Saved.open(paths)
    return list(saved.records())[:-1], list(saved.notes[1:])


def keys(records: list[Record]) -> list[str]:
    return [record.id for record in records]
