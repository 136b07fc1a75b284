"""Which records belong to an extract: what was asked for, and what that refers to."""

from collections.abc import Callable, Iterable

import msgspec

from forensics.analysis import shapes
from forensics.analysis.attempts import child_of
from forensics.analysis.wording import short_name
from forensics.model.conflict import told_otherwise
from forensics.model.identity import parse_service_arn
from forensics.model.record import CONFLICT, Record

_OF_STREAM = frozenset({"forensics.gap", "forensics.refusal", "forensics.undecodable", "forensics.stream"})
"""Facts of ours that concern one stream; the others concern the recording as a whole and always belong."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an extract was asked for; what is empty asks for everything."""

    since: str = ""
    """RFC 3339, UTC: nothing of AWS's before, by AWS's own time."""
    until: str = ""
    """Nothing of AWS's after."""
    stacks: tuple[str, ...] = ()
    """Names or ARNs; a stack brings the stacks nested in it, its services and their tasks."""
    services: tuple[str, ...] = ()
    """NAME, CLUSTER/NAME or ARN."""

    @property
    def names(self) -> bool:
        """Tell whether stacks or services were named."""
        return bool(self.stacks or self.services)


def extract(records: Iterable[Record], wanted: Wanted) -> Callable[[Record], bool]:
    """Return what tells whether a record belongs to the extract.

    Beside what was asked for belong the recorder's own statements about it, the task definitions that its
    services and tasks run, and the newest state of each of its services before the time asked for.

    Args:
        records: All of them, in the order of their seq.
        wanted: What was asked for.
    """
    known = _Known(wanted)
    for record in records:
        known.take(record)
    return known.holds()


class _Known:
    """What leads to what, as the records tell it."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._stacks: set[str] = set()
        self._services: set[str] = set()
        self._nested: dict[str, set[str]] = {}
        """ARNs of stacks and services by that of the stack that holds them."""
        self._definitions: dict[str, set[str]] = {}
        """Task definitions by the service or task that runs them."""
        self._before: dict[tuple[str, str], int] = {}
        """The newest state of a service or deployment before the time asked for: its seq."""

    def take(self, record: Record) -> None:
        if record.type.startswith("aws.cloudformation."):
            self._stacks.add(record.source)
            if record.type == shapes.STACK_EVENT:
                self._take_stack_event(shapes.stack_event(record))
        elif record.type == shapes.TASK:
            task = shapes.task(record)
            self._definitions.setdefault(task.arn, set()).add(task.task_definition)
        elif record.type.startswith("aws.ecs."):
            self._services.add(record.source)
            if record.type in (shapes.SERVICE, shapes.DEPLOYMENT):
                runs = {item.task_definition for item in _deployments(record)}
                self._definitions.setdefault(record.source, set()).update(runs)
                if record.happened_at() < self._wanted.since:
                    self._before[record.source, record.type] = record.seq

    def _take_stack_event(self, event: shapes.StackEvent) -> None:
        child = child_of(event)
        if child is None and event.resource_type == shapes.ECS_SERVICE:
            child = event.physical_id
        if child:
            self._nested.setdefault(event.stack_id, set()).add(child)

    def holds(self) -> Callable[[Record], bool]:
        targets = self._targets() if self._wanted.names else None
        services = {arn for arn in targets or () if parse_service_arn(arn)}
        definitions = {name for arn in services for name in self._definitions.get(arn, ())}
        kept_states = set(self._before.values())

        def is_of_target(record: Record) -> bool:
            if targets is None:
                return True
            if record.type == shapes.TASK_DEFINITION:
                return record.id in definitions
            if record.type == shapes.TASK:
                return _service_arn(record) in services
            return _target_of(record) in targets | _clusters(services)

        def holds(record: Record) -> bool:
            if record.type == CONFLICT:
                told = told_otherwise(record)
                return told is not None and holds(told)
            if record.type in _OF_STREAM or record.type == shapes.TASK_DEFINITION:
                return is_of_target(record)
            if record.type.startswith("forensics."):
                return True
            return is_of_target(record) and (self._is_in_time(record) or record.seq in kept_states)

        return holds

    def _targets(self) -> set[str]:
        wanted = [arn for arn in self._stacks if _named(arn, self._wanted.stacks)]
        wanted += [arn for arn in self._services if _named(arn, self._wanted.services)]
        targets: set[str] = set()
        while wanted:
            arn = wanted.pop()
            if arn not in targets:
                targets.add(arn)
                wanted += self._nested.get(arn, ())
        return targets

    def _is_in_time(self, record: Record) -> bool:
        at = record.happened_at()
        return self._wanted.since <= at and (not self._wanted.until or at <= self._wanted.until)


def _deployments(record: Record) -> list[shapes.Deployment]:
    return shapes.deployments_in(record) if record.type == shapes.SERVICE else [shapes.deployment(record)]


def _named(arn: str, names: tuple[str, ...]) -> bool:
    service = parse_service_arn(arn)
    known = {arn, short_name(arn), f"{service.cluster}/{service.name}" if service else arn}
    return bool({name.casefold() for name in known} & {name.casefold() for name in names})


def _service_arn(record: Record) -> str:
    """Return the ARN of the service that a task belongs to; "" where it belongs to none."""
    kind, _, name = shapes.task(record).group.partition(":")
    return f"{record.source.replace(':cluster/', ':service/', 1)}/{name}" if kind == "service" else ""


def _clusters(services: set[str]) -> set[str]:
    return {arn.rpartition("/")[0].replace(":service/", ":cluster/", 1) for arn in services}


def _target_of(record: Record) -> str:
    """Return what a record is about: for a fact of ours, the target of its stream."""
    if not record.type.startswith("forensics."):
        return record.source
    return shapes.text_at(shapes.payload_of(record), "stream").partition(" ")[2] or record.source
