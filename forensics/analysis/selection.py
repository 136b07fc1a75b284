"""Which records a reader asked for."""

from datetime import datetime

import msgspec

from forensics.analysis import shapes
from forensics.analysis.notable import ERROR, notable
from forensics.analysis.wording import service_of, short_name
from forensics.model.clock import from_rfc3339
from forensics.model.identity import parse_service_arn
from forensics.model.record import Record


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that all have to hold; an empty one always does.

    Names match whole names or ARNs without regard to case; several of one kind mean any of them.
    """

    since: datetime | None = None
    """Only what happened then or later, by AWS's time where it gave one."""
    until: datetime | None = None
    """Only what happened before or then."""
    stacks: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Logical ids, task ids, deployment ids, physical ids."""
    types: tuple[str, ...] = ()
    """Types of records, whole (``aws.ecs.task``), a beginning with a dot (``forensics.``) or a last part
    (``task``)."""
    failed: bool = False
    """Only failures."""

    def takes(self, record: Record) -> bool:
        """Return whether a record meets all conditions."""
        return (
            self._takes_time(record)
            and self._takes_type(record.type)
            and (not self.stacks or _matches(_stack_names(record), self.stacks))
            and (not self.services or _matches(_service_names(record), self.services))
            and (not self.resources or _matches(_resource_names(record), self.resources))
            and (not self.failed or _is_failure(record))
        )

    def _takes_time(self, record: Record) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            at = from_rfc3339(record.happened_at())
        except ValueError:
            # A time that cannot be read is no reason to hide what happened.
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)

    def _takes_type(self, kind: str) -> bool:
        return not self.types or any(
            kind == wanted
            or kind.rpartition(".")[2] == wanted
            or (wanted.endswith(".") and kind.startswith(wanted))
            for wanted in self.types
        )


def _matches(names: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    known = {name.casefold() for name in names if name}
    return any(name.casefold() in known for name in wanted)


def _stack_names(record: Record) -> tuple[str, ...]:
    if not record.type.startswith("aws.cloudformation."):
        return ()
    payload = shapes.payload_of(record)
    return record.source, short_name(record.source), shapes.text_at(payload, "StackName")


def _service_names(record: Record) -> tuple[str, ...]:
    if record.type == shapes.TASK:
        task = shapes.task(record)
        name = service_of(task)
        return name, f"{short_name(task.cluster)}/{name}"
    if record.type == shapes.STACK_EVENT:
        event = shapes.stack_event(record)
        return _names_of_service(event.physical_id) if event.resource_type == shapes.ECS_SERVICE else ()
    return _names_of_service(record.source) if record.type.startswith("aws.ecs.") else ()


def _names_of_service(arn: str) -> tuple[str, ...]:
    """Return a service's ARN, its name, and CLUSTER/NAME as the flags of `watch` take it."""
    parsed = parse_service_arn(arn)
    return (arn, parsed.name, f"{parsed.cluster}/{parsed.name}") if parsed else (arn, short_name(arn))


def _resource_names(record: Record) -> tuple[str, ...]:
    subject = record.subject or ""
    if record.type != shapes.STACK_EVENT:
        return subject, record.id
    event = shapes.stack_event(record)
    return subject, event.logical_id, event.physical_id, event.resource_type


def _is_failure(record: Record) -> bool:
    said = notable(record)
    return said is not None and (said.severity == ERROR or said.kind == "resource_failed")
