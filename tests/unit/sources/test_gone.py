"""What a source says when its target was deleted since the last poll."""

from datetime import timedelta

import pytest

from forensics.errors import NotFound
from forensics.sources.base import Batch
from forensics.sources.services import Services
from forensics.sources.stopped_tasks import StoppedTasks
from tests.contract.upstream import CLUSTER, SERVICE
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws


@pytest.mark.parametrize(
    ("source", "target", "operation"),
    [(Services(), SERVICE, "ecs:DescribeServices"), (StoppedTasks(), CLUSTER, "ecs:ListTasks")],
    ids=["services", "stopped_tasks"],
)
def test_what_a_deleted_target_said_last_may_be_missing(
    source: Services | StoppedTasks, target: str, operation: str
) -> None:
    """An outage that ends in a deletion has recovered nothing: AWS tells no more of what is gone."""
    aws = ScriptedAws()
    aws.on(operation, NotFound("The referenced cluster was inactive.", operation=operation))
    polled_at = NOON - timedelta(minutes=20)
    (batch,) = source.fetch(
        aws,
        [target],
        {target: {"at": "2026-01-15T11:00:00.000Z"}},
        now=NOON,
        polled_at={target: polled_at},
        wanted_since={},
    )
    assert isinstance(batch, Batch)
    assert batch.is_ended
    assert batch.gap is not None
    assert (batch.gap.since, batch.gap.until) == ("2026-01-15T11:40:00.000Z", "2026-01-15T12:00:00.000Z")
    assert (batch.gap.kind, batch.gap.reason) == ("unknown", "window")
