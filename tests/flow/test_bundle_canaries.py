"""A secret planted in what AWS sent is in no byte of any member of a bundle."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from forensics.cli.bundling import deliver
from forensics.errors import RedactionFailed
from forensics.model.record import Record
from forensics.redact.literals import forms_of
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.redactor import Redactor
from forensics.redact.scan import Scanner
from tests.support.redaction import stack_event, task
from tests.support.sharing import Untouched, asked
from tests.unit.redact.test_canaries import SECRETS

PLACES = (
    lambda secret: stack_event(ResourceStatusReason=f"login failed: password is {secret}"),
    lambda secret: stack_event(ResourceStatusReason=f"POST https://a.example/x?token={secret} returned 403"),
    lambda secret: stack_event(ResourceProperties=f'{{"Environment":{{"Variables":{{"KEY":"{secret}"}}}}}}'),
    lambda secret: stack_event(SomethingNew={"deep": [{"er": secret}]}),
    lambda secret: task(
        overrides={"containerOverrides": [{"name": "api", "environment": [{"name": "K", "value": secret}]}]}
    ),
    lambda secret: task(stoppedReason="gone", containers=[{"name": "api", "reason": f"Bearer {secret}"}]),
)


def numbered(*records: Record) -> list[Record]:
    return [replace(record, seq=seq) for seq, record in enumerate(records, 1)]


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(secret=SECRETS.filter(lambda text: "\n" not in text), place=st.sampled_from(PLACES))
def test_no_byte_of_a_bundle_tells_a_planted_secret(
    tmp_path_factory: pytest.TempPathFactory, secret: str, place: object
) -> None:
    """Summary, page, lines, coverage, manifest, names: in no spelling."""
    path = tmp_path_factory.mktemp("canary") / "ticket.zip"
    records = numbered(stack_event(), place(secret), task())  # type: ignore[operator]
    redactor = Redactor("standard", Pseudonyms(b"k" * 32))
    scanner = lambda: Scanner((), redactor.untold())  # noqa: E731
    deliver(lambda: records, redactor, asked(records), path, recipient=None, scanner=scanner)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for form in forms_of(secret):
        assert all(form.encode() not in content for content in members.values()), form
        assert all(form not in name for name in members)


@pytest.mark.parametrize("failing", ["learn", "record", "summary"])
def test_a_step_that_fails_leaves_no_bundle(tmp_path: Path, failing: str) -> None:
    """Whatever fails, the export is refused, and nothing of it is left beside the place it was meant for."""

    class Failing(Untouched):
        def learn(self, record: Record) -> None:
            self._fail("learn")

        def record(self, record: Record) -> Record | None:
            self._fail("record")
            return record

        def summary(self) -> dict[str, object]:
            self._fail("summary")
            return {}

        def _fail(self, step: str) -> None:
            if step == failing:
                raise RedactionFailed("a step failed")

    records = numbered(stack_event(), task())
    with pytest.raises(RedactionFailed):
        deliver(
            lambda: records, Failing(), asked(records), tmp_path / "t.zip", recipient=None, scanner=Scanner
        )
    assert list(tmp_path.iterdir()) == []
