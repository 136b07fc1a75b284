"""Polling: CPU of one poll that finds nothing new, beside boto3 asking for the same page.

The endpoint runs in a process of its own, so that only the caller's time counts.
``python -m bench.poll`` is that process: it prints its address and serves until its input ends.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import boto3

from bench.table import Row, at_most
from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.model.clock import SystemClock
from forensics.model.record import Fact
from forensics.serve.endpoint import Endpoint
from forensics.serve.history import History
from forensics.serve.player import Player
from forensics.sources.base import Batch, Position
from forensics.sources.stack_events import StackEvents

TARGET = 1 / 8
REGION = "us-east-1"
ARN = f"arn:aws:cloudformation:{REGION}:123456789012:stack/shop/11111111-1111-1111-1111-111111111111"
EVENTS = 250
ROUNDS = 15
POLLS_A_ROUND = 25


def rows() -> list[Row]:
    """Measure one poll without news on a page of 100 events, against boto3's describe_stack_events."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "bench-only"}
    with endpoint() as url:
        poll, ask = our_poll(url), boto3_call(url)
        # In turns, and the middle one of them: what else the machine does then weighs on both alike.
        turns = [(cpu_seconds(poll), cpu_seconds(ask)) for _ in range(ROUNDS)]
    ours_s, theirs_s = (statistics.median(seconds) for seconds in zip(*turns, strict=True))
    what = "CPU of a poll without news, against boto3's describe_stack_events"
    return [at_most(what, ours_s / theirs_s, TARGET, "x")]


def our_poll(url: str) -> Callable[[], None]:
    """Return a poll of a stack whose events are all known."""
    clock, source = SystemClock(), StackEvents()
    # What the budget holds back would be waiting, not work.
    budget = Budget(BudgetOptions(rates={}, otherwise=Rate(burst=1e6, per_s=1e6)))
    door = Client(ClientOptions(region=REGION, endpoint_url=url), clock, budget)
    position: Position | None = None

    def fetch() -> Batch:
        (answer,) = source.fetch(
            door, [ARN], {ARN: position}, now=clock.now(), polled_at={ARN: clock.now()}, wanted_since={}
        )
        if not isinstance(answer, Batch):
            raise answer.error
        return answer

    for fact in fetch().facts:
        position = source.fold(position, fact)

    def poll() -> None:
        if fetch().facts:
            raise RuntimeError("the poll found news: something else is measured here")

    return poll


def boto3_call(url: str) -> Callable[[], None]:
    """Return boto3's way to the same page."""
    client = boto3.client("cloudformation", region_name=REGION, endpoint_url=url)

    def ask() -> None:
        if len(client.describe_stack_events(StackName=ARN)["StackEvents"]) != 100:
            raise RuntimeError("expected a page of 100 events")

    return ask


def cpu_seconds(work: Callable[[], None]) -> float:
    """Return the CPU time that this process takes for a round, after one call that warms up."""
    work()
    began_s = time.process_time()
    for _ in range(POLLS_A_ROUND):
        work()
    return time.process_time() - began_s


@contextmanager
def endpoint() -> Iterator[str]:
    """Run the endpoint in another process; give its address."""
    command = [sys.executable, "-m", "bench.poll"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the endpoint's process has no pipes")
        yield process.stdout.readline().strip()
        process.stdin.close()


def serve() -> None:
    """Serve the stack until the input ends."""
    clock = SystemClock()
    with Player(Endpoint(History.of(stack_events()), clock)) as player:
        print(player.url, flush=True)
        sys.stdin.read()


def stack_events() -> list[Fact]:
    """Return the events of a stack in the middle of its creation, as CloudFormation words them."""
    return [event(number) for number in range(EVENTS)]


def event(number: int) -> Fact:
    """Return one event; the first is the stack's own start."""
    at = f"2026-01-15T02:{number // 60:02}:{number % 60:02}.000Z"
    is_start = number == 0
    logical = "shop" if is_start else f"Resource{number:03}"
    data = {
        "StackId": ARN,
        "EventId": f"{logical}-CREATE_IN_PROGRESS-{at}",
        "StackName": "shop",
        "LogicalResourceId": logical,
        "PhysicalResourceId": ARN if is_start else f"shop-{logical}-1A2B3C4D5E6F7",
        "ResourceType": "AWS::CloudFormation::Stack" if is_start else "AWS::SNS::Topic",
        "Timestamp": at,
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "ResourceStatusReason": "Resource creation Initiated",
        "ClientRequestToken": "Console-CreateStack-0f6c4d2e-0000-4000-8000-000000000000",
    }
    kind = "aws.cloudformation.stack_event"
    return Fact(type=kind, source=ARN, id=data["EventId"], data=data, time=at, subject=logical)


if __name__ == "__main__":
    serve()
