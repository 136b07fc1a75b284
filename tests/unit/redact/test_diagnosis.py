"""The diagnosis of redacted records is the redacted diagnosis of the records."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.demo import incident
from forensics.model.finding import Diagnosis
from forensics.model.record import Fact, Record
from forensics.redact.redactor import Redactor
from tests.support.histories import facts, service, stack, task
from tests.support.incidents import crisis, silence, stabilization
from tests.support.redaction import redactor
from tests.support.reports import archive_of

PULL = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api:1.2: 123456789012.dkr.ecr.us-east-1.amazonaws.com/"
    "shop/api:1.2: not found"
)


def _small() -> list[Fact]:
    shop = stack("Shop").event(
        "Bucket", "AWS::S3::Bucket", "CREATE_FAILED", at=3, reason="acme-ledger already exists"
    )
    shop.event("Role", "AWS::IAM::Role", "CREATE_FAILED", at=4, reason="Resource creation cancelled")
    shop.itself(
        "ROLLBACK_IN_PROGRESS", at=5, reason="The following resource(s) failed to create: [Bucket, Role]. "
    )
    shop.itself("ROLLBACK_COMPLETE", at=9)
    api = (
        service("api")
        .event("(service api) has reached a steady state.", at=3)
        .deployment(at=4, failedTasks=2)
    )
    dead = [task("api", at=6 + number, reason=PULL, exit_code=None) for number in range(3)]
    return facts(shop, api, *dead)


INCIDENTS: dict[str, Callable[[], Iterable[Fact]]] = {
    "demo": incident.facts,
    "crisis": lambda: facts(*crisis.parts()),
    "stabilization": lambda: facts(*stabilization.parts()),
    "silence": lambda: facts(*silence.parts()),
    "small": _small,
}


def _redacted(records: list[Record], made: Redactor) -> list[Record]:
    for record in records:
        made.learn(record)
    return [shown for record in records if (shown := made.record(record)) is not None]


def _bones(diagnosis: Diagnosis) -> Any:
    """Return what holds no names."""
    return (
        diagnosis.outcome,
        [
            (item.rule, item.category, item.title, item.confidence, item.count, item.role, item.attempt)
            for item in diagnosis.findings
        ],
        [[(said.seq, said.at) for said in item.evidence] for item in diagnosis.findings],
        [(item.exit_codes, len(item.images), item.first_at, item.last_at) for item in diagnosis.findings],
        [
            (item.operation, item.outcome, item.number, item.started_at, item.ended_at)
            for item in diagnosis.attempts
        ],
        diagnosis.consequences,
        [(gap.kind, gap.reason, gap.since, gap.until) for gap in diagnosis.coverage.gaps],
    )


@pytest.fixture(params=INCIDENTS)
def records(request: pytest.FixtureRequest, tmp_path: Path) -> list[Record]:
    archive = archive_of(list(INCIDENTS[request.param]()), tmp_path / "archive")
    return list(Archive.open(archive).records())


@pytest.mark.parametrize("policy", ["standard", "strict"])
def test_the_same_causes_are_found_with_the_same_evidence(records: list[Record], policy: str) -> None:
    assert _bones(diagnose(_redacted(records, redactor(policy)))) == _bones(diagnose(records))


def test_what_aws_said_is_what_its_redaction_is(records: list[Record]) -> None:
    """The evidence of the redacted records reads as the redacted evidence of the records."""
    made = redactor()
    shown = diagnose(_redacted(records, made))
    given = diagnose(records)
    assert [item.text for found in shown.findings for item in found.evidence] == [
        made.text(item.text) for found in given.findings for item in found.evidence
    ]
    for one, other in zip(shown.findings, given.findings, strict=True):
        if other.rule == "schedule-stopped":
            # It names the first of several by the alphabet, which names of ours do not keep.
            continue
        subjects = msgspec.to_builtins(other.subject)
        assert msgspec.to_builtins(one.subject) == {key: made.text(said) for key, said in subjects.items()}


def test_no_account_is_in_a_redacted_diagnosis(records: list[Record]) -> None:
    shown = msgspec.json.encode(diagnose(_redacted(records, redactor("strict"))))
    assert b"123456789012" not in shown
