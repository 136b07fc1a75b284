"""Since which record something is at work, or has failed and was not mended."""

import re

import msgspec

from forensics.analysis import shapes
from forensics.analysis.statuses import (
    FAILED_STOP,
    ROLLBACK_ENDED,
    ROLLBACK_STARTED,
    STARTS,
    SUCCEEDED,
    is_failed,
)
from forensics.model.record import Record

_ROLLED_BACK_TO = re.compile(r"rolling back to deployment(?:Id)?:? (ecs-svc/\w+)", re.IGNORECASE)


class _Attempt(msgspec.Struct, kw_only=True):
    began_seq: int | None = None
    """Where what is at work now began; None while nothing is."""
    failed_seq: int | None = None
    """Where the newest failed attempt began; None where none is open."""

    def oldest(self) -> int | None:
        known = [seq for seq in (self.began_seq, self.failed_seq) if seq is not None]
        return min(known, default=None)


class OpenFailures:
    """What must not be forgotten yet, told by records as they are written.

    A failure is open until the stack or the service it struck has succeeded in something, or is gone. While
    something is at work, what may become a failure counts as one.
    """

    def __init__(self) -> None:
        self._stacks: dict[str, _Attempt] = {}
        self._services: dict[str, dict[str, int]] = {}
        """Deployments that are at work or failed, by service: id → seq of its first record."""
        self._undoing: set[str] = set()
        """Deployments that a failed one was rolled back to: their success mends nothing."""

    def take(self, record: Record) -> None:
        """Learn of one more record; they must come in the order of their seq."""
        if record.type == shapes.STACK_EVENT:
            self._take_stack_event(shapes.stack_event(record))
        elif record.type == shapes.DEPLOYMENT:
            self._take_deployment(shapes.deployment(record))
        elif record.type == shapes.SERVICE_EVENT:
            self._undoing.update(_ROLLED_BACK_TO.findall(shapes.service_event(record).message))

    def oldest_seq(self) -> int | None:
        """Return the first record of what is open, None where nothing is."""
        stacks = [attempt.oldest() for attempt in self._stacks.values()]
        services = [seq for deployments in self._services.values() for seq in deployments.values()]
        return min([*services, *(seq for seq in stacks if seq is not None)], default=None)

    def _take_stack_event(self, event: shapes.StackEvent) -> None:
        if event.resource_type == shapes.ECS_SERVICE and event.status == "DELETE_COMPLETE":
            self._services.pop(event.physical_id, None)
        attempt = self._stacks.setdefault(event.stack_id, _Attempt())
        if not event.is_of_stack:
            if is_failed(event.status) and attempt.oldest() is None:
                attempt.began_seq = event.seq
        elif event.status in STARTS:
            attempt.began_seq = event.seq
        elif event.status in ROLLBACK_STARTED:
            attempt.began_seq = attempt.began_seq or attempt.failed_seq or event.seq
        elif event.status in FAILED_STOP | ROLLBACK_ENDED:
            attempt.failed_seq, attempt.began_seq = attempt.began_seq or attempt.failed_seq or event.seq, None
        elif event.status in SUCCEEDED:
            del self._stacks[event.stack_id]

    def _take_deployment(self, deployment: shapes.Deployment) -> None:
        open_ones = self._services.setdefault(deployment.service, {})
        self._undoing.update(_ROLLED_BACK_TO.findall(deployment.rollout_reason))
        if deployment.rollout_state == "COMPLETED":
            if deployment.id not in self._undoing:
                open_ones.clear()
            open_ones.pop(deployment.id, None)
        elif deployment.rollout_state in ("IN_PROGRESS", "FAILED"):
            open_ones.setdefault(deployment.id, deployment.seq)
