"""Several accounts and regions in one recording."""

import random
import threading
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, Wanted
from forensics.capture.supervisor import Supervisor
from forensics.errors import AwsError, CredentialsExpired
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, InlineExecutor, StopAt, keys
from tests.support.clock import ManualClock
from tests.support.histories import facts, stack

EVENT = "aws.cloudformation.stack_event"
OTHER = {"account": "999999999999", "region": "eu-central-1"}


def test_two_accounts_are_recorded_side_by_side(tmp_path: Path) -> None:
    """Same names in two accounts are different stacks; credentials that end in one stop only that one."""
    clock = ManualClock()
    here, there = stack("Shop", at=60), stack("Shop", at=60, **OTHER)
    for number in range(20):
        here.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=100 + 10 * number)
        there.event(f"R{number}", "AWS::SNS::Topic", "CREATE_COMPLETE", at=100 + 10 * number)
    near = EndpointDoor(History.of(facts(here)), clock)
    far = EndpointDoor(History.of(facts(there)), clock, **OTHER)

    def expired(_operation: str = "") -> AwsError | None:
        return CredentialsExpired("expired") if clock.monotonic() >= 1150 else None

    far.trouble = expired
    far.whoami_trouble = expired
    writer = Writer.open(tmp_path / "archive", clock=clock, run="1" * 16, tool="forensics test")
    supervisor = Supervisor(
        sites=[
            Site(label="near", door=near, wanted=Wanted(stacks=("Shop",))),
            Site(label="far", door=far, wanted=Wanted(stacks=("Shop",))),
        ],
        writer=writer,
        clock=clock,
        options=CaptureOptions(),
        executor=InlineExecutor(),
        rng=random.Random(3),
    )
    supervisor.run(StopAt(clock, 400), threading.Event())
    records = list(Archive.open(tmp_path / "archive").records())
    found = {record.id for record in records if record.type == EVENT and record.source == here.arn}
    assert found == keys(facts(here), EVENT)
    paused = {site.label: site.paused_because for site in supervisor.snapshot().sites}
    assert paused == {"near": None, "far": "expired"}
    accounts = {r.payload()["account"] for r in records if r.type == "forensics.identity"}
    assert accounts == {"123456789012", "999999999999"}
