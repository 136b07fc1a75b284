"""One poll of one source against a scripted AWS."""

from datetime import datetime
from typing import Any

from forensics.model.identity import Stream
from forensics.sources.base import Batch, Failed, Position, Source
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/11111111-1111-1111-1111-111111111111"
CHILD = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-db/22222222-2222-2222-2222-222222222222"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"
TASKS = Stream("stopped_tasks", CLUSTER)


def poll(
    source: Source,
    aws: ScriptedAws,
    target: str,
    position: Position | None = None,
    *,
    now: datetime = NOON,
    polled_at: datetime | None = None,
    wanted_since: datetime | None = None,
) -> Batch | Failed:
    (answer,) = source.fetch(
        aws,
        [target],
        {target: position},
        now=now,
        polled_at={target: polled_at},
        wanted_since={} if wanted_since is None else {target: wanted_since},
    )
    return answer


def batch(*args: Any, **kwargs: Any) -> Batch:
    answer = poll(*args, **kwargs)
    assert isinstance(answer, Batch), answer
    return answer


def after(source: Source, answer: Batch, position: Position | None = None) -> Position:
    for fact in answer.facts:
        position = source.fold(position, fact)
    assert position is not None
    return position
