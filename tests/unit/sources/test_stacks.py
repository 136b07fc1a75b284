"""What the survey of stacks finds, follows and leaves alone."""

from datetime import timedelta
from typing import Any

import pytest

from forensics.model.identity import Stream
from forensics.sources.stacks import Stacks, survey_of
from tests.support.clock import NOON
from tests.support.scripted_aws import ScriptedAws
from tests.unit.sources.polls import CHILD, STACK, after, batch

LIST = "cloudformation:ListStacks"
SURVEY = survey_of(STACK)
SHOP = Stream("stack_events", STACK)


def summary(arn: str = STACK, status: str = "UPDATE_COMPLETE", **fields: str) -> dict[str, Any]:
    name = arn.split("/")[1]
    common = {"StackId": arn, "StackName": name, "CreationTime": "2026-01-15T11:00:00.000Z"}
    return {**common, "StackStatus": status, **fields}


def aws_with(*rows: dict[str, Any]) -> ScriptedAws:
    aws = ScriptedAws()
    aws.on(
        LIST,
        lambda **asked: {
            "StackSummaries": [r for r in rows if r["StackStatus"] in asked["StackStatusFilter"]]
        },
    )
    return aws


def wants_shop(name: str, arn: str) -> bool:
    return name == "shop"


def test_the_survey_of_an_arn_names_its_account_and_region() -> None:
    """One survey serves all stacks of both."""
    assert SURVEY == "arn:aws:cloudformation:us-east-1:123456789012:stack/*"
    with pytest.raises(ValueError, match="nonsense"):
        survey_of("nonsense")


def test_a_wanted_stack_is_found_and_others_leave_no_trace() -> None:
    """The archive is about what somebody asked for, not about the account."""
    other = summary(STACK.replace("shop", "other"))
    answer = batch(Stacks(wants_shop), aws_with(summary(), other), SURVEY)
    assert [fact.source for fact in answer.facts] == [STACK]
    assert (answer.found, answer.moved) == ((SHOP,), ())


def test_a_stack_that_changed_has_moved() -> None:
    """Idle stacks are not polled: this is what wakes them."""
    source = Stacks(wants_shop)
    position = after(source, batch(source, aws_with(summary()), SURVEY))
    assert batch(source, aws_with(summary()), SURVEY, position, polled_at=NOON).moved == ()
    busy = batch(source, aws_with(summary(status="UPDATE_IN_PROGRESS")), SURVEY, position, polled_at=NOON)
    assert busy.moved == (SHOP,)
    assert busy.found == ()


def test_a_stack_nested_in_a_wanted_one_is_wanted() -> None:
    """Its name is made up by CloudFormation; nobody can ask for it."""
    source = Stacks(wants_shop)
    child = summary(CHILD, ParentId=STACK, RootId=STACK)
    assert batch(source, aws_with(child), SURVEY).found == (Stream("stack_events", CHILD),)


def test_a_deleted_stack_moves_once_and_is_forgotten() -> None:
    """It leaves the list; its last events are still there to be read."""
    source = Stacks(wants_shop)
    position = after(source, batch(source, aws_with(summary()), SURVEY))
    deleted = summary(status="DELETE_COMPLETE", DeletionTime="2026-01-15T11:59:00.000Z")
    answer = batch(source, aws_with(deleted), SURVEY, position)
    assert answer.moved == (SHOP,)
    assert answer.facts[0].time == "2026-01-15T11:59:00.000Z"
    position = after(source, answer, position)
    assert batch(source, aws_with(deleted), SURVEY, position).moved == ()


def test_a_stack_that_is_nowhere_any_more_still_moves() -> None:
    """After 90 days AWS lists it nowhere; whoever reads its events will find out."""
    source = Stacks(wants_shop)
    position = after(source, batch(source, aws_with(summary()), SURVEY))
    aws = aws_with()
    for second in range(0, 50, 5):
        now = NOON + timedelta(seconds=second + 5)
        answer = batch(source, aws, SURVEY, position, now=now, polled_at=NOON + timedelta(seconds=second))
        assert answer.moved == (SHOP,)
    assert len(aws.asked) == 10, "the deleted stacks of 90 days are not listed at each poll"


def test_a_deleted_stack_that_nobody_wants_any_more_is_not_looked_for() -> None:
    """A selection that shrank would else read the deleted stacks of 90 days again and again, for nobody."""
    other = summary(STACK.replace("shop", "other"))
    everything = Stacks(lambda _name, _arn: True)
    position = after(everything, batch(everything, aws_with(summary(), other), SURVEY))
    aws = aws_with(summary(), {**other, "StackStatus": "DELETE_COMPLETE"})
    answer = batch(Stacks(wants_shop), aws, SURVEY, position)
    assert (answer.facts, answer.moved) == ((), ())
    assert len(aws.asked) == 1


def test_a_deleted_stack_is_still_wanted_with_its_parent() -> None:
    """What remains of it when it has left the list does not say whose child it was; the position does."""
    source = Stacks(wants_shop)
    child = summary(CHILD, ParentId=STACK, RootId=STACK)
    position = after(source, batch(source, aws_with(summary(), child), SURVEY))
    aws = aws_with(summary(), {**child, "StackStatus": "DELETE_COMPLETE"})
    assert batch(source, aws, SURVEY, position).moved == (Stream("stack_events", CHILD),)


def test_a_quiet_account_is_one_list() -> None:
    """Two hundred idle stacks cost what one costs."""
    source = Stacks(lambda _name, _arn: True)
    rows = [summary(STACK.replace("shop", f"s{number}")) for number in range(200)]
    aws = aws_with(*rows)
    position = after(source, batch(source, aws, SURVEY))
    assert len(batch(source, aws, SURVEY, position, polled_at=NOON).facts) == 0
    assert len(aws.asked) == 2


def test_deleted_stacks_are_filtered_by_aws() -> None:
    """An account that deploys a lot has thousands of them."""
    aws = aws_with(summary())
    batch(Stacks(wants_shop), aws, SURVEY)
    statuses = aws.asked[0][1]["StackStatusFilter"]
    assert "DELETE_COMPLETE" not in statuses
    assert len(set(statuses)) == 22


def test_the_statuses_are_those_that_botocore_knows() -> None:
    """A status that is missing from the filter hides its stacks."""
    from botocore.session import Session

    model = Session().get_service_model("cloudformation")
    known = set(model.shape_for("StackStatus").enum)
    aws = aws_with(summary())
    batch(Stacks(wants_shop), aws, SURVEY)
    assert set(aws.asked[0][1]["StackStatusFilter"]) == known - {"DELETE_COMPLETE"}
