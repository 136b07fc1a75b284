"""`redact = "secrets"`: the archive never holds one, everything else is recorded as ever."""

import json
from pathlib import Path

from forensics.capture.options import CaptureOptions
from tests.support.histories import facts, stack, task
from tests.unit.capture.test_ending import recorder_of

SECRETS = CaptureOptions(redact="secrets")


def test_no_byte_of_the_archive_holds_a_secret(tmp_path: Path) -> None:
    shop = stack("Shop", at=5)
    properties = json.dumps({"MasterUserPassword": "sunshine", "DBName": "ledger"})
    shop.event(
        "Db",
        "AWS::RDS::DBInstance",
        "CREATE_FAILED",
        at=9,
        ResourceProperties=properties,
        reason="password is sunshine",
    )
    shop.itself("CREATE_FAILED", at=12)
    recorder = recorder_of(tmp_path, shop, options=SECRETS)
    recorder.run_for(300)
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
    assert b"sunshine" not in held
    assert b"ledger" in held
    assert b"password is (secret, not recorded)" in held


def test_the_record_says_so(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path, stack("Shop"), options=SECRETS)
    recorder.run_for(60)
    assert recorder.of("forensics.run")[0]["redact"] == "secrets"


def test_what_was_recorded_is_known_again(tmp_path: Path) -> None:
    """Keys are made from what AWS sent: hiding changes none, so nothing is written twice."""
    shop = stack("Shop", at=5).itself("CREATE_COMPLETE", at=60)
    parts = [shop, task("api", at=30, reason="token=sunshine")]
    recorder = recorder_of(tmp_path, *parts, options=SECRETS)
    recorder.run_for(600)
    keys = recorder.keys("aws.cloudformation.stack_event")
    assert sorted(keys) == sorted(
        fact.id for fact in facts(shop) if fact.type == "aws.cloudformation.stack_event"
    )
