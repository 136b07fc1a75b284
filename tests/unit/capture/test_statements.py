"""What the recorder states about quiet streams and polls, so that a reader can tell how each was seen."""

from datetime import timedelta
from pathlib import Path

from forensics.analysis.coverage import Coverage, numbers_in
from forensics.analysis.coverage_statement import statement
from forensics.capture.selection import Wanted
from forensics.model.clock import to_rfc3339
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor, Recorder
from tests.support.clock import NOON, ManualClock
from tests.support.histories import facts, service, stack
from tests.unit.capture.test_supervisor import recorder_of


def test_a_statement_tells_apart_what_was_polled_and_what_the_survey_vouched_for(tmp_path: Path) -> None:
    """Both prove that nothing is missing; a reader shall see how."""
    shop = stack("Shop", at=1).itself("CREATE_COMPLETE", at=5)
    recorder = recorder_of(tmp_path, shop, stacks=("Shop",))
    recorder.run_for(300)
    numbers = {entry["stream"]: entry["number"] for entry in recorder.of("forensics.stream")}
    said = recorder.of("forensics.coverage")[2]
    assert numbers_in(said["streams"]) == set(numbers.values())
    assert numbers_in(said["vouched"]) == {numbers[f"stack_events {shop.arn}"]}
    found = statement(Coverage(recorder.records()))
    hows = {item.source: [interval.how for interval in item.intervals] for item in found.streams}
    assert hows == {"stacks": ["polled"], "stack_events": ["vouched"]}


def test_a_short_recording_is_sure_up_to_its_last_polls(tmp_path: Path) -> None:
    """A deploy of less than a minute was polled all along: its coverage must not end where it began."""
    shop = stack("Shop", at=1).event("Topic", "AWS::SNS::Topic", "CREATE_IN_PROGRESS", at=2)
    recorder = recorder_of(tmp_path, shop, stacks=("Shop",))
    recorder.run_for(35)
    found = statement(Coverage(recorder.records()))
    sure_until = [item.until or "" for item in found.streams]
    assert [item.source for item in found.streams] == ["stacks", "stack_events"]
    assert all(moment >= to_rfc3339(NOON + timedelta(seconds=35)) for moment in sure_until)


def test_a_poll_of_several_services_claims_only_what_holds_for_each(tmp_path: Path) -> None:
    """One service shows its events since noon, the other has said so much that only the last hour is left."""
    quiet, busy = service("quiet", at=0), service("busy", at=0)
    for number in range(100):
        quiet.event(f"old message {number}", at=number)
        busy.event(f"message {number}", at=3600 + number)
    clock = ManualClock()
    door = EndpointDoor(History.of(facts(quiet, busy)), clock)
    clock.advance(7200)
    recorder = Recorder(tmp_path, door, clock, Wanted(services=("main/quiet", "main/busy")))
    recorder.run_for(30)
    (poll,) = [entry for entry in recorder.of("forensics.poll") if len(entry["streams"]) == 2]
    assert poll["from"] == to_rfc3339(NOON + timedelta(seconds=3600))
