"""From names and globs to streams: what AWS has of what was asked for."""

from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from forensics.aws.door import Door
from forensics.capture.poll import CountedDoor
from forensics.capture.selection import (
    Wanted,
    cluster_name,
    is_arn,
    is_glob,
    is_whole_stack_arn,
    wants_service,
    wants_stack,
)
from forensics.errors import AccessDenied, AwsError, NotFound
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, parse_arn, parse_service_arn
from forensics.sources import answer

GONE = "DELETE_COMPLETE"
OPERATIONS = (
    "cloudformation:DescribeStacks",
    "cloudformation:ListStacks",
    "ecs:ListClusters",
    "ecs:ListServices",
)
"""What a look may ask, for the IAM policy: the listings serve globs and watched clusters only."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One look for what was asked for."""

    label: str
    door: Door
    wanted: Wanted
    account: str | None
    """None while AWS has not said it: it is then learnt from what is found."""
    partition: str
    with_stacks: bool
    """Look up names and globs of stacks; else the survey does."""
    since: datetime
    """Stacks deleted after this moment count as found: they came and went while nobody could look."""


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found; partial where some of the calls failed."""

    ask: Ask
    found: tuple[Stream, ...]
    absent: tuple[str, ...]
    """What was asked for and is not there, as it was asked for."""
    errors: tuple[AwsError, ...]
    account: str | None
    partition: str
    is_listing_refused: bool
    calls: int


def needs_repeating(wanted: Wanted) -> bool:
    """Return whether more can appear later that only another look finds."""
    return bool(wanted.clusters) or any(is_glob(text) for text in wanted.services)


def explicit(wanted: Wanted) -> list[Stream]:
    """Return the streams that ARNs name: they need no look."""
    streams = [Stream("stack_events", text) for text in wanted.stacks if is_whole_stack_arn(text)]
    streams += [Stream("stopped_tasks", text) for text in wanted.clusters if is_arn(text)]
    for text in wanted.services:
        streams += _with_tasks(text) if is_arn(text) else []
    return list(dict.fromkeys(streams))


def _with_tasks(service: str) -> list[Stream]:
    named = parse_service_arn(service)
    if named is None or not named.cluster:
        return []
    cluster = str(named.arn._replace(resource=f"cluster/{named.cluster}"))
    return [Stream("services", service), Stream("stopped_tasks", cluster)]


def missing(text: str) -> NotFound:
    """Return the error for something wanted that does not exist."""
    return NotFound(
        f"{text!r} does not exist", hint="check name and region, or let the recording wait for it"
    )


def discover(ask: Ask) -> Discovered:
    """Make the look; nothing that goes wrong escapes as an exception."""
    look = _Look(ask)
    if ask.with_stacks:
        look.attempt(look.stacks)
    look.attempt(look.clusters_and_services)
    return Discovered(
        ask=ask,
        found=tuple(dict.fromkeys(look.found)),
        absent=tuple(look.absent),
        errors=tuple(look.errors),
        account=look.account,
        partition=look.partition,
        is_listing_refused=look.is_listing_refused,
        calls=look.door.calls,
    )


class _Look:
    """The steps of one look, sharing what they learn."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.door = CountedDoor(ask.door)
        self.found: list[Stream] = []
        self.absent: list[str] = []
        self.errors: list[AwsError] = []
        self.account = ask.account
        self.partition = ask.partition
        self.is_listing_refused = False
        self._clusters: list[str] | None = None

    def attempt(self, step: Callable[..., None], *values: Any) -> None:
        """Take a step; an error is noted and the other steps go on."""
        try:
            step(*values)
        except AwsError as error:
            self.errors.append(error)
        except Exception as error:  # noqa: BLE001  an answer of a shape nobody foresaw must not end the recording
            self.errors.append(AwsError(f"discovery broke: {type(error).__name__}: {error}"))

    def stacks(self) -> None:
        """Find the live stacks that names and globs match."""
        asked = [text for text in self.ask.wanted.stacks if not is_arn(text)]
        if not asked:
            return
        try:
            present = [self._learn(arn) for arn in _stacks(self.door, self.ask.since)]
        except AccessDenied as error:
            self.is_listing_refused = True
            self.errors.append(error)
            for name in asked:
                self.attempt(self._stack_by_name, name)
            return
        for text in asked:
            arns = [arn for arn in present if wants_stack(Wanted(stacks=(text,)), arn)]
            self._keep(text, [Stream("stack_events", arn) for arn in arns])

    def _stack_by_name(self, name: str) -> None:
        if is_glob(name):
            return
        try:
            page = answer.ask(self.door, "cloudformation:DescribeStacks", StackName=name)
        except NotFound:
            self._keep(name, [])
            return
        arns = [arn for row in page.rows("Stacks") if (arn := answer.text(row, "StackId"))]
        self._keep(name, [Stream("stack_events", self._learn(arn)) for arn in arns])

    def clusters_and_services(self) -> None:
        """Find the clusters and services that names, globs and watched clusters lead to."""
        for text in self.ask.wanted.clusters:
            self.attempt(self._cluster, text)
        for text in self.ask.wanted.services:
            if not is_arn(text):
                self.attempt(self._service, text)

    def _cluster(self, text: str) -> None:
        arns = self._cluster_arns(text)
        self._keep(text, [Stream("stopped_tasks", arn) for arn in arns])
        for arn in arns:
            self.attempt(self._services_of, arn, text, "*")

    def _service(self, text: str) -> None:
        cluster, _, name = text.partition("/")
        arns = self._cluster_arns(cluster)
        if not arns:
            self.absent.append(text)
        before = len(self.found), len(self.errors), len(self.absent)
        for arn in arns:
            if is_glob(name):
                self.attempt(self._services_of, arn, text, name)
            else:
                self.found += _with_tasks(_service_arn(arn, name))
        if arns and before == (len(self.found), len(self.errors), len(self.absent)):
            self.absent.append(text)

    def _services_of(self, cluster: str, text: str, name: str) -> None:
        try:
            arns = list(_arns(self.door, "ecs:ListServices", "serviceArns", cluster=cluster))
        except NotFound:
            self.absent.append(text)
            return
        for arn in arns:
            whole = _service_arn(cluster, arn.rsplit("/", 1)[-1])
            if fnmatchcase(whole.rsplit("/", 1)[-1], name) or wants_service(self.ask.wanted, whole):
                self.found += _with_tasks(whole)

    def _cluster_arns(self, text: str) -> list[str]:
        if is_arn(text):
            return [text]
        if not is_glob(text) and self.account is not None:
            place = f"arn:{self.partition}:ecs:{self.door.region}:{self.account}"
            return [f"{place}:cluster/{text}"]
        if self._clusters is None:
            arns = _arns(self.door, "ecs:ListClusters", "clusterArns")
            self._clusters = [self._learn(arn) for arn in arns]
        return [arn for arn in self._clusters if fnmatchcase(cluster_name(arn), text)]

    def _keep(self, text: str, streams: list[Stream]) -> None:
        self.found += streams
        if not streams:
            self.absent.append(text)

    def _learn(self, text: str) -> str:
        arn = parse_arn(text)
        if self.account is None and arn is not None:
            self.account, self.partition = arn.account, arn.partition
        return text


def _service_arn(cluster: str, name: str) -> str:
    return cluster.replace(":cluster/", ":service/", 1) + f"/{name}"


def _stacks(door: Door, since: datetime) -> Iterator[str]:
    since_text = to_rfc3339(since)
    for page in answer.pages(door, "cloudformation:ListStacks", "NextToken"):
        for summary in page.rows("StackSummaries"):
            is_gone = answer.text(summary, "StackStatus") == GONE
            if not is_gone or answer.text(summary, "DeletionTime") >= since_text:
                yield answer.text(summary, "StackId")


def _arns(door: Door, operation: str, member: str, **parameters: Any) -> Iterator[str]:
    for page in answer.pages(door, operation, "nextToken", maxResults=100, **parameters):
        yield from page.names(member)
