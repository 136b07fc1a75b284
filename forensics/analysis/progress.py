"""Where each stack and service stands: a fold over records, for a view that is drawn again and again."""

from collections import deque
from collections.abc import Iterable

import msgspec

from forensics.analysis import shapes
from forensics.analysis.notable import Notable, notable
from forensics.analysis.statuses import STACK_ENDED, STARTS, is_failed
from forensics.analysis.wording import short_name
from forensics.model.record import Record

NOTABLES_KEPT = 100


class Resource(msgspec.Struct, kw_only=True):
    """One resource in the operation that goes on, or went last."""

    logical_id: str
    resource_type: str
    status: str
    since: str
    """When it began to be worked on, RFC 3339, AWS's time."""

    @property
    def is_busy(self) -> bool:
        """Whether AWS works on it."""
        return self.status.endswith("_IN_PROGRESS")


class StackProgress(msgspec.Struct, kw_only=True):
    """One stack's newest operation."""

    arn: str
    name: str
    status: str = ""
    """Of the stack itself."""
    started_at: str = ""
    """When the operation began, RFC 3339, AWS's time; "" where that was not seen."""
    changed_at: str = ""
    """Its newest event."""
    resources: dict[str, Resource] = {}

    @property
    def is_busy(self) -> bool:
        """Whether an operation goes on."""
        return bool(self.status) and self.status not in STACK_ENDED

    @property
    def done(self) -> int:
        """How many resources came up, or were changed."""
        return sum(
            item.status.endswith("_COMPLETE") and item.status != "DELETE_COMPLETE"
            for item in self.resources.values()
        )

    @property
    def removed(self) -> int:
        """How many resources are gone."""
        return sum(item.status == "DELETE_COMPLETE" for item in self.resources.values())

    @property
    def failed(self) -> int:
        """How many resources stand as failed."""
        return sum(is_failed(item.status) for item in self.resources.values())

    def busy(self) -> list[Resource]:
        """Return the resources that AWS works on, the longest first."""
        return sorted((item for item in self.resources.values() if item.is_busy), key=lambda item: item.since)


class ServiceProgress(msgspec.Struct, kw_only=True):
    """One service's tasks."""

    arn: str
    name: str
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    """The most failed tasks that its newest deployment was seen with: AWS resets the count."""
    rollout: str = ""
    deployment: str = ""
    changed_at: str = ""


class Progress:
    """The state of everything that records tell of; feed it every record once, in order."""

    def __init__(self) -> None:
        self.stacks: dict[str, StackProgress] = {}
        self.services: dict[str, ServiceProgress] = {}
        self.notables: deque[Notable] = deque(maxlen=NOTABLES_KEPT)
        """The newest notable records, the newest last."""

    def add_all(self, records: Iterable[Record]) -> None:
        """Take records into account."""
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take one record into account."""
        said = notable(record)
        if said is not None:
            self.notables.append(said)
        if record.type == shapes.STACK_EVENT:
            self._add_stack_event(shapes.stack_event(record))
        elif record.type == shapes.SERVICE:
            self._add_service(record)
        elif record.type == shapes.DEPLOYMENT:
            self._add_deployment(shapes.deployment(record))

    def _add_stack_event(self, event: shapes.StackEvent) -> None:
        stack = self.stacks.get(event.stack_id)
        if stack is None:
            name = event.stack_name or short_name(event.stack_id)
            stack = self.stacks[event.stack_id] = StackProgress(arn=event.stack_id, name=name)
        stack.changed_at = max(stack.changed_at, event.at)
        if event.is_of_stack:
            if event.status in STARTS:
                stack.started_at = event.at
                stack.resources = {}
            stack.status = event.status
            return
        if event.hook_status:
            return
        known = stack.resources.get(event.logical_id)
        if known is None or not known.is_busy or known.status != event.status:
            stack.resources[event.logical_id] = Resource(
                logical_id=event.logical_id,
                resource_type=event.resource_type,
                status=event.status,
                since=event.at,
            )

    def _service(self, arn: str) -> ServiceProgress:
        return self.services.setdefault(arn, ServiceProgress(arn=arn, name=short_name(arn)))

    def _add_service(self, record: Record) -> None:
        payload = shapes.payload_of(record)
        service = self._service(record.source)
        service.desired = shapes.count_at(payload, "desiredCount") or 0
        service.running = shapes.count_at(payload, "runningCount") or 0
        service.pending = shapes.count_at(payload, "pendingCount") or 0
        service.changed_at = record.happened_at()
        for seen in reversed(shapes.deployments_in(record)):
            self._add_deployment(seen)

    def _add_deployment(self, seen: shapes.Deployment) -> None:
        service = self._service(seen.service)
        if seen.status not in {"PRIMARY", ""} and service.deployment != seen.id:
            return
        if service.deployment != seen.id:
            service.deployment, service.failed = seen.id, 0
        service.failed = max(service.failed, seen.failed_tasks)
        service.rollout = seen.rollout_state
        service.changed_at = seen.at
