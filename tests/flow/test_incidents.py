"""Four real incidents, recorded over HTTP by the real recorder: each archive gives the right cause."""

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.aws.client import Client, ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.demo import incident
from forensics.model.finding import Diagnosis, Finding
from forensics.model.record import Fact, Record
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.capture_fakes import InlineExecutor, StopAt
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import REGION, facts, moment, stamp
from tests.support.incidents import crisis, silence, stabilization

CALM = CaptureOptions(
    until="signal",
    survey_s=30,
    stack_events_busy_s=30,
    services_busy_s=60,
    stopped_tasks_busy_s=120,
    stopped_tasks_quiet_s=120,
    discovery_s=300,
    coverage_s=300,
)
"""Hours of an incident in seconds of a test: what passes between two polls is still there at the next."""


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    log_in(tmp_path, "AKIAFIRST")


def log_in(home: Path, key: str) -> None:
    text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"
    (home / "credentials").write_text(text)


def recorded(
    home: Path,
    truth: list[Fact],
    wanted: Wanted,
    *,
    starts_at: datetime,
    seconds: float,
    meanwhile: Callable[[FaultyPlayer, float], None] | None = None,
) -> list[Record]:
    """Record a history over HTTP in virtual time and return the archive's records.

    Args:
        home: Where credentials and archive are.
        truth: The history.
        wanted: What is watched.
        starts_at: When the recorder is started.
        seconds: How long it runs.
        meanwhile: Told the endpoint and how many seconds have passed, before each wait.
    """
    clock = ManualClock(starts_at)
    began_s = clock.monotonic()
    with FaultyPlayer(Endpoint(History.of(truth), clock)) as player:
        wait = clock.wait
        if meanwhile is not None:

            def tick(event: object, timeout_s: float) -> bool:
                meanwhile(player, clock.monotonic() - began_s)
                return wait(event, timeout_s)  # type: ignore[arg-type]

            clock.wait = tick  # type: ignore[method-assign]
        door = Client(ClientOptions(region=REGION, endpoint_url=player.url), clock)
        supervisor = Supervisor(
            sites=[Site(label="main", door=door, wanted=wanted)],
            writer=Writer.open(home / "archive", clock=clock, run="1" * 16, tool="test"),
            clock=clock,
            options=CALM,
            executor=InlineExecutor(),
            rng=random.Random(7),
        )
        supervisor.run(StopAt(clock, seconds))
    return list(Archive.open(home / "archive").records())


def rule(diagnosis: Diagnosis, name: str) -> Finding:
    return next(finding for finding in diagnosis.findings if finding.rule == name)


@pytest.fixture
def deployment_67(tmp_path: Path) -> list[Record]:
    """The deployment whose watchers' credentials ended before it did; somebody logs in again at once."""
    done: list[str] = []

    def expire(player: FaultyPlayer, passed_s: float) -> None:
        if passed_s > 1440 and not done:
            player.faults.fail("*", error="ExpiredToken", access_key="AKIAFIRST", times=None)
            done.append("expired")
        if passed_s > 1530 and len(done) == 1:
            log_in(tmp_path, "AKIASECOND")
            done.append("renewed")

    return recorded(
        tmp_path,
        incident.facts(),
        Wanted(stacks=(incident.STACK_NAME,)),
        starts_at=incident.INCIDENT_STARTS_AT,
        seconds=1900,
        meanwhile=expire,
    )


def test_deployment_67_what_could_not_be_determined_is_in_the_archive(deployment_67: list[Record]) -> None:
    """Each line of the report's "cannot determine", one after the other."""
    diagnosis = diagnose(deployment_67)
    cause = diagnosis.findings[0]
    kinds = {record.type for record in deployment_67}
    assert any(record.type == "forensics.gap" for record in deployment_67), "the credentials did end"

    # Exact CloudFormation failure events.
    failed = {
        (fact.source, fact.id)
        for fact in incident.facts()
        if fact.type == "aws.cloudformation.stack_event" and fact.data["ResourceStatus"].endswith("_FAILED")
    }
    assert failed
    assert failed <= {(record.source, record.id) for record in deployment_67}

    # Specific error messages from failed resources.
    texts = [item.text for item in cause.evidence]
    assert any("ECS Deployment Circuit Breaker was triggered" in text for text in texts)
    assert any("invalid character '!' in string escape code" in text for text in texts)

    # Resource-specific failure reasons: of the one that failed, and that the two slow ones did not.
    assert (cause.category, cause.count) == ("secret-or-parameter", 53)
    assert cause.subject.resource_type == "AWS::ECS::Service"
    slow = rule(diagnosis, "rollback-cut-short")
    assert "AWS::RDS::DBInstance" in slow.cause
    assert "AWS::OpenSearchService::Domain" in slow.cause
    assert not any("RDS" in (item.subject.resource_type or "") for item in diagnosis.findings)

    # CloudTrail events during the failure: not recorded, and that is said.
    assert not any("cloudtrail" in kind.lower() for kind in kinds)
    assert any("CloudTrail" in text for text in diagnosis.not_recorded)


def test_the_crisis_of_53_tasks_gets_its_causes_and_its_patterns(tmp_path: Path) -> None:
    """Found by hand a day later; here it is the first line, with the loop and its missing end beside it."""
    records = recorded(
        tmp_path,
        facts(*crisis.parts()),
        Wanted(clusters=(crisis.CLUSTER,)),
        starts_at=moment(-600),
        seconds=crisis.ENDS_AT + 600,
    )
    diagnosis = diagnose(records)
    causes = [(item.subject.service, item.category) for item in diagnosis.findings if item.role == "cause"]
    assert causes == [
        ("agricultural-core", "secret-or-parameter"),
        ("monitoring-dashboards", "image-pull-not-found"),
    ]
    assert diagnosis.outcome == "in_progress"
    assert "53 tasks failed" in rule(diagnosis, "start-fail-loop").cause
    assert "about one every 26m" in rule(diagnosis, "start-fail-loop").cause
    assert "IN_PROGRESS for 10h" in rule(diagnosis, "deployment-stuck").cause
    assert "All ask for the same task definition." in rule(diagnosis, "deployments-overlap").cause
    assert rule(diagnosis, "no-circuit-breaker").role == "context"
    assert rule(diagnosis, "old-revision-runs").cause == (
        "Asked for: agricultural-core:6 with farm/core:v3.3.2. "
        "Running: agricultural-core:5 with farm/core:v3.3.1 (1 tasks)."
    )


def test_the_service_that_did_not_stabilise_fails_its_health_check(tmp_path: Path) -> None:
    """CloudFormation only waited; the tasks say which check failed, and when it began to count."""
    records = recorded(
        tmp_path,
        facts(*stabilization.parts()),
        Wanted(stacks=(stabilization.STACK,)),
        starts_at=moment(0),
        seconds=stabilization.ENDS_AT,
    )
    diagnosis = diagnose(records)
    cause = diagnosis.findings[0]
    assert (diagnosis.outcome, cause.category, cause.count) == ("failed", "health-check-container", 12)
    assert cause.exit_codes == (137,)
    period = rule(diagnosis, "start-period-too-short")
    assert "startPeriod 60 s, 3 checks every 30 s" in period.cause
    assert "a database that does not answer" in period.remedy
    assert any("logs" in text for text in diagnosis.not_recorded)


def test_the_missing_schedules_are_named_and_the_others_are_not(tmp_path: Path) -> None:
    """No failure, no deployment: what is wrong is what does not come."""
    records = recorded(
        tmp_path,
        facts(*silence.parts()),
        Wanted(clusters=(silence.CLUSTER,)),
        starts_at=moment(0),
        seconds=silence.ENDS_AT,
    )
    noticed = diagnose(record for record in records if record.recordedtime < stamp(silence.NOTICED_AT))
    [early] = noticed.findings
    assert (noticed.outcome, early.category) == ("failed", "schedule-missing-or-disabled")
    assert "telemetry-ingestor-1m, every 1m" in early.cause
    assert "feature-computer-1m, every 1m" in early.cause
    assert not any(name in early.cause for name in silence.KEPT)

    [late] = diagnose(records).findings
    assert all(name in late.cause for name in silence.LOST)
    assert not any(name in late.cause for name in silence.KEPT)
    assert "4 others of the cluster went on" in late.why
