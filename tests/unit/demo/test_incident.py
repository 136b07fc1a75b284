"""The demo's incident: told consistently, and with the landmarks of the reports it is made from."""

from collections import Counter, defaultdict
from datetime import timedelta

import orjson
import pytest

from forensics.demo import incident, scene
from forensics.demo.incident import keys as access_keys
from forensics.demo.services import TRIPPED_AT
from forensics.demo.tasks import START_FAILURE
from forensics.model.clock import from_rfc3339
from forensics.model.record import Fact
from forensics.model.wire import read_xml, write_xml

_FACTS = incident.facts()


def _of(kind: str, source: str | None = None) -> list[Fact]:
    return [fact for fact in _FACTS if fact.type == kind and source in (None, fact.source)]


def test_it_is_the_same_each_time() -> None:
    """A demo whose output changes cannot be quoted in the docs."""
    assert incident.facts() == _FACTS


def test_every_fact_has_its_own_key_and_lies_within_the_incident() -> None:
    """Two facts with one key would be one fact to the recorder."""
    assert len({(fact.source, fact.id) for fact in _FACTS}) == len(_FACTS)
    for fact in _FACTS:
        assert fact.time is not None
        assert incident.INCIDENT_STARTS_AT < from_rfc3339(fact.time) < incident.INCIDENT_ENDS_AT


@pytest.mark.parametrize(
    ("logical_id", "status", "clock"),
    [
        (incident.STACK_NAME, "CREATE_IN_PROGRESS", "02:16:07"),
        ("BackendServiceLB6C2D94F8", "CREATE_COMPLETE", "02:19:56"),
        ("BackendServiceLBListener80D13B75A2", "CREATE_COMPLETE", "02:19:59"),
        ("MediaService7D05B3EF", "CREATE_COMPLETE", "02:21:34"),
        ("CourtCaseRedis5F0D1B9C", "CREATE_COMPLETE", "02:28:14"),
        ("RedisMemoryAlarmD86E0A15", "CREATE_COMPLETE", "02:28:32"),
        (incident.STACK_NAME, "ROLLBACK_IN_PROGRESS", "02:33:00"),
    ],
)
def test_the_landmarks_are_where_the_report_has_them(logical_id: str, status: str, clock: str) -> None:
    """The demo is about a deployment that happened."""
    found = [
        fact.time
        for fact in _of("aws.cloudformation.stack_event", incident.STACK_ARN)
        if (fact.data["LogicalResourceId"], fact.data["ResourceStatus"]) == (logical_id, status)
    ]
    assert [(time or "")[11:19] for time in found[:1]] == [clock]


def test_nothing_succeeds_between_the_last_success_and_the_rollback() -> None:
    """For four and a half minutes the report saw nothing; that is when the tasks failed."""
    between = [
        fact
        for fact in _of("aws.cloudformation.stack_event")
        if fact.data["ResourceStatus"] == "CREATE_COMPLETE" and (fact.time or "") > "2026-01-15T02:28:33"
    ]
    assert between == []


def test_each_resource_lives_in_order() -> None:
    """Begun, named, done or failed, deleted: anything else would be no CloudFormation."""
    lives = defaultdict(list)
    for fact in _of("aws.cloudformation.stack_event"):
        if fact.data["PhysicalResourceId"] != fact.source:
            lives[fact.source, fact.subject].append(fact.data["ResourceStatus"])
    assert len(lives) == 60
    begun, over = ["CREATE_IN_PROGRESS"] * 2, ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    endings = Counter(life[2] for life in lives.values() if life == begun + life[2:3] + over)
    assert endings == {"CREATE_COMPLETE": 56, "CREATE_FAILED": 4}


def test_resources_are_deleted_inside_their_stacks_deletion() -> None:
    """No event of a stack comes before its first or after its last."""
    for arn in (scene.STACK_ARN, scene.NESTED_ARN):
        events = _of("aws.cloudformation.stack_event", arn)
        assert events[0].data["PhysicalResourceId"] == arn
        assert (events[-1].data["PhysicalResourceId"], events[-1].data["ResourceStatus"]) == (
            arn,
            "DELETE_COMPLETE",
        )


def test_tasks_fail_fifty_three_times_for_one_reason() -> None:
    """The breaker's threshold is the number of failures that the second report counted."""
    last = {fact.subject: fact.data for fact in _of("aws.ecs.task")}
    reasons = Counter(task["stoppedReason"] for task in last.values() if task["group"].endswith("backend"))
    assert reasons[START_FAILURE] == 53
    assert sum(reasons.values()) == 54
    assert {task["stopCode"] for task in last.values() if task["stoppedReason"] == START_FAILURE} == {
        "TaskFailedToStart"
    }


def test_failed_tasks_rise_one_by_one_until_the_breaker_trips() -> None:
    """What the recorder shows of the deployment is this."""
    deployments = [fact.data["deployments"][0] for fact in _of("aws.ecs.service", scene.BACKEND_ARN)[:-2]]
    counts = [deployment["failedTasks"] for deployment in deployments]
    assert counts == sorted(counts)
    assert set(counts) == set(range(54))
    assert [deployment["rolloutState"] for deployment in deployments[-2:]] == ["IN_PROGRESS", "FAILED"]
    assert deployments[-1]["updatedAt"] == scene.epoch(TRIPPED_AT)


def test_a_deployment_that_changed_says_when() -> None:
    """A change with an old date would be told in the wrong place."""
    seen: dict[str, tuple[float, object]] = {}
    for fact in _of("aws.ecs.service"):
        for deployment in fact.data["deployments"]:
            at, before = seen.get(deployment["id"], (0.0, None))
            assert deployment["updatedAt"] > at or deployment == before
            seen[deployment["id"]] = (deployment["updatedAt"], deployment)
    assert len(seen) == 2


def test_no_more_than_the_desired_number_of_tasks_run_at_once() -> None:
    """The scheduler never has more than six tasks that are not stopping."""
    changes = []
    for fact in _of("aws.ecs.task"):
        if fact.data["group"].endswith("backend") and fact.data["version"] in (1, 3):
            changes.append((fact.time, 1 if fact.data["version"] == 1 else -1))
    alive = [sum(change for _, change in sorted(changes)[: place + 1]) for place in range(len(changes))]
    assert max(alive) == 6
    assert alive[-1] == 0


def test_the_failure_travels_upwards_in_time() -> None:
    """Task, breaker, service, nested stack, parent, siblings, rollback: each later than its cause."""
    failures = [
        (fact.time or "", str(fact.data.get("ResourceStatusReason", "")))
        for fact in _of("aws.cloudformation.stack_event")
        if fact.data["ResourceStatus"] in ("CREATE_FAILED", "ROLLBACK_IN_PROGRESS")
    ]
    assert from_rfc3339(failures[0][0]) > TRIPPED_AT
    words = (
        "Circuit Breaker",
        "following resource(s)",
        "Embedded stack",
        "cancelled",
        "cancelled",
        "Rollback requested",
    )
    assert [word in reason for word, (_, reason) in zip(words, failures, strict=True)] == [True] * 6


def test_the_first_key_ends_in_the_middle_of_the_rollback() -> None:
    """At minute 24, with events still to come before and after somebody logs in again."""
    assert incident.INCIDENT_STARTS_AT + timedelta(minutes=24) == incident.FIRST_KEY_EXPIRES_AT
    times = [from_rfc3339(fact.time or "") for fact in _FACTS]
    missed = [time for time in times if incident.FIRST_KEY_EXPIRES_AT <= time < incident.RENEWED_AT]
    assert missed
    assert max(times) > incident.RENEWED_AT
    assert [key.expires_at for key in access_keys()] == [
        incident.FIRST_KEY_EXPIRES_AT,
        incident.SECOND_KEY_EXPIRES_AT,
    ]
    assert incident.SECOND_KEY_EXPIRES_AT > incident.INCIDENT_ENDS_AT


def test_everything_can_be_sent_and_read_back() -> None:
    """CloudFormation's values are texts, lists and structures; ECS's are JSON."""
    for fact in _FACTS:
        if fact.type.startswith("aws.cloudformation"):
            assert read_xml(write_xml("Op", fact.data, "r"), "Op") == fact.data
        else:
            assert orjson.loads(orjson.dumps(fact.data)) == fact.data
