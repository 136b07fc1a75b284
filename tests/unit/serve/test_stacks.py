"""Stacks: what can be said of them at any moment, and only what is proved."""

import pytest

from forensics.model.record import Fact
from forensics.serve.history import History
from forensics.serve.moments import seconds
from forensics.serve.stacks import Kind, Stack
from tests.support.histories import ACCOUNT, REGION, facts, moment, stack, stamp


def _stack(arn: str, *history: Fact) -> Stack:
    return History.of(history).place(ACCOUNT, REGION).stacks[arn]


def _at(at: float) -> float:
    return seconds(moment(at))


def test_without_awss_own_words_only_what_events_prove_is_said() -> None:
    """An endpoint that guessed would teach the recorder things that never happened."""
    built = stack("Shop").itself("CREATE_COMPLETE", at=5)
    built.itself("UPDATE_IN_PROGRESS", at=6, reason="User Initiated").itself("DELETE_IN_PROGRESS", at=8)
    found = _stack(built.arn, *facts(built))
    known = {"StackId": built.arn, "StackName": "Shop", "CreationTime": stamp(0)}
    assert found.view(Kind.DESCRIPTION, _at(5)).payload == known | {"StackStatus": "CREATE_COMPLETE"}
    assert found.view(Kind.DESCRIPTION, _at(6)).payload == known | {
        "StackStatus": "UPDATE_IN_PROGRESS",
        "StackStatusReason": "User Initiated",
        "LastUpdatedTime": stamp(6),
    }
    assert found.view(Kind.SUMMARY, _at(9)).payload == known | {
        "StackStatus": "DELETE_IN_PROGRESS",
        "LastUpdatedTime": stamp(6),
        "DeletionTime": stamp(8),
    }


def test_awss_own_words_are_kept_until_an_event_outdates_them() -> None:
    """A description from before the rollback must not say that all is well."""
    built = stack("Shop").description(at=3, StackStatus="CREATE_IN_PROGRESS", Outputs=[{"OutputKey": "a"}])
    built.event("Vpc", "AWS::EC2::VPC", "CREATE_FAILED", at=4).itself("ROLLBACK_IN_PROGRESS", at=5)
    found = _stack(built.arn, *facts(built))
    assert "Outputs" in found.view(Kind.DESCRIPTION, _at(4)).payload
    after = found.view(Kind.DESCRIPTION, _at(5)).payload
    assert after["StackStatus"] == "ROLLBACK_IN_PROGRESS"
    assert "Outputs" not in after


def test_awss_own_words_of_the_same_moment_are_not_outdated() -> None:
    """A description that is taken when an operation ends bears the time of the event that ended it."""
    built = stack("Shop").description(at=3, StackStatus="CREATE_COMPLETE", Outputs=[{"OutputKey": "a"}])
    built.itself("CREATE_COMPLETE", at=3)
    assert "Outputs" in _stack(built.arn, *facts(built)).view(Kind.DESCRIPTION, _at(3)).payload


def test_a_summary_alone_is_enough_to_describe_a_stack() -> None:
    """Quiet stacks are known from surveys only."""
    arn = stack("Quiet").arn
    payload = {"StackId": arn, "StackName": "Quiet", "StackStatus": "CREATE_COMPLETE", "Invented": "x"}
    fact = Fact(type="aws.cloudformation.stack", source=arn, id="a", data=payload, time=stamp(0))
    found = _stack(arn, fact)
    assert found.view(Kind.SUMMARY, _at(1)).payload == payload
    described = found.view(Kind.DESCRIPTION, _at(1)).payload
    assert described == {name: payload[name] for name in ("StackId", "StackName", "StackStatus")}


def test_nested_stacks_know_their_parent_and_root() -> None:
    """The parent's event names the child's ARN; that proves the tree."""
    root, middle, leaf = stack("Root"), stack("Middle", at=2), stack("Leaf", at=4)
    root.nested("M", middle, "CREATE_COMPLETE", at=9)
    middle.nested("L", leaf, "CREATE_COMPLETE", at=8)
    view = _stack(leaf.arn, *facts(root, middle, leaf)).view(Kind.SUMMARY, _at(10)).payload
    assert (view["ParentId"], view["RootId"]) == (middle.arn, root.arn)


def test_stacks_that_claim_to_be_each_others_parents_are_survived() -> None:
    """A history is written by anybody; a loop in it must not hang the endpoint."""
    one, two = stack("One"), stack("Two", at=1)
    one.nested("T", two, "CREATE_COMPLETE", at=5)
    two.nested("O", one, "CREATE_COMPLETE", at=6)
    assert _stack(one.arn, *facts(one, two)).parent == two.arn


def test_resources_are_shown_in_their_last_state() -> None:
    """ListStackResources tells where each resource stands, the stack itself left out."""
    built = stack("Shop").event("Vpc", "AWS::EC2::VPC", "CREATE_IN_PROGRESS", at=1)
    built.event("Db", "AWS::RDS::DBInstance", "CREATE_IN_PROGRESS", at=2)
    built.event("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=3, physical="vpc-1", reason="ok")
    shown = _stack(built.arn, *facts(built)).resources(_at(3))
    assert [(entry["LogicalResourceId"], entry["ResourceStatus"]) for entry in shown] == [
        ("Vpc", "CREATE_COMPLETE"),
        ("Db", "CREATE_IN_PROGRESS"),
    ]
    assert shown[0] == {
        "LogicalResourceId": "Vpc",
        "PhysicalResourceId": "vpc-1",
        "ResourceType": "AWS::EC2::VPC",
        "LastUpdatedTimestamp": stamp(3),
        "ResourceStatus": "CREATE_COMPLETE",
        "ResourceStatusReason": "ok",
    }


@pytest.mark.parametrize(
    ("at", "is_shown"),
    [(-0.001, False), (0, True), (5, True), (90 * 86_400 + 4, True), (90 * 86_400 + 5, False)],
)
def test_a_stack_is_shown_from_its_creation_until_ninety_days_after_its_end(
    at: float, is_shown: bool
) -> None:
    """AWS forgets deleted stacks; so must what stands in for it."""
    built = stack("Shop").itself("DELETE_COMPLETE", at=5)
    assert _stack(built.arn, *facts(built)).is_shown(_at(at)) is is_shown
