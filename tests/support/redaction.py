"""Records to redact, and what became of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from forensics.model.record import Fact, Record
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.redactor import Redactor
from tests.support.histories import ACCOUNT, REGION

KEY = b"the key of the tests, 32 bytes.."
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/Shop/53ef3ecd-2736-5d51-a659-fe7b331ccd8b"
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/api"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/main/7ff84bf5db0b8a987faf81df9129d8af"


def redactor(policy: str = "standard", **options: Any) -> Redactor:
    return Redactor(policy, Pseudonyms(KEY), **options)


def record(kind: str, source: str, data: Any, **fields: Any) -> Record:
    """Return a record as an archive holds it."""
    return Record(
        **{
            "type": kind,
            "source": source,
            "id": "0b6f4e3a-31de-5d51-a659-fe7b331ccd8b",
            "recordedtime": "2026-01-15T02:16:09.000Z",
            "seq": 1,
            "prev": "",
            "run": "0" * 32,
            "data": msgspec.Raw(msgspec.json.encode(data)),
            **fields,
        }
    )


def records_of(history: Sequence[Fact]) -> list[Record]:
    """Return facts as an archive would hold them."""
    return [
        record(
            fact.type, fact.source, fact.data, id=fact.id, subject=fact.subject, time=fact.time, seq=number
        )
        for number, fact in enumerate(history, 1)
    ]


def stack_event(**fields: Any) -> Record:
    return record(
        "aws.cloudformation.stack_event",
        STACK,
        {
            "StackId": STACK,
            "StackName": "Shop",
            "EventId": "0b6f4e3a-31de-5d51-a659-fe7b331ccd8b",
            "LogicalResourceId": "Database",
            "ResourceType": "AWS::RDS::DBInstance",
            "ResourceStatus": "CREATE_FAILED",
            "Timestamp": "2026-01-15T02:16:07.000Z",
            **fields,
        },
    )


def task(**fields: Any) -> Record:
    shown = {
        "taskArn": TASK,
        "clusterArn": CLUSTER,
        "group": "service:api",
        "lastStatus": "STOPPED",
        **fields,
    }
    return record("aws.ecs.task", CLUSTER, shown, id=f"{TASK}@4")


def service_event(message: str) -> Record:
    return record("aws.ecs.service_event", SERVICE, {"id": "e1", "message": message})


def line(record: Record | None) -> str:
    """Return a record as a line of a bundle holds it."""
    assert record is not None
    return msgspec.json.encode(record).decode()


def told(record: Record, policy: str = "standard", **options: Any) -> Any:
    """Return the payload of a record as it may be told."""
    shown = redactor(policy, **options).record(record)
    assert shown is not None
    return shown.payload()


def reason(text: str, policy: str = "standard", **options: Any) -> str:
    """Return the reason of a stack's event as it may be told."""
    shown: str = told(stack_event(ResourceStatusReason=text), policy, **options)["ResourceStatusReason"]
    return shown
