"""The endpoint proved from outside: the AWS CLI reads back the demo's incident."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from forensics.demo import incident, scene
from forensics.demo.services import TRIPPED_AT
from forensics.demo.tasks import START_FAILURE
from forensics.model.clock import to_rfc3339
from forensics.serve.endpoint import EndpointOptions
from tests.support.clients import Served, aws, served
from tests.support.histories import START, stamp

_FAILED_S = (TRIPPED_AT - START).total_seconds() + 1
_HISTORY = incident.facts()


@pytest.fixture(scope="module")
def own() -> Iterator[Served]:
    with served(EndpointOptions(keys=incident.keys())) as found:
        yield found


def _read(own: Served, home: Path, *arguments: str, key: str = incident.SECOND_KEY) -> Any:
    done = aws(own.url, *arguments, home=home, key=key)
    assert done.stderr == ""
    return json.loads(done.stdout)


def _known(kind: str, source: str, at_s: float) -> list[Any]:
    """Return the payloads of a type and target that AWS tells at a moment, oldest first."""
    return [
        fact.data
        for fact in _HISTORY
        if fact.type == kind and fact.source == source and (fact.time or "") <= stamp(at_s)
    ]


def _same_moments(shown: Any) -> Any:
    """Return what the CLI printed with CloudFormation's times as they stood on the wire."""
    if isinstance(shown, dict):
        return {
            name: to_rfc3339(datetime.fromisoformat(value)) if name == "Timestamp" else _same_moments(value)
            for name, value in shown.items()
        }
    return [_same_moments(value) for value in shown] if isinstance(shown, list) else shown


def test_describe_stack_events_prints_the_whole_history(own: Served, tmp_path: Path) -> None:
    """The CLI pages by itself; four pages of the root stack's events come out as one list."""
    end_s = (incident.INCIDENT_ENDS_AT - START).total_seconds()
    own.play(_HISTORY, at=end_s)
    shown = _read(
        own, tmp_path, "cloudformation", "describe-stack-events", "--stack-name", incident.STACK_ARN
    )
    known = _known("aws.cloudformation.stack_event", incident.STACK_ARN, end_s)
    assert len(known) > 200
    assert _same_moments(shown["StackEvents"]) == known[::-1]


def test_describe_services_prints_the_failed_deployment(own: Served, tmp_path: Path) -> None:
    """The service as it stood when the circuit breaker had tripped, events included."""
    own.play(_HISTORY, at=_FAILED_S)
    shown = _read(
        own,
        tmp_path,
        "ecs",
        "describe-services",
        "--cluster",
        scene.CLUSTER_NAME,
        "--services",
        scene.BACKEND_NAME,
        "nothing",
    )
    deployment = shown["services"][0]["deployments"][0]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("FAILED", 53)
    known = _known("aws.ecs.service_event", scene.BACKEND_ARN, _FAILED_S)
    assert [event["message"] for event in shown["services"][0]["events"]] == [
        event["message"] for event in known[::-1]
    ]
    assert [failure["reason"] for failure in shown["failures"]] == ["MISSING"]


def test_list_tasks_and_describe_tasks_print_why_tasks_stopped(own: Served, tmp_path: Path) -> None:
    """What a person would do by hand, in time, finds the cause fifty-three times."""
    own.play(_HISTORY, at=_FAILED_S + 20)
    cluster = ("--cluster", scene.CLUSTER_NAME)
    listed = _read(own, tmp_path, "ecs", "list-tasks", *cluster, "--desired-status", "STOPPED")["taskArns"]
    shown = _read(own, tmp_path, "ecs", "describe-tasks", *cluster, "--tasks", *listed)
    reasons = [task["stoppedReason"] for task in shown["tasks"]]
    assert len(reasons) == 54
    assert reasons.count(START_FAILURE) == 53


def test_describe_stacks_by_name_ends_when_the_stack_is_deleted(own: Served, tmp_path: Path) -> None:
    """The CLI fails with AWS's own sentence once the name finds nothing."""
    own.play(_HISTORY, at=(incident.INCIDENT_ENDS_AT - START).total_seconds())
    done = aws(
        own.url,
        "cloudformation",
        "describe-stacks",
        "--stack-name",
        incident.STACK_NAME,
        home=tmp_path,
        key=incident.SECOND_KEY,
    )
    assert done.returncode != 0
    assert "(ValidationError)" in done.stderr
    assert f"Stack with id {incident.STACK_NAME} does not exist" in done.stderr


def test_the_first_key_ends_in_the_middle_of_the_rollback(own: Served, tmp_path: Path) -> None:
    """The demo's credentials expire at minute 24, and the second key is good from then on."""
    own.play(_HISTORY, at=(incident.FIRST_KEY_EXPIRES_AT - START).total_seconds())
    done = aws(own.url, "sts", "get-caller-identity", home=tmp_path, key=incident.FIRST_KEY)
    assert "(ExpiredToken)" in done.stderr
    identity = _read(own, tmp_path, "sts", "get-caller-identity", key=incident.SECOND_KEY)
    assert identity["Account"] == incident.ACCOUNT
