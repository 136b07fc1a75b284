"""What shows only over time: each pattern is found where it is, and never in a deployment that goes well."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.diagnose import diagnose
from forensics.model.finding import Diagnosis, Finding
from tests.support.clock import NOON
from tests.unit.analysis.records import CLUSTER, SERVICE, STACK, Book, at, deployment_of
from tests.unit.analysis.test_diagnose import BREAKER, ECS_SERVICE, SECRET, failed_service

MINUTE = 60
HOUR = 3600


def epoch(second: float) -> float:
    return NOON.timestamp() + second


def of(book: Book) -> Diagnosis:
    return diagnose(book.records)


def found(book: Book, rule: str) -> Finding | None:
    return next((item for item in of(book).findings if item.rule == rule), None)


def looping(book: Book, tasks: int = 8, every: float = 780, **state: Any) -> None:
    """A service that starts a task every so many seconds, each of which fails, and that nothing stops."""
    running = deployment_of(
        "COMPLETED", name="ecs-svc/0", revision=5, status="ACTIVE", runningCount=1, began=-9 * HOUR
    )
    for number in range(tasks):
        start = number * every
        book.task(SECRET, second=start + every / 2, createdAt=epoch(start))
        asked = deployment_of("IN_PROGRESS", failedTasks=number + 1)
        book.service(asked, running, second=start + every / 2, runningCount=1, **state)


def test_a_loop_of_starts_and_failures_has_a_period_a_count_and_a_length() -> None:
    book = Book()
    looping(book)
    finding = found(book, "start-fail-loop")
    assert finding is not None
    assert "8 tasks failed" in finding.cause
    assert "about one every 13m, over 1h31m, and it goes on" in finding.cause
    assert (finding.first_at, finding.count) == (at(0), 8)
    assert finding.role == "context"


def test_a_loop_shows_in_the_schedulers_messages_where_the_tasks_are_forgotten() -> None:
    """Recording began a day late: of 53 tasks only the counter and the newest messages are left."""
    book = Book()
    for second in (0, 26 * MINUTE, 54 * MINUTE):
        book.said(f"(service backend) has started 1 tasks: (task {second:032x}).", second=second)
    book.service(deployment_of("IN_PROGRESS", failedTasks=53, began=-HOUR), second=HOUR)
    finding = found(book, "start-fail-loop")
    assert finding is not None
    assert "53 tasks failed" in finding.cause
    assert "about one every 26m" in finding.cause


def test_a_deployment_that_neither_completes_nor_fails_is_stuck() -> None:
    book = Book()
    looping(book)
    finding = found(book, "deployment-stuck")
    assert finding is not None
    assert "IN_PROGRESS for 1h38m" in finding.cause
    assert "0 of 1 tasks run, 8 have failed" in finding.cause


def test_a_deployment_stuck_without_any_known_failure_is_said_too() -> None:
    book = Book()
    book.service(deployment_of("IN_PROGRESS"), second=0)
    book.service(deployment_of("IN_PROGRESS", pendingCount=1), second=2 * HOUR)
    diagnosis = of(book)
    assert diagnosis.outcome == "in_progress"
    assert "deployment-stuck" in {item.rule for item in diagnosis.findings}


def test_two_deployments_at_once_are_named() -> None:
    book = Book()
    looping(book)
    book.service(
        deployment_of("IN_PROGRESS", failedTasks=9, revision=9),
        deployment_of("IN_PROGRESS", name="ecs-svc/8", status="ACTIVE", revision=9, failedTasks=18),
        second=9 * 780,
    )
    finding = found(book, "deployments-overlap")
    assert finding is not None
    assert "ecs-svc/1 (backend:9), ecs-svc/8 (backend:9)" in finding.cause
    assert "All ask for the same task definition." in finding.cause


@pytest.mark.parametrize(
    ("configuration", "is_missing"),
    [
        ({"maximumPercent": 200}, True),
        ({"deploymentCircuitBreaker": {"enable": False, "rollback": False}}, True),
        ({"deploymentCircuitBreaker": {"enable": True, "rollback": True}}, False),
        (None, False),
    ],
    ids=["left out", "off", "on", "not said"],
)
def test_a_missing_circuit_breaker_is_said_where_tasks_keep_failing(
    configuration: dict[str, Any] | None, is_missing: bool
) -> None:
    book = Book()
    looping(book, **({"deploymentConfiguration": configuration} if configuration else {}))
    assert (found(book, "no-circuit-breaker") is not None) == is_missing


def test_what_was_asked_for_is_compared_with_what_runs() -> None:
    book = Book()
    book.definition(5, "shop/web:3.3.1")
    book.definition(6, "shop/web:3.3.2")
    looping(book)
    finding = found(book, "old-revision-runs")
    assert finding is not None
    assert finding.cause == (
        "Asked for: backend:6 with shop/web:3.3.2. Running: backend:5 with shop/web:3.3.1 (1 tasks)."
    )
    assert len(finding.evidence) == 3


def test_a_desired_count_that_was_never_reached_is_said() -> None:
    book = Book()
    looping(book)
    finding = found(book, "desired-count-never-reached")
    assert finding is not None
    assert finding.cause.startswith("At most 0 of 1 tasks of ecs-svc/1 ran at once")


def unhealthy(book: Book, reason: str, *, lived: float, tasks: int = 4) -> None:
    for number in range(tasks):
        start = number * 300
        book.task(
            reason,
            code="ServiceSchedulerInitiated",
            second=start + lived + 30,
            createdAt=epoch(start - 30),
            startedAt=epoch(start),
            stoppingAt=epoch(start + lived),
        )


ELB = (
    "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b)"
)


def test_tasks_stopped_as_soon_as_the_grace_period_ended_point_to_it() -> None:
    book = Book()
    unhealthy(book, ELB, lived=75)
    book.service(deployment_of("IN_PROGRESS", failedTasks=4), second=1200, healthCheckGracePeriodSeconds=60)
    finding = found(book, "grace-period-too-short")
    assert finding is not None
    assert "stopped 1m15s after their start" in finding.cause
    assert "healthCheckGracePeriodSeconds is 60 s" in finding.cause


def test_an_earlier_deployment_tells_how_long_the_start_takes() -> None:
    book = Book()
    book.service(deployment_of("COMPLETED", name="ecs-svc/0", began=-HOUR), second=-HOUR + 240)
    unhealthy(book, ELB, lived=75)
    book.service(deployment_of("IN_PROGRESS", failedTasks=4), second=1200, healthCheckGracePeriodSeconds=60)
    finding = found(book, "grace-period-too-short")
    assert finding is not None
    assert "The last deployment that went well took 4m." in finding.cause


def test_tasks_that_lived_long_past_the_grace_period_do_not_point_to_it() -> None:
    """They were healthy for hours: the check fails for another reason."""
    book = Book()
    unhealthy(book, ELB, lived=4 * HOUR)
    book.service(
        deployment_of("IN_PROGRESS", failedTasks=4), second=5 * HOUR, healthCheckGracePeriodSeconds=60
    )
    assert found(book, "grace-period-too-short") is None


def test_a_start_period_shorter_than_the_start_is_said() -> None:
    book = Book()
    check = {"command": ["CMD-SHELL", "x"], "startPeriod": 60, "interval": 30, "retries": 3}
    book.definition(6, "shop/web:1", healthCheck=check)
    unhealthy(book, "Task failed container health checks", lived=155)
    book.service(deployment_of("IN_PROGRESS", failedTasks=4), second=1500)
    finding = found(book, "start-period-too-short")
    assert finding is not None
    assert "judged after 150 s at the earliest (startPeriod 60 s, 3 checks every 30 s)" in finding.cause
    assert of(book).findings[0].category == "health-check-container"


def test_what_the_rollback_met_on_its_way_is_named_with_since_when() -> None:
    """The database did not fail: half an hour of creating it was thrown away."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    for name, kind in (("Db", "AWS::RDS::DBInstance"), ("Search", "AWS::OpenSearchService::Domain")):
        book.resource(name, "CREATE_IN_PROGRESS", kind=kind, second=30)
    book.resource("Quick", "CREATE_IN_PROGRESS", second=980)
    book.resource("Queue", "CREATE_IN_PROGRESS", second=31)
    book.resource("Queue", "CREATE_FAILED", "Rate exceeded", second=990)
    book.resource(
        "Db", "CREATE_FAILED", "Resource creation cancelled", kind="AWS::RDS::DBInstance", second=991
    )
    book.stack("ROLLBACK_IN_PROGRESS", second=1000)
    book.stack("ROLLBACK_COMPLETE", second=1500)
    finding = found(book, "rollback-cut-short")
    assert finding is not None
    assert f"Db (AWS::RDS::DBInstance), since {at(30)} (16m)" in finding.cause
    assert "Search (AWS::OpenSearchService::Domain)" in finding.cause
    assert "Queue" not in finding.cause
    assert "Quick" not in finding.cause
    assert of(book).findings[0].category == "throttled"


def scheduled(book: Book, name: str, starts: range, *, prefix: str = "chronos-schedule/") -> None:
    for start in starts:
        book.task(
            "Essential container in task exited",
            code="EssentialContainerExited",
            group=f"family:{name}",
            started_by=prefix + name,
            containers=[{"name": "job", "exitCode": 0}],
            second=start + 20,
            createdAt=epoch(start),
        )


@pytest.mark.parametrize("prefix", ["chronos-schedule/", "events-rule/"])
def test_a_schedule_whose_tasks_stopped_coming_is_named(prefix: str) -> None:
    """Nothing fails and nothing is deployed: the silence is the failure."""
    book = Book()
    scheduled(book, "ingest", range(0, 600, 60), prefix=prefix)
    scheduled(book, "healthcheck", range(0, 1500, 300), prefix=prefix)
    diagnosis = of(book)
    [finding] = diagnosis.findings
    assert (diagnosis.outcome, finding.category) == ("failed", "schedule-missing-or-disabled")
    assert f"ingest, every 1m until {at(540)}" in finding.cause
    assert "1 other of the cluster went on" in finding.why
    assert any("not recorded" in gap for gap in finding.gaps)


def test_a_schedule_that_came_back_tells_how_long_it_was_away() -> None:
    book = Book()
    scheduled(book, "ingest", range(0, 600, 60))
    scheduled(book, "ingest", range(1500, 2100, 60))
    [finding] = of(book).findings
    assert "none for 16m" in finding.cause


@pytest.mark.parametrize("why", ["gap", "rhythm", "too few", "irregular"])
def test_silence_that_proves_nothing_is_no_finding(why: str) -> None:
    book = Book()
    if why == "irregular":
        for start in (0, 7, 300, 310, 2000):
            scheduled(book, "ingest", range(start, start + 1))
    elif why == "rhythm":
        for day in range(3):
            scheduled(book, "ingest", range(day * 86_400, day * 86_400 + 3600, 60))
    else:
        scheduled(book, "ingest", range(0, 120 if why == "too few" else 600, 60))
    if why == "gap":
        book.gap(f"stopped_tasks {CLUSTER}", 600, 4000)
    book.add(
        "forensics.coverage",
        "urn:forensics:x",
        "c",
        {},
        time=at(2 * 86_400 + 3700 if why == "rhythm" else 4000),
    )
    assert found(book, "schedule-stopped") is None


def test_a_job_that_did_its_work_and_ended_is_no_failure() -> None:
    """A service's task must not end at all; a scheduled job that ends with exit code 0 has succeeded."""
    book = Book()
    scheduled(book, "job", range(0, 240, 60))
    assert (of(book).outcome, of(book).findings) == ("nothing_found", ())


def test_a_stack_that_is_complete_while_its_service_rolled_back_is_no_success() -> None:
    book = Book()
    book.add(
        "aws.cloudformation.stack_description",
        STACK,
        "description",
        {"DeploymentConfig": {"Mode": "EXPRESS"}},
        time=at(0),
    )
    book.stack("UPDATE_IN_PROGRESS", second=1)
    book.resource("Backend", "UPDATE_COMPLETE", kind=ECS_SERVICE, physical=SERVICE, second=2)
    book.stack("UPDATE_COMPLETE", second=3)
    book.deployment("IN_PROGRESS")
    for _ in range(3):
        book.task(SECRET)
    book.deployment(
        "FAILED", failedTasks=3, rolloutStateReason="ECS deployment circuit breaker: tasks failed."
    )
    book.said("(service backend) rolling back to deployment ecs-svc/0.")
    book.deployment("COMPLETED", name="ecs-svc/0")
    diagnosis = of(book)
    assert diagnosis.outcome == "failed"
    assert diagnosis.findings[0].category == "secret-or-parameter"
    finding = found(book, "stack-complete-deployment-failed")
    assert finding is not None
    assert "shop says UPDATE_COMPLETE" in finding.cause
    assert "EXPRESS mode" in finding.cause
    assert (finding.subject.logical_id, finding.subject.service) == ("Backend", "backend")


def test_a_rollback_that_only_the_service_deployment_tells_of_is_found() -> None:
    """An alarm ended it: no task failed, and the deployment's own row was gone before the next poll."""
    book = Book()
    book.deployment("COMPLETED", name="ecs-svc/0")
    name = SERVICE.replace(":service/", ":service-deployment/") + "/x"
    payload = {
        "serviceDeploymentArn": name,
        "status": "ROLLBACK_SUCCESSFUL",
        "createdAt": epoch(0),
        "rollback": {"reason": "Service deployment rolled back because alarm(s) were detected."},
        "alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["api-5xx"]},
    }
    book.add("aws.ecs.service_deployment", SERVICE, f"{name}@1", payload, time=at(60))
    diagnosis = of(book)
    assert diagnosis.outcome == "failed"
    assert "triggered alarms: api-5xx" in diagnosis.findings[0].evidence[0].text


def test_tasks_that_fail_after_a_good_deployment_are_said_without_blaming_it() -> None:
    """AWS keeps saying COMPLETED while the service dies: the deployment went well, the service did not."""
    book = Book()
    book.deployment("COMPLETED", runningCount=1, desiredCount=1)
    for _ in range(4):
        book.task(SECRET)
    book.service(deployment_of("COMPLETED"), desiredCount=1, runningCount=0)
    diagnosis = of(book)
    assert diagnosis.outcome == "succeeded"
    assert [(item.category, item.role, item.count) for item in diagnosis.findings] == [
        ("secret-or-parameter", "context", 4)
    ]
    assert "had completed" in diagnosis.findings[0].why


def test_context_never_stands_before_a_cause() -> None:
    book = Book()
    failed_service(book, tasks=6)
    looping(book)
    roles = [item.role for item in of(book).findings]
    assert roles == sorted(roles, key=["cause", "rollback", "context"].index)
    assert roles[0] == "cause"


# A deployment that goes well, in any pace, size and order that a good one may have.
good = st.fixed_dictionaries(
    {
        "desired": st.integers(1, 6),
        "minutes": st.integers(1, 50),
        "grace": st.sampled_from([None, 0, 60, 600]),
        "breaker": st.booleans(),
        "is_update": st.booleans(),
        "has_stack": st.booleans(),
        "early_failures": st.integers(0, 4),
        "database": st.booleans(),
        "scaled_in": st.integers(0, 4),
        "mode": st.sampled_from(["STANDARD", "EXPRESS"]),
    }
)


def went_well(book: Book, seed: dict[str, Any]) -> None:
    """One good deployment: snapshots while it rolls, old tasks stopped, perhaps some that failed at first."""
    total, desired = seed["minutes"] * MINUTE, seed["desired"]
    more: dict[str, Any] = {
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": seed["breaker"]}},
        "desiredCount": desired,
    }
    if seed["grace"] is not None:
        more["healthCheckGracePeriodSeconds"] = seed["grace"]
    if seed["has_stack"]:
        book.add(
            "aws.cloudformation.stack_description", STACK, "d", {"DeploymentConfig": {"Mode": seed["mode"]}}
        )
        book.stack("UPDATE_IN_PROGRESS", second=-5)
        if seed["database"]:
            book.resource("Db", "CREATE_IN_PROGRESS", kind="AWS::RDS::DBInstance", second=-4)
            book.resource("Db", "CREATE_COMPLETE", kind="AWS::RDS::DBInstance", second=total + 1)
        book.resource("Backend", "UPDATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE, second=-3)
    book.definition(5, "web:1")
    book.definition(6, "web:2")
    for number in range(seed["early_failures"]):
        start = total * number / 10
        book.task(SECRET, second=start + 5, createdAt=epoch(start))
    for step in range(desired + 1):
        state = "COMPLETED" if step == desired else "IN_PROGRESS"
        new = deployment_of(
            state, runningCount=step, desiredCount=desired, failedTasks=seed["early_failures"] * (step == 0)
        )
        old = deployment_of(
            "COMPLETED",
            name="ecs-svc/0",
            status="ACTIVE",
            revision=5,
            runningCount=desired - step,
            desiredCount=desired,
            began=-9 * HOUR,
        )
        rows = [new, old] if seed["is_update"] and step < desired else [new]
        book.service(*rows, second=total * step / desired, **more)
        book.deployment(state, **{key: new[key] for key in ("runningCount", "desiredCount", "createdAt")})
    for number in range(seed["scaled_in"]):
        book.task(
            "Scaling activity initiated by (deployment ecs-svc/1)",
            code="ServiceSchedulerInitiated",
            started_by="ecs-svc/0",
            containers=[{"name": "web", "exitCode": 143}],
            second=total - number,
        )
    book.said("(service backend) (deployment ecs-svc/1) deployment completed.", second=total)
    book.said("(service backend) has reached a steady state.", second=total + 1)
    if seed["has_stack"]:
        book.resource("Backend", "UPDATE_COMPLETE", kind=ECS_SERVICE, physical=SERVICE, second=total + 2)
        book.stack("UPDATE_COMPLETE", second=total + 3)


@given(seed=good)
def test_a_deployment_that_went_well_is_never_a_finding(seed: dict[str, Any]) -> None:
    book = Book()
    went_well(book, seed)
    diagnosis = of(book)
    assert (diagnosis.outcome, [item.rule for item in diagnosis.findings]) == ("succeeded", [])
    for attempt in diagnosis.attempts:
        asked = diagnose(book.records, attempt=attempt.number)
        assert (asked.outcome, asked.findings) == ("succeeded", ())


@given(seed=good, cut=st.floats(0, 1))
def test_a_good_deployment_that_is_still_going_on_is_no_pattern(seed: dict[str, Any], cut: float) -> None:
    """Whatever moment of it is looked at: it may be slow, but nothing about it is stuck or looping."""
    whole = Book()
    went_well(whole, {**seed, "early_failures": 0})
    ordered = sorted(whole.records, key=lambda record: record.happened_at())
    diagnosis = diagnose(ordered[: int(len(ordered) * cut)])
    assert [item.rule for item in diagnosis.findings] == []


def test_patterns_of_a_service_whose_stack_failed_carry_the_attempt() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Backend", "CREATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE)
    for number in range(5):
        book.task(SECRET, createdAt=epoch(number * 60), second=10 + number)
    book.deployment("FAILED", failedTasks=5)
    book.resource("Backend", "CREATE_FAILED", BREAKER, kind=ECS_SERVICE, physical=SERVICE, second=300)
    book.stack("ROLLBACK_IN_PROGRESS", second=301)
    finding = found(book, "start-fail-loop")
    assert finding is not None
    assert (finding.attempt, finding.subject.logical_id) == (1, "Backend")
