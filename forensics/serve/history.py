"""A written history, indexed by what AWS can be asked about."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from forensics.errors import NotAnArchive, UsageError
from forensics.model.clock import from_rfc3339
from forensics.model.identity import Arn, parse_arn
from forensics.model.record import Fact, JsonObject
from forensics.serve.clusters import Cluster, Service, Task
from forensics.serve.moments import Moments, Told, seconds
from forensics.serve.stacks import DELETED, STACK_TYPE, Kind, Stack

DEFAULT_ACCOUNT = "123456789012"
_STACK_KINDS = {kind.value: kind for kind in Kind}
_CLUSTER_TYPE = "AWS::ECS::Cluster"


class Place(NamedTuple):
    """All that a history holds of one account and region."""

    stacks: dict[str, Stack]
    """By ARN."""
    clusters: dict[str, Cluster]
    """By name."""
    task_definitions: dict[str, Moments[Told]]
    """By ARN."""

    def stack(self, name: str, now: float) -> Stack | None:
        """Return the stack that AWS finds by an ARN or, while it exists, by a name."""
        by_arn = self.stacks.get(name)
        if by_arn is not None:
            return by_arn if by_arn.is_shown(now) else None
        named = [stack for stack in self.stacks.values() if stack.name == name]
        living = [stack for stack in named if stack.is_shown(now) and not stack.is_deleted(now)]
        return max(living, key=lambda stack: stack.began_at(), default=None)

    def shown_stacks(self, now: float) -> list[Stack]:
        """Return the stacks that AWS still knows, deleted ones too, oldest first."""
        shown = [stack for stack in self.stacks.values() if stack.is_shown(now)]
        return sorted(shown, key=lambda stack: (stack.began_at(), stack.arn))


class History:
    """What AWS said over time, ready to be told again; `History.of` makes it."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Place] = {}

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Self:
        """Return the history that facts tell.

        Args:
            facts: In any order; facts of ours (``forensics.*``) are left out.

        Raises:
            UsageError: A fact has no time, or names no ARN: AWS would not know when or where to show it.
        """
        history = cls()
        for fact in facts:
            if fact.type.startswith("aws."):
                history._add(fact)
        for place in history._places.values():
            _link_nested(place)
        return history

    @property
    def account(self) -> str:
        """The account of callers that name none: the first that the history tells of."""
        return next((account for account, _ in self._places), DEFAULT_ACCOUNT)

    def place(self, account: str, region: str) -> Place:
        """Return what the history holds of an account and region; empty where it holds nothing."""
        return self._places.get((account, region)) or Place({}, {}, {})

    def _add(self, fact: Fact) -> None:
        arn = parse_arn(fact.source)
        if arn is None:
            raise UsageError(f"{fact.type} {fact.id!r}: {fact.source!r} is not an ARN")
        place = self._places.setdefault((arn.account, arn.region), Place({}, {}, {}))
        at = _moment(fact)
        if (kind := _STACK_KINDS.get(fact.type)) is not None:
            place.stacks.setdefault(fact.source, Stack(fact.source)).add(kind, at, fact.data)
            if fact.data.get("ResourceType") == _CLUSTER_TYPE:
                _note_cluster(place, arn, at, fact.data)
        elif (add := _ECS.get(fact.type)) is not None:
            add(place, arn, at, fact.data)


def load(path: Path) -> Iterator[Fact]:
    """Read facts from JSON lines, such as a segment of an archive.

    Args:
        path: A file with one fact or record a line; blank lines are passed over.

    Raises:
        NotAnArchive: The file cannot be read, or a line is no fact.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _fact(line, f"{path}:{number}")
    except OSError as error:
        raise NotAnArchive(f"{path}: {error.strerror}") from error


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    type: str
    source: str
    id: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    time: str | None = None
    recordedtime: str | None = None
    subject: str | None = None


def _fact(line: bytes, where: str) -> Fact:
    try:
        read = msgspec.json.decode(line, type=_Line)
        payload = msgspec.json.decode(read.data)
    except msgspec.DecodeError as error:
        raise NotAnArchive(f"{where}: not a fact: {error}") from error
    return Fact(
        type=read.type,
        source=read.source,
        id=read.id,
        data=payload,
        time=read.time or read.recordedtime,
        subject=read.subject,
    )


def _moment(fact: Fact) -> float:
    if fact.time is None:
        raise UsageError(
            f"{fact.type} {fact.id!r} has no time",
            hint="a history needs the moment from which AWS shows each fact",
        )
    try:
        return seconds(from_rfc3339(fact.time))
    except ValueError as error:
        raise UsageError(f"{fact.type} {fact.id!r}: {error}") from error


def _cluster(place: Place, beside: Arn, name: str) -> Cluster:
    if name not in place.clusters:
        place.clusters[name] = Cluster(beside._replace(service="ecs", resource=f"cluster/{name}"))
    return place.clusters[name]


def _note_cluster(place: Place, stack: Arn, at: float, event: JsonObject) -> None:
    """Learn from a stack's event that a cluster came or went."""
    name = str(event.get("PhysicalResourceId", "")).rsplit("/", 1)[-1]
    status = event.get("ResourceStatus")
    if name and status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", DELETED):
        _cluster(place, stack, name).changed(at, is_active=status != DELETED)


def _service(place: Place, arn: Arn, at: float) -> Service:
    parts = arn.resource.split("/")
    # Service ARNs of before 2021 do not name the cluster; AWS then means the one called "default".
    cluster = _cluster(place, arn, parts[1] if len(parts) == 3 else "default")
    cluster.seen(at)
    return cluster.services.setdefault(parts[-1], Service(str(arn)))


def _add_service(place: Place, arn: Arn, at: float, payload: JsonObject) -> None:
    _service(place, arn, at).states.add(at, Told(payload))


def _add_service_event(place: Place, arn: Arn, at: float, payload: JsonObject) -> None:
    _service(place, arn, at).events.add(at, Told(payload))


def _add_service_deployment(place: Place, arn: Arn, at: float, payload: JsonObject) -> None:
    key = str(payload.get("serviceDeploymentArn", ""))
    _service(place, arn, at).deployments.setdefault(key, Moments()).add(at, Told(payload))


def _add_task_definition(place: Place, _arn: Arn, at: float, payload: JsonObject) -> None:
    key = str(payload.get("taskDefinitionArn", ""))
    place.task_definitions.setdefault(key, Moments()).add(at, Told(payload))


def _add_task(place: Place, arn: Arn, at: float, payload: JsonObject) -> None:
    cluster = _cluster(place, arn, arn.resource.rsplit("/", 1)[-1])
    cluster.seen(at)
    task = Task(str(payload.get("taskArn", "")))
    cluster.tasks.setdefault(task.id, task).versions.add(at, Told(payload))


_ECS = {
    "aws.ecs.service": _add_service,
    "aws.ecs.service_event": _add_service_event,
    "aws.ecs.service_deployment": _add_service_deployment,
    "aws.ecs.task_definition": _add_task_definition,
    "aws.ecs.task": _add_task,
}


def _link_nested(place: Place) -> None:
    """Tell every nested stack its parent and root, as far as the parents' events prove them."""
    for stack in place.stacks.values():
        for told in stack.events.between(0, stack.events.count(float("inf"))):
            child = place.stacks.get(told.text("PhysicalResourceId"))
            if told.text("ResourceType") == STACK_TYPE and child is not None and child is not stack:
                child.parent = stack.arn
    for stack in place.stacks.values():
        climbed = [stack.arn]
        while (parent := place.stacks[climbed[-1]].parent) is not None and parent not in climbed:
            climbed.append(parent)
        stack.root = climbed[-1] if len(climbed) > 1 else None
