"""A stack whose service fails, served to a real process, with cadences made for a test's patience."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.model.record import Record
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.support.histories import facts, service, stack, task

# Terminal escapes, a line of one's own, right-to-left override: what AWS passes on from anybody.
HOSTILE = "exec \x1b[2J\x1b]0;owned\x07\r\nforged line \u202egnp.exe"

SHOP = stack("shop")
API = service("api", at=1).event("has started 1 tasks: (task 1).", at=2)
SHOP.event("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE", at=1)
SHOP.event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=2, physical=API.arn)
DEAD = task("api", at=3, reason=HOSTILE, exit_code=1)
SHOP.event(
    "Api", "AWS::ECS::Service", "CREATE_FAILED", at=4, physical=API.arn, reason="breaker \u202e tripped"
)
API.deployment(at=5, rolloutState="FAILED", rolloutStateReason="breaker tripped", failedTasks=3)
API.snapshot(at=25, status="INACTIVE", desiredCount=0, deployments=[])
SHOP.itself("ROLLBACK_IN_PROGRESS", at=20, reason="The following resource(s) failed to create: [Api].")
SHOP.itself("ROLLBACK_COMPLETE", at=30)

RUNNING, ENDED = 10, 40
"""Seconds after the start at which the operation is still going on, and at which it is over."""

QUICK = """
[capture]
settle_s = 0.5
survey_s = 0.2
stack_events_busy_s = 0.1
stack_events_quiet_s = 0.5
services_busy_s = 0.1
services_quiet_s = 0.3
stopped_tasks_busy_s = 0.1
stopped_tasks_quiet_s = 0.3
discovery_s = 0.2
coverage_s = 0.5
backoff_base_s = 0.1
probe_base_s = 0.1
shutdown_s = 4
[aws]
deadline_s = 2
read_timeout_s = 1
[budget.rates]
cloudformation = {burst = 1000, per_s = 1000}
ecs = {burst = 1000, per_s = 1000}
sts = {burst = 1000, per_s = 1000}
[log]
level = "info"
"""


@contextmanager
def played(at: float = ENDED) -> Iterator[tuple[FaultyPlayer, ManualClock]]:
    """Serve the shop as it stands `at` seconds after its start; the clock stands until the test moves it."""
    clock = ManualClock()
    clock.advance(at)
    with FaultyPlayer(Endpoint(History.of(facts(SHOP, API, DEAD)), clock)) as player:
        yield player, clock


def quick(directory: Path, more: str = "") -> Path:
    """Write a settings file with quick cadences; return its path."""
    path = directory / "quick.toml"
    path.write_text(more + QUICK)
    return path


def records(archive: Path, kind: str = "") -> list[Record]:
    """Return the archive's records of a type, all where none is given."""
    return [record for record in Archive.open(archive).records() if record.type == kind or not kind]


def event_ids(archive: Path) -> list[str]:
    """Return the keys of the stack events in the archive, in the order of their writing."""
    return [record.id for record in records(archive, "aws.cloudformation.stack_event")]
