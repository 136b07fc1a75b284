"""One pass over records: everything that a diagnosis looks at, by what it is about."""

from collections.abc import Callable, Iterable
from functools import cached_property
from operator import attrgetter
from typing import Any

import msgspec

from forensics.analysis import service_shapes, shapes
from forensics.analysis.service_shapes import ServiceDeployment, ServiceState, TaskDefinition
from forensics.analysis.shapes import Deployment, ServiceEvent, StackEvent, Task
from forensics.analysis.watching import Watching
from forensics.model.record import COMMAND, Record

_AT = attrgetter("at")


class Timeline:
    """The facts of an archive by target, each list in the order in which AWS says they happened."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[StackEvent]] = {}
        """Events by the stack's ARN."""
        self.tasks: dict[str, Task] = {}
        """Newest version of each stopped task, by ARN."""
        self.service_events: dict[str, list[ServiceEvent]] = {}
        """By the service's ARN."""
        self.deployments: dict[str, list[Deployment]] = {}
        """Every snapshot of every deployment, by the service's ARN."""
        self.states: dict[str, list[ServiceState]] = {}
        """Every snapshot of each service, in the order they were seen, by its ARN."""
        self.service_deployments: dict[str, dict[str, ServiceDeployment]] = {}
        """Newest state of each service deployment, by the service's ARN and its own."""
        self.task_definitions: dict[str, TaskDefinition] = {}
        """By ARN."""
        self.modes: dict[str, str] = {}
        """Stack ARN → STANDARD or EXPRESS, where a description says it."""
        self.log_places: dict[str, tuple[str, str, str]] = {}
        """Task definition ARN → log group, stream prefix and container of its first awslogs container."""
        self.commands: list[Record] = []
        """What the recorder said of the command that it ran beside."""
        self.watching = Watching()
        self.last_at = ""
        """The newest moment that any record names."""
        self.cut: Any = None
        """The operations of its stacks, once `attempts.operations_of` was asked for them."""

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Timeline":
        """Return the timeline of records given in the order of their seq."""
        timeline = cls()
        for record in records:
            timeline._add(record)
        timeline.watching.is_empty = not timeline.last_at
        # They come in the order of their seq, which a stable sort keeps among equal times.
        for events in timeline.stacks.values():
            events.sort(key=_AT)
        for messages in timeline.service_events.values():
            messages.sort(key=_AT)
        return timeline

    def _add(self, record: Record) -> None:
        at = record.time or record.recordedtime
        self.last_at = max(self.last_at, at)
        add = _ADDS.get(record.type)
        if add is not None:
            add(self, record)
        else:
            self.watching.add(record)

    def _add_stack_event(self, record: Record) -> None:
        event = shapes.stack_event(record)
        events = self.stacks.get(event.stack_id)
        if events is None:
            events = self.stacks[event.stack_id] = []
        events.append(event)

    def _add_task(self, record: Record) -> None:
        task = shapes.task(record)
        if task.is_stopped:
            self.tasks[task.arn] = task

    def _add_service_event(self, record: Record) -> None:
        event = shapes.service_event(record)
        events = self.service_events.get(event.service)
        if events is None:
            events = self.service_events[event.service] = []
        events.append(event)

    def _add_service(self, record: Record) -> None:
        state = service_shapes.service_state(record)
        self.states.setdefault(record.source, []).append(state)
        self.deployments.setdefault(record.source, []).extend(state.deployments)

    def _add_deployment(self, record: Record) -> None:
        self.deployments.setdefault(record.source, []).append(shapes.deployment(record))

    def _add_service_deployment(self, record: Record) -> None:
        found = service_shapes.service_deployment(record)
        self.service_deployments.setdefault(record.source, {})[found.arn] = found

    def _add_task_definition(self, record: Record) -> None:
        definition = service_shapes.task_definition(record)
        self.task_definitions[definition.arn] = definition
        self._add_log_place(record)

    def _add_description(self, record: Record) -> None:
        mode = shapes.text_at(shapes.payload_of(record), "DeploymentConfig", "Mode")
        if mode:
            self.modes[record.source] = mode

    def _add_command(self, record: Record) -> None:
        self.commands.append(record)

    @cached_property
    def tasks_by_starter(self) -> dict[str, list[Task]]:
        """The stopped tasks by startedBy: for a service's task its deployment."""
        return by(self.tasks.values(), lambda task: task.started_by)

    @cached_property
    def tasks_by_group(self) -> dict[str, list[Task]]:
        """The stopped tasks by group: ``service:NAME`` or ``family:NAME``."""
        return by(self.tasks.values(), lambda task: task.group)

    def _add_log_place(self, record: Record) -> None:
        payload = shapes.payload_of(record)
        definition = payload.get("taskDefinition") if "taskDefinition" in payload else payload
        for container in shapes.objects_at(definition, "containerDefinitions"):
            options = shapes.value_at(container, "logConfiguration", "options")
            group = shapes.text_at(options, "awslogs-group")
            prefix = shapes.text_at(options, "awslogs-stream-prefix")
            if group and prefix:
                place = (group, prefix, shapes.text_at(container, "name"))
                self.log_places[record.id] = place
                return


_ADDS: dict[str, Callable[[Timeline, Record], None]] = {
    shapes.STACK_EVENT: Timeline._add_stack_event,
    shapes.STACK_DESCRIPTION: Timeline._add_description,
    shapes.TASK: Timeline._add_task,
    shapes.SERVICE_EVENT: Timeline._add_service_event,
    shapes.SERVICE: Timeline._add_service,
    shapes.DEPLOYMENT: Timeline._add_deployment,
    shapes.SERVICE_DEPLOYMENT: Timeline._add_service_deployment,
    shapes.TASK_DEFINITION: Timeline._add_task_definition,
    COMMAND: Timeline._add_command,
}
"""By type of record; the rest says at most what was watched."""


def by(tasks: Iterable[Task], key: Callable[[Task], str]) -> dict[str, list[Task]]:
    """Return tasks by what they name, in their order: the deployment that started them, or their group."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(key(task), []).append(task)
    return found


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A span of AWS's time, both ends included."""

    since: str
    """RFC 3339."""
    until: str | None
    """None: still open."""

    def holds(self, at: str) -> bool:
        """Return whether a moment lies in the span."""
        return self.since <= at and (self.until is None or at <= self.until)

    def touches(self, since: str, until: str | None) -> bool:
        """Return whether another span shares a moment with this one."""
        return (self.until is None or since <= self.until) and (until is None or until >= self.since)
