"""What was asked for, matched against what AWS has."""

import pytest

from forensics.capture import selection
from forensics.capture.selection import Wanted
from forensics.errors import UsageError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/Shop-Api/1f0c9b2e"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/main/api"


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [
        ("Shop-Api", True),
        ("Shop-*", True),
        ("Shop-Ap[hi]", True),
        ("shop-api", False),
        ("Shop", False),
        (STACK, True),
        (STACK[:-1], False),
    ],
    ids=["name", "glob", "class", "other case", "prefix only", "arn", "another stack's arn"],
)
def test_stacks_match_by_name_glob_or_whole_arn(wanted: str, is_wanted: bool) -> None:
    """A name is the whole name; an ARN is one stack and none of its successors."""
    assert selection.wants_stack(Wanted(stacks=(wanted,)), STACK) is is_wanted


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [("main/api", True), ("main/*", True), ("*/api", True), ("other/api", False), (SERVICE, True)],
)
def test_services_match_in_both_parts(wanted: str, is_wanted: bool) -> None:
    """Two clusters may have services of one name."""
    assert selection.wants_service(Wanted(services=(wanted,)), SERVICE) is is_wanted


def test_a_cluster_brings_its_services() -> None:
    """Who watches a cluster wants what its services say too."""
    assert selection.wants_service(Wanted(clusters=("ma*",)), SERVICE)
    assert not selection.wants_service(Wanted(clusters=("other",)), SERVICE)


def test_a_service_brings_its_clusters_stopped_tasks() -> None:
    """Why a task stopped stands with the cluster, not with the service."""
    assert selection.wants_tasks_of(Wanted(services=("main/api",)), CLUSTER)
    assert selection.wants_tasks_of(Wanted(services=(SERVICE,)), CLUSTER)
    assert not selection.wants_tasks_of(Wanted(services=("other/api",)), CLUSTER)


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (Wanted(), "nothing"),
        (Wanted(services=("api",)), "'api'"),
        (Wanted(services=("a/b/c",)), "'a/b/c'"),
        (Wanted(services=("arn:aws:ecs:us-east-1:1:service/api",)), "service/api"),
        (Wanted(clusters=(SERVICE,)), "service/main/api"),
        (Wanted(stacks=("arn:aws:cloudformation:us-east-1:1:stack/Shop",)), "stack/Shop"),
        (Wanted(stacks=("",)), "''"),
        (Wanted(stacks=(STACK.replace("us-east-1", "eu-west-1"),)), "eu-west-1"),
    ],
    ids=["empty", "no cluster", "three parts", "short arn", "wrong kind", "no id", "no name", "region"],
)
def test_what_can_never_match_is_refused_by_name(wanted: Wanted, named: str) -> None:
    """A selection that silently matches nothing is found out after the incident."""
    with pytest.raises(UsageError, match=named) as refusal:
        selection.check(wanted, region="us-east-1")
    assert refusal.value.hint


def test_a_good_selection_passes() -> None:
    """Every form at once."""
    wanted = Wanted(stacks=("Shop*", STACK), clusters=("main", CLUSTER), services=("main/*", SERVICE))
    selection.check(wanted, region="us-east-1")
