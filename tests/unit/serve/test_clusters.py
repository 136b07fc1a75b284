"""Clusters: when they can be asked about, and what they then show."""

import pytest

from forensics.serve.history import History
from forensics.serve.moments import seconds
from tests.support.histories import ACCOUNT, REGION, epoch, facts, moment, service, stack, task


def _at(at: float) -> float:
    return seconds(moment(at))


def test_a_cluster_is_there_from_its_first_proof_on() -> None:
    """Nothing can be asked of a cluster that does not exist yet."""
    place = History.of(facts(service("api", at=10))).place(ACCOUNT, REGION)
    assert [place.clusters["main"].is_active(_at(at)) for at in (9, 10, 999)] == [None, True, True]


def test_a_cluster_ends_when_its_stack_deletes_it() -> None:
    """After a rollback AWS calls the cluster inactive, and its services cannot be asked for any more."""
    built = stack("Shop").event("C", "AWS::ECS::Cluster", "CREATE_IN_PROGRESS", at=1)
    built.event("C", "AWS::ECS::Cluster", "CREATE_COMPLETE", at=2, physical="main")
    built.event("C", "AWS::ECS::Cluster", "DELETE_COMPLETE", at=20, physical="main")
    place = History.of(facts(built, service("api", at=10))).place(ACCOUNT, REGION)
    cluster = place.clusters["main"]
    assert [cluster.is_active(_at(at)) for at in (1.5, 2, 19, 20)] == [None, True, True, False]


@pytest.mark.parametrize(("at", "version"), [(9, None), (10, 3), (19, 3), (20, 4), (3619, 4), (3620, None)])
def test_a_task_is_shown_in_its_newest_version_until_an_hour_after_it_stopped(
    at: float, version: int | None
) -> None:
    """A stopping task comes again with more detail; an hour later it is gone for good."""
    built = task("api", at=10, last="DEPROVISIONING").version(
        at=20, lastStatus="STOPPED", stoppedAt=epoch(20)
    )
    cluster = History.of(facts(built)).place(ACCOUNT, REGION).clusters["main"]
    shown = cluster.tasks[built.id].shown(_at(at))
    assert (shown.payload["version"] if shown else None) == version
    assert [told.payload["version"] for told in cluster.task_list(_at(at))] == ([version] if version else [])


def test_services_with_the_short_arns_of_old_live_in_the_default_cluster() -> None:
    """ARNs from before 2021 do not name the cluster."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/api"
    api = service("api")
    old = [
        type(fact)(type=fact.type, source=arn, id=fact.id, data=fact.data, time=fact.time)
        for fact in api.facts()
    ]
    place = History.of(old).place(ACCOUNT, REGION)
    assert list(place.clusters["default"].services) == ["api"]
