"""The diagnosis of redacted records is the redacted diagnosis of the records."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from bench.explained import POLICIES, differences, redacted, texts
from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.demo import incident
from forensics.model.record import Fact, Record
from tests.support.histories import facts, service, stack, task
from tests.support.incidents import crisis, silence, stabilization
from tests.support.random_histories import histories
from tests.support.redaction import records_of, redactor
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


@pytest.fixture(params=INCIDENTS)
def records(request: pytest.FixtureRequest, tmp_path: Path) -> list[Record]:
    archive = archive_of(list(INCIDENTS[request.param]()), tmp_path / "archive")
    return list(Archive.open(archive).records())


@pytest.mark.parametrize("policy", POLICIES)
def test_with_the_values_put_back_every_word_is_the_same(records: list[Record], policy: str) -> None:
    """Whoever has the case's key reads in the answer to a bundle what the archive says."""
    assert differences(records, policy) == []


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories())
def test_no_name_changes_a_diagnosis(policy: str, history: list[Fact]) -> None:
    """Whatever names are, and however long: nothing is sorted, cut, chosen or found by them."""
    assert differences(records_of(history), policy) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_what_aws_says_is_judged_alike_when_redacted(policy: str) -> None:
    """Each of the labelled texts is a failure of its own: no word that a rule rests on is hidden."""
    assert [text for text, alone in texts() if differences(alone, policy)] == []


def test_what_aws_said_is_what_its_redaction_is(records: list[Record]) -> None:
    """The evidence of the redacted records reads as the redacted evidence of the records; so do subjects."""
    made = redactor()
    shown = diagnose(redacted(records, made))
    given = diagnose(records)
    assert [item.text for found in shown.findings for item in found.evidence] == [
        made.text(item.text) for found in given.findings for item in found.evidence
    ]
    for one, other in zip(shown.findings, given.findings, strict=True):
        subjects = msgspec.to_builtins(other.subject)
        assert msgspec.to_builtins(one.subject) == {key: made.text(said) for key, said in subjects.items()}


def test_no_account_is_in_a_redacted_diagnosis(records: list[Record]) -> None:
    shown = msgspec.json.encode(diagnose(redacted(records, redactor("strict"))))
    assert b"123456789012" not in shown
