"""Archives on disk for tests: facts, small segments, and what a reader gets back."""

from pathlib import Path
from typing import Any

from forensics.archive.disk import Disk
from forensics.archive.end import WriterOptions
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.model.record import Fact, Record
from tests.support.clock import ManualClock

SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/app/backend"
SMALL = WriterOptions(segment_bytes=1000)
"""Segments of three or four records."""


def event(number: int | str, data: Any = None, **more: Any) -> Fact:
    """Return a service event with its own key."""
    payload = {"id": str(number), "message": f"event {number}"} if data is None else data
    return Fact(type="aws.ecs.service_event", source=SERVICE, id=str(number), data=payload, **more)


def ours(kind: str, identity: str, data: Any) -> Fact:
    return Fact(type=f"forensics.{kind}", source="urn:forensics:test", id=identity, data=data)


def open_writer(path: Path, *, options: WriterOptions | None = None, disk: Disk | None = None) -> Writer:
    return Writer.open(path, clock=ManualClock(), run="run-1", tool="test", options=options, disk=disk)


def abandon(writer: Writer) -> None:
    """Let go of an archive as a killed process does: no seal, the lock gone."""
    writer._release()


def written(path: Path, batches: int, *, options: WriterOptions = SMALL) -> list[Record]:
    """Write and close an archive of so many appends of one record."""
    writer = open_writer(path, options=options)
    records = [record for number in range(batches) for record in writer.append([event(number)])]
    writer.close()
    return records


def read(path: Path) -> list[Record]:
    return list(Archive.open(path).records())


def ids(path: Path) -> list[str]:
    """Return the keys of AWS facts in an archive, in order."""
    return [record.id for record in read(path) if record.type.startswith("aws.")]
