"""The archive: rate of durable records, start on a big archive, check against sha256sum."""

import hashlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

from bench.table import Row, at_least, at_most
from forensics.archive.end import WriterOptions
from forensics.archive.verify import verify
from forensics.archive.writer import Writer
from forensics.capture.past import Past
from forensics.model.clock import SystemClock
from forensics.model.record import Fact
from forensics.sources.catalog import CATALOG

BATCH = 100
BATCHES = 10
"""In a turn."""
TURNS = 30
STACK = (
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/app-infrastructure/"
    "0f0e2b30-f1b4-11f0-9a3c-0a1b2c3d4e5f"
)
SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/app-infrastructure/backend"


def rows() -> list[Row]:
    """Measure everything about the archive, in a directory that is removed afterwards."""
    # Not where TMPDIR says: that is often memory, which has nothing to flush.
    with tempfile.TemporaryDirectory(prefix="forensics-bench-", dir="/var/tmp") as scratch:
        place = Path(scratch)
        return [append_rate(place), *big_archives(place)]


def service_event(number: int) -> Fact:
    """Return a service event of usual size; a DescribeServices answer holds 100 of them."""
    digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    message = (
        f"(service backend) (task {digest}) failed container health checks. "
        "(deployment ecs-svc/5483905718234567890)"
    )
    identity = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"
    return Fact(
        type="aws.ecs.service_event",
        source=SERVICE,
        id=identity,
        subject="backend",
        time="2026-01-15T02:16:07.123Z",
        data={"id": identity, "createdAt": 1768443367.123, "message": message},
    )


def stack_event(number: int) -> Fact:
    """Return a stack event of usual size, 1 KB; a DescribeStackEvents page holds 100 of them."""
    digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    identity = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"
    return Fact(
        type="aws.cloudformation.stack_event",
        source=STACK,
        id=identity,
        subject="BackendService",
        time="2026-01-15T02:16:07.123Z",
        data={
            "StackId": STACK,
            "EventId": identity,
            "StackName": "app-infrastructure",
            "LogicalResourceId": "BackendService",
            "PhysicalResourceId": SERVICE,
            "ResourceType": "AWS::ECS::Service",
            "Timestamp": "2026-01-15T02:16:07.123Z",
            "ResourceStatus": "UPDATE_FAILED",
            "ResourceStatusReason": (
                'Resource handler returned message: "Error occurred during operation '
                "'ECS Deployment Circuit Breaker was triggered'.\" "
                f"(RequestToken: {identity}, HandlerErrorCode: GeneralServiceException)"
            ),
            "ResourceProperties": (
                '{"Cluster":"app-infrastructure","ServiceName":"backend","DesiredCount":"4",'
                '"TaskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/backend:42",'
                '"DeploymentConfiguration":{"DeploymentCircuitBreaker":{"Enable":"true"}}}'
            ),
        },
    )


@contextmanager
def writing(path: Path, options: WriterOptions | None = None) -> Iterator[Writer]:
    """Open an archive, and close it in the end."""
    writer = Writer.open(path, clock=SystemClock(), run="bench", tool="bench", options=options)
    yield writer
    writer.close()


def append_rate(place: Path) -> Row:
    """Compare appends, one begun behind another as by a recorder at work, with a bare loop, taking turns.

    Both write the same bytes in as many writes and flushes; their files grow side by side on one file system.
    A turn is over when its last record is durable.
    """
    ours: list[float] = []
    bare: list[float] = []
    fd = os.open(place / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with writing(place / "rate", WriterOptions(segment_bytes=1 << 30)) as writer:
        writer.append([stack_event(-1)])
        with (place / "rate/seg/00000001.jsonl").open("rb") as segment:
            segment.readline()
            for turn in range(TURNS):
                # Made just before, as by a source: facts come fresh from decoding an answer.
                batches = [
                    [stack_event(index) for index in range(first, first + BATCH)]
                    for first in range(turn * BATCHES * BATCH, (turn + 1) * BATCHES * BATCH, BATCH)
                ]
                ours.append(timed(partial(append_all, writer, batches)))
                contents = [b"".join(islice(segment, BATCH)) for _ in batches]
                bare.append(timed(partial(bare_append_all, fd, contents)))
    os.close(fd)
    ours_s, bare_s = statistics.median(ours) / BATCHES, statistics.median(bare) / BATCHES
    what = (
        f"durable records a second in batches of {BATCH} ({BATCH / ours_s:,.0f}), "
        f"against bare write + fdatasync ({bare_s * 1e3:.2g} ms a batch)"
    )
    return at_least(what, bare_s / ours_s, 0.5, "x")


def append_all(writer: Writer, batches: list[list[Fact]]) -> None:
    """Append batches, each durable before the next is written, and wait for the last."""
    for number, batch in enumerate(batches):
        pending = writer.begin(batch, poll=f"bench-{number}")
    pending.wait()


def bare_append_all(fd: int, contents: list[bytes]) -> None:
    """Do what every durable append must do, and nothing else."""
    for content in contents:
        os.write(fd, content)
        os.fdatasync(fd)


def big_archives(place: Path) -> list[Row]:
    """Measure a start on 1 GB and a check of 256 MB; the big archive is copies of one that was written."""
    small, big = place / "quarter", place / "gigabyte"
    write_archive(small, 256 << 20)
    sealed = sorted((small / "seg").glob("*.jsonl"))
    verdict_s = min(timed(lambda: verify(small)) for _ in range(3))
    sums_s = min(
        timed(lambda: subprocess.run(["sha256sum", *sealed], stdout=subprocess.PIPE)) for _ in range(3)
    )
    write_archive(big, 1 << 30)
    start_big_s = min(timed(lambda: start(big)) for _ in range(3))
    start_empty_s = min(timed(lambda number=number: start(place / f"empty{number}")) for number in range(3))
    shutil.rmtree(big)
    return [
        at_most(
            "start of watch on a 1 GB archive, more than on an empty one",
            start_big_s - start_empty_s,
            0.5,
            "s",
        ),
        at_most("verify of a 256 MB archive, against sha256sum of its files", verdict_s / sums_s, 3, "x"),
    ]


def write_archive(path: Path, size_bytes: int) -> None:
    """Write an archive of a size whose last segment is open, as after a crash."""
    options = WriterOptions()
    writer = Writer.open(path, clock=SystemClock(), run="bench", tool="bench", options=options)
    written = number = 0
    while written < size_bytes:
        written += sum(len(bytes(record.data)) + 450 for record in writer.append(batch_of(number, 5000)))
        number += 5000
    writer._release()


def batch_of(first: int, count: int) -> list[Fact]:
    """Return so many service events with keys of their own."""
    return [service_event(number) for number in range(first, first + count)]


def start(path: Path) -> None:
    """Do what `watch` does first: open the archive, and fold its open segment to know every position."""
    writer = Writer.open(path, clock=SystemClock(), run="bench", tool="bench")
    Past(writer, CATALOG)
    writer._release()


def timed(action: Callable[[], object]) -> float:
    """Return how long an action takes, seconds."""
    before = time.perf_counter()
    action()
    return time.perf_counter() - before
