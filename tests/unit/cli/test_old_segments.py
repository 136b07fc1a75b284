"""An archive that is being written lets go of its oldest segments, but never of an open failure's."""

from pathlib import Path

from forensics.archive.retention import RetentionOptions
from forensics.archive.verify import verify
from forensics.cli.aside import Aside
from forensics.cli.old_segments import OldSegments
from forensics.model.record import Fact
from tests.support.archives import SMALL, event, open_writer, read
from tests.support.clock import ManualClock
from tests.unit.analysis.records import STACK

_MOST = 20_000


def stack(status: str, number: int) -> Fact:
    payload = {"StackId": STACK, "PhysicalResourceId": STACK, "LogicalResourceId": "shop"}
    return Fact(
        type="aws.cloudformation.stack_event",
        source=STACK,
        id=f"{status}-{number}",
        data={**payload, "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": status},
    )


def written_until_something_goes(path: Path, facts: list[Fact], options: RetentionOptions) -> int:
    """Write facts, then others until the first segment is gone; return the seq of the last of the facts."""
    clock = ManualClock()
    writer = open_writer(path, options=SMALL)
    archive = Aside(writer, "run-1", OldSegments(options, path, clock))
    last = [archive.begin([fact]).wait()[0].seq for fact in facts][-1]
    for number in range(_MOST):
        clock.advance(61)
        archive.begin([event(number)]).wait()
        if writer.state.removed is not None:
            break
    archive.close()
    return last


def test_what_is_old_goes_while_the_recording_goes_on(tmp_path: Path) -> None:
    """As soon as it is known that nothing old is open."""
    done = [stack("CREATE_IN_PROGRESS", 1), stack("CREATE_COMPLETE", 2)]
    written_until_something_goes(tmp_path / "a", done, RetentionOptions(max_bytes=3000))
    assert read(tmp_path / "a")[0].seq > 1
    assert verify(tmp_path / "a").is_sound


def test_what_failed_and_was_not_mended_stays(tmp_path: Path) -> None:
    """What came before the failed attempt goes, what came since stays."""
    before = [event(f"before-{number}") for number in range(12)]
    failed = [stack("UPDATE_IN_PROGRESS", 1), stack("UPDATE_ROLLBACK_COMPLETE", 2)]
    last = written_until_something_goes(tmp_path / "a", [*before, *failed], RetentionOptions(max_bytes=1))
    kept = [record.seq for record in read(tmp_path / "a")]
    assert 1 < kept[0] <= last - 1
    assert kept == list(range(kept[0], kept[-1] + 1))
    assert verify(tmp_path / "a").is_sound
