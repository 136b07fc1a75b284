"""The recorder as a whole, in virtual time, from an endpoint in this process into a real archive."""

from pathlib import Path

from forensics.archive.verify import verify
from forensics.capture.selection import Wanted
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder, keys
from tests.support.clock import ManualClock
from tests.support.histories import facts, service, stack, tasks

EVENT = "aws.cloudformation.stack_event"
SERVICE_EVENT = "aws.ecs.service_event"
TASK = "aws.ecs.task"


def test_one_stack_leads_to_everything_below_it(tmp_path: Path) -> None:
    """Who points at one stack gets its nested stacks, services and stopped tasks, all of them once."""
    api = service("api", at=30).event("has started 1 tasks: (task 1).", at=31)
    dead = tasks("api", 3, at=40, exit_code=1)
    child = stack("Shop-App", at=10)
    child.event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=30, physical=api.arn)
    child.event("Api", "AWS::ECS::Service", "CREATE_COMPLETE", at=90, physical=api.arn)
    child.itself("CREATE_COMPLETE", at=91)
    shop = stack("Shop").nested("App", child, "CREATE_COMPLETE", at=95).itself("CREATE_COMPLETE", at=96)
    truth = facts(shop, child, api.deployment(at=80, rolloutState="COMPLETED", runningCount=1), *dead)
    clock = ManualClock()
    recorder = Recorder(tmp_path, EndpointDoor(History.of(truth), clock), clock, Wanted(stacks=("Shop",)))
    outcome = recorder.run_for(600)
    for kind in (EVENT, SERVICE_EVENT, TASK):
        found = recorder.keys(kind)
        assert set(found) == keys(truth, kind)
        assert len(found) == len(set(found))
    assert outcome.reason == "stopped"
    assert outcome.open_gaps == 0
    assert not recorder.of("forensics.gap")
    assert verify(recorder.directory, outcome.head).verdict == "intact"
