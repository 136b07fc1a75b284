"""What stopped_tasks reads of a cluster, how few calls it makes, and what it admits to have missed."""

from datetime import timedelta
from typing import Any

import pytest

from forensics.errors import NotFound
from forensics.model.clock import from_rfc3339, to_rfc3339
from forensics.sources.base import Failed
from forensics.sources.stopped_tasks import StoppedTasks
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws
from tests.unit.sources.polls import CLUSTER, after, batch, poll

LIST = "ecs:ListTasks"
DESCRIBE = "ecs:DescribeTasks"


def arn(number: int) -> str:
    return f"arn:aws:ecs:us-east-1:123456789012:task/main/{number:032x}"


def task(number: int, **fields: Any) -> dict[str, Any]:
    stopped = {"lastStatus": "STOPPED", "version": 5, "stoppedAt": NOON.timestamp() + number}
    return {"taskArn": arn(number), **stopped, **fields}


def aws_with(*tasks: dict[str, Any]) -> ScriptedAws:
    aws = ScriptedAws()
    aws.on(LIST, {"taskArns": [task["taskArn"] for task in tasks]})
    by_arn = {task["taskArn"]: task for task in tasks}
    aws.on(DESCRIBE, lambda cluster, tasks: {"tasks": [by_arn[name] for name in tasks], "failures": []})
    return aws


def test_only_new_tasks_are_described() -> None:
    """The list is one call; describing what is known would be a call for each hundred, each time."""
    source, aws = StoppedTasks(), aws_with(*(task(number) for number in range(250)))
    first = batch(source, aws, CLUSTER)
    assert len(first.facts) == 250
    assert aws.operations.count(DESCRIBE) == 3
    position = after(source, first)
    assert batch(source, aws, CLUSTER, position, polled_at=NOON).facts == ()
    assert aws.operations.count(DESCRIBE) == 3


def test_a_task_that_is_still_stopping_is_read_again_until_it_has_stopped() -> None:
    """Exit codes come later than the reason."""
    source, position, seen = StoppedTasks(), None, []
    stages = [
        task(1, lastStatus="DEACTIVATING", version=3),
        task(1, lastStatus="DEACTIVATING", version=3),
        task(1, lastStatus="STOPPED", version=4),
        task(1, lastStatus="STOPPED", version=4),
    ]
    busy = []
    for stage in stages:
        aws = aws_with(stage)
        answer = batch(source, aws, CLUSTER, position, polled_at=NOON)
        busy.append(answer.is_busy)
        seen += [fact.id for fact in answer.facts]
        for fact in answer.facts:
            position = source.fold(position, fact)
    assert seen == [f"{arn(1)}@3", f"{arn(1)}@4"]
    assert busy == [True, True, False, False]
    assert DESCRIBE not in aws.operations


def test_a_task_without_a_version_is_told_by_its_content() -> None:
    """Some emulators send none."""
    source = StoppedTasks()
    stopping = {key: value for key, value in task(1, lastStatus="STOPPING").items() if key != "version"}
    stopped = stopping | {"lastStatus": "STOPPED"}
    first = batch(source, aws_with(stopping), CLUSTER)
    position = after(source, first)
    assert batch(source, aws_with(stopping), CLUSTER, position, polled_at=NOON).facts == ()
    assert len(batch(source, aws_with(stopped), CLUSTER, position, polled_at=NOON).facts) == 1


def test_tasks_are_oldest_first() -> None:
    """ECS gives them in no order."""
    answer = batch(StoppedTasks(), aws_with(task(3), task(1), task(2)), CLUSTER)
    assert [fact.id[-3] for fact in answer.facts] == ["1", "2", "3"]
    assert answer.facts[0].time == "2026-01-15T12:00:01.000Z"
    assert answer.facts[0].subject == f"{1:032x}"


@pytest.mark.parametrize(("minutes", "is_gap"), [(59, False), (61, True), (120, True)])
def test_an_outage_longer_than_the_horizon_is_admitted(minutes: int, is_gap: bool) -> None:
    """Tasks that stopped in between may have gone without a trace."""
    polled_at = NOON - timedelta(minutes=minutes)
    answer = batch(StoppedTasks(), aws_with(), CLUSTER, polled_at=polled_at)
    assert (answer.gap is not None) is is_gap
    if answer.gap is not None:
        assert (answer.gap.kind, answer.gap.until) == ("unknown", "2026-01-15T11:00:00.000Z")
        assert answer.covers_from == NOON - timedelta(hours=1)


def test_the_first_poll_claims_no_more_than_the_horizon() -> None:
    """What stopped earlier was never ours to see."""
    answer = batch(StoppedTasks(), aws_with(), CLUSTER)
    assert answer.covers_from == NOON - timedelta(hours=1)
    assert answer.gap is None


def test_a_task_that_goes_between_list_and_describe_is_lost_and_said() -> None:
    """Its hour ended between two calls: we know that it was there, and it is not listed any more."""
    aws = aws_with(task(1))
    aws.on(LIST, [{"taskArns": [arn(1), arn(2)]}, {"taskArns": [arn(1)]}])
    aws.on(
        DESCRIBE,
        {"tasks": [task(1)], "failures": [{"arn": arn(2), "reason": "MISSING"}]},
    )
    answer = batch(StoppedTasks(), aws, CLUSTER, polled_at=NOON - timedelta(minutes=1))
    assert len(answer.facts) == 1
    assert answer.gap is not None
    assert (answer.gap.kind, answer.gap.lower_bound) == ("lost", 1)
    assert f"{2:032x}" in answer.gap.detail
    assert "MISSING" in answer.notes[0].message


def test_a_task_that_is_listed_and_not_described_may_still_be_read() -> None:
    """AWS may be of two minds for a while: at each poll the same task would be called lost."""
    aws = aws_with(task(1))
    aws.on(LIST, {"taskArns": [arn(1), arn(2)]})
    aws.on(DESCRIBE, {"tasks": [task(1)], "failures": [{"arn": arn(2), "reason": "MISSING"}]})
    gap = batch(StoppedTasks(), aws, CLUSTER, polled_at=NOON - timedelta(minutes=1)).gap
    assert gap is not None
    assert (gap.kind, gap.lower_bound) == ("unknown", None)
    assert f"not described: {2:032x}." in gap.detail


def test_what_a_gap_counts_is_not_counted_by_the_next_one() -> None:
    """Two outages of two hours each: the task that was stopping before the first is missing once."""
    source, stopping = StoppedTasks(), task(1, lastStatus="DEACTIVATING", version=3)
    position = after(source, batch(source, aws_with(stopping), CLUSTER))
    before = dict(position["tasks"])
    counts = []
    for hours in (2, 4):
        polled_at = NOON + timedelta(hours=hours - 2)
        answer = batch(
            source, aws_with(), CLUSTER, position, now=NOON + timedelta(hours=hours), polled_at=polled_at
        )
        assert answer.gap is not None
        counts.append((answer.gap.kind, answer.gap.lower_bound))
        position = source.fold_gap(position, answer.gap)
    assert counts == [("lost", 1), ("unknown", None)]
    assert before == {f"{1:032x}": ["3", False]}
    (fact,) = batch(source, aws_with(task(1, lastStatus="STOPPED", version=4)), CLUSTER, position).facts
    assert source.fold(position, fact)["tasks"] == {f"{1:032x}": ["4", True]}


def test_a_deleted_cluster_ends_what_was_polled_before() -> None:
    """And is an error where it never was."""
    aws = ScriptedAws()
    aws.on(LIST, NotFound("Cluster not found."))
    assert isinstance(poll(StoppedTasks(), aws, CLUSTER), Failed)
    assert batch(StoppedTasks(), aws, CLUSTER, polled_at=NOON).is_ended


def test_the_position_forgets_the_oldest_of_very_many() -> None:
    """A crash loop of weeks must not fill the memory."""
    source, position = StoppedTasks(), {"tasks": {str(number): ["1", True] for number in range(5000)}}
    (fact,) = batch(source, aws_with(task(1)), CLUSTER).facts
    folded = source.fold(position, fact)
    assert len(folded["tasks"]) == 5000
    assert len(position["tasks"]) == 5000
    assert list(folded["tasks"])[-1] == f"{1:032x}"


@pytest.mark.parametrize(
    ("skew_s", "slow_s"), [(-90.0, 0.0), (90.0, 0.0), (0.0, 120.0), (-60.0, 30.0)], ids=str
)
def test_what_is_forgotten_goes_by_the_clock_of_aws_when_it_answered(skew_s: float, slow_s: float) -> None:
    """Ours is off, or the answer was long on its way: a task that AWS forgot meanwhile was not seen."""
    aws = aws_with()
    aws.answered_at = NOON + timedelta(seconds=slow_s - skew_s)
    aws.skew_s = skew_s
    forgotten_before = aws.answered_at - timedelta(hours=1)
    polled_at = NOON - timedelta(minutes=65)
    answer = batch(StoppedTasks(), aws, CLUSTER, {"tasks": {}}, polled_at=polled_at)
    assert answer.gap is not None
    assert answer.gap.since == to_rfc3339(polled_at)
    until = from_rfc3339(answer.gap.until or "")
    assert until == answer.covers_from
    by_aws, by_us = forgotten_before, forgotten_before + timedelta(seconds=skew_s)
    assert until == max(by_aws, by_us)


@pytest.mark.parametrize("skew_s", [0.0, 90.0, -90.0], ids=str)
@pytest.mark.parametrize(("slow_s", "is_gap"), [(0.0, False), (60.0, True)], ids=str)
def test_nearly_an_hour_is_one_when_the_answer_comes(skew_s: float, slow_s: float, is_gap: bool) -> None:
    """Whatever our clock shows: it has shown it as wrong at the last poll."""
    aws = aws_with()
    aws.answered_at, aws.skew_s = NOON + timedelta(seconds=slow_s - skew_s), skew_s
    polled_at = NOON - timedelta(minutes=59, seconds=30)
    answer = batch(StoppedTasks(), aws, CLUSTER, {"tasks": {}}, polled_at=polled_at)
    assert (answer.gap is not None) == is_gap
