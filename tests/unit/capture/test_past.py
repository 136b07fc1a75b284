"""What a start makes of the records that no seal sums up yet."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics.archive.pending import Pending, Then
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.capture.catalogue import all_sources
from forensics.capture.facts import Mint
from forensics.capture.past import Past
from forensics.model.identity import Stream
from forensics.model.record import Fact, Record
from tests.support.clock import ManualClock

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
TASKS = Stream("stopped_tasks", CLUSTER)


def task(number: int, *, version: int = 5, status: str = "STOPPED") -> Fact:
    arn = f"arn:aws:ecs:us-east-1:123456789012:task/main/{number:032x}"
    payload = {"taskArn": arn, "version": version, "lastStatus": status, "containers": [{"exitCode": 1}]}
    return Fact(type="aws.ecs.task", source=CLUSTER, id=f"{arn}@{version}", data=payload)


class Reopened:
    """An archive as a writer finds it whose process was killed: everything in the open segment."""

    archive_id = run = head = "0"

    def __init__(self, directory: Path, facts: list[Fact]) -> None:
        writer = Writer.open(directory, clock=ManualClock(), run="a" * 16, tool="forensics test")
        writer.append([Mint(writer.archive_id, writer.run).opened(TASKS, 1, "services x")])
        writer.append(facts)
        archive = Archive.open(directory)
        self.state = archive.state()
        self._records = list(archive.records())
        writer.close()

    def tail(self) -> Iterator[Record]:
        return iter(self._records)

    def begin(
        self,
        facts: Sequence[Fact],
        *,
        poll: str | None = None,
        again: Sequence[Fact] = (),
        then: Then | None = None,
    ) -> Pending:
        raise AssertionError("a start writes nothing by itself")

    def close(self) -> str:
        return ""


def past_of(directory: Path, facts: list[Fact]) -> Past:
    return Past(Reopened(directory, facts), all_sources(lambda _name, _arn: True))


def test_a_start_finds_every_task_of_the_open_segment(tmp_path: Path) -> None:
    """More than are folded at once, some of them twice: the last word of each counts."""
    facts = [task(number, version=4, status="STOPPING") for number in range(2500)]
    facts += [task(number) for number in range(0, 2500, 2)]
    past = past_of(tmp_path, facts)
    tasks = (past.position(TASKS) or {})["tasks"]
    assert len(tasks) == 2500
    assert tasks[f"{0:032x}"] == ["5", True]
    assert tasks[f"{1:032x}"] == ["4", False]
    assert past.because(TASKS) == "services x"


def test_a_start_on_very_many_tasks_is_quick(tmp_path: Path) -> None:
    """A crash loop fills segments with tasks; to fold them one by one took a quarter of a minute."""
    reopened = Reopened(tmp_path, [task(number) for number in range(12_000)])
    began_s = time.process_time()
    past = Past(reopened, all_sources(lambda _name, _arn: True))
    assert time.process_time() - began_s < 3
    assert len((past.position(TASKS) or {})["tasks"]) == 5000


def test_a_payload_that_is_no_object_stops_no_start(tmp_path: Path) -> None:
    """It says nothing about a position, and there is a deployment to record."""
    odd = Fact(type="aws.ecs.task", source=CLUSTER, id="odd@1", data=["odd"])
    assert past_of(tmp_path, [odd, task(1)]).position(TASKS) == {"tasks": {f"{1:032x}": ["5", True]}}
