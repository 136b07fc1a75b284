"""What ECS says about a service where it may be asked more: service deployments, task definitions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from forensics.aws.door import Door
from forensics.errors import AwsError
from forensics.model.changes import after_change, change_id
from forensics.model.record import Fact, JsonObject
from forensics.sources.answer import ask, moment, pages, stamp, text
from forensics.sources.base import Position
from forensics.sources.changes import crosses, newest
from forensics.sources.declined import Declined
from forensics.sources.leads import cluster_of
from forensics.sources.several import ask_about

SERVICE_DEPLOYMENT = "aws.ecs.service_deployment"
TASK_DEFINITION = "aws.ecs.task_definition"
TYPES = (SERVICE_DEPLOYMENT, TASK_DEFINITION)

_LIST = "ecs:ListServiceDeployments"
_DESCRIBE = "ecs:DescribeServiceDeployments"
_TASK_DEFINITION = "ecs:DescribeTaskDefinition"
OPERATIONS = (_LIST, _DESCRIBE, _TASK_DEFINITION)

_FINAL = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
_FOREIGN_CONTROLLERS = ("CODE_DEPLOY", "EXTERNAL")
_DEPLOYMENTS_A_CALL = 20
_REFUSALS_BORNE = 3
"""So many service deployments that IAM refuses are left out of a service's before all that are left are."""
_LATEST = 50
"""So many of the latest service deployments of a service are looked at."""
_KEPT = 2 * _LATEST
_KEPT_DEFINITIONS = 50
# A rollback's deployment is younger than the failed one that it undoes.
_BEFORE_CURRENT = timedelta(days=1)
_SERVICE_DEPLOYMENTS_KEPT = timedelta(days=90)
_BUSY_EVERY_S = 30
_REFUSED_EVERY_S = 600


def fold(position: Position, fact: Fact) -> Position:
    """Return what changes in a service's position by a fact of this module.

    Keys: ``service_deployments``, what is remembered of each with its ``status``; ``is_due``, whether a
    deployment came of which there is none yet; ``task_definitions``, whether each that the service
    referred to has been read.
    """
    if fact.type == TASK_DEFINITION:
        known = {**position.get("task_definitions", {}), fact.id: True}
        return {"task_definitions": newest(known, _KEPT_DEFINITIONS)}
    entries = dict(position.get("service_deployments", {}))
    arn = fact.id.rpartition("@")[0]
    entry = after_change(entries.pop(arn, None), fact.id)
    entries[arn] = {**entry, "status": text(fact.data, "status")}
    return {"service_deployments": newest(entries, _KEPT), "is_due": False}


def after_service(position: Position, service: JsonObject) -> dict[str, Any]:
    """Return the position's task definitions after a state of the service that may refer to new ones."""
    deployments = service.get("deployments")
    rows = [service, *(deployments if isinstance(deployments, list) else [])]
    named = [text(row, "taskDefinition") for row in rows if isinstance(row, dict)]
    known: dict[str, Any] = position.get("task_definitions", {})
    return newest({**known, **{arn: False for arn in named if arn and arn not in known}}, _KEPT_DEFINITIONS)


class Details:
    """The further questions about the services of one fetch.

    They are worth asking, never worth failing for: a refusal is noted, and what it refuses is not asked for
    again within the fetch. Each detail fails by itself.

    Args:
        door: The way to AWS.
        now: The wall time of the poll.
    """

    def __init__(self, door: Door, now: datetime) -> None:
        self._door = door
        self._now = now
        self._declined = Declined()

    def of(
        self,
        target: str,
        service: JsonObject,
        position: Position,
        *,
        is_changed: bool,
        is_busy: bool,
        polled_at: datetime | None,
    ) -> tuple[tuple[Fact, ...], tuple[AwsError, ...]]:
        """Return what is new in the details of a service, and the refusals met.

        Args:
            target: The service's ARN.
            service: What DescribeServices said.
            position: The service's position, with what that answer brought folded in.
            is_changed: The answer brought a new state.
            is_busy: A deployment is in progress.
            polled_at: When the service was last polled.
        """
        answers = _Answers(self._declined)
        entries = position.get("service_deployments", {})
        is_open = is_busy or any(entry["status"] not in _FINAL for entry in entries.values())
        is_due = bool(position.get("is_due")) and _is_remembered(service, self._now)
        if (
            is_changed
            or (is_open and crosses(polled_at, self._now, _BUSY_EVERY_S))
            or (is_due and crosses(polled_at, self._now, _REFUSED_EVERY_S))
        ):
            refusals: list[AwsError] = []
            deployments = self._deployments(target, service, entries, refusals)
            answers.take((_LIST, _DESCRIBE), target, deployments)
            # One stands for all: each names another ARN, and the action is what is missing.
            answers.notes += refusals[:1]
        if is_changed or crosses(polled_at, self._now, _REFUSED_EVERY_S):
            for arn, is_read in position.get("task_definitions", {}).items():
                if not is_read:
                    answers.take((_TASK_DEFINITION,), arn, self._definition(target, arn))
        return tuple(answers.facts), tuple(answers.notes)

    def _deployments(
        self, target: str, service: JsonObject, entries: Mapping[str, Any], refusals: list[AwsError]
    ) -> Iterator[Fact]:
        """Yield what is new in a service's deployments; what IAM refuses of some goes to `refusals`."""
        controller = service.get("deploymentController")
        if isinstance(controller, dict) and text(controller, "type") in _FOREIGN_CONTROLLERS:
            return
        cluster, name = cluster_of(target), target.rsplit("/", 1)[-1]
        since = {"after": _oldest_deployment_at(service, self._now).timestamp()}
        listed = pages(self._door, _LIST, "nextToken", cluster=cluster, service=name, createdAt=since)
        briefs = [row for page in listed for row in page.rows("serviceDeployments")]
        briefs.sort(key=lambda row: stamp(row.get("createdAt")) or "", reverse=True)
        asked = [arn for row in briefs[:_LATEST] if (arn := _changed_arn(row, entries))]
        found: list[JsonObject] = []
        for start in range(0, len(asked), _DEPLOYMENTS_A_CALL):
            part = asked[start : start + _DEPLOYMENTS_A_CALL]
            bear = _REFUSALS_BORNE - len(refusals)
            page, refused = ask_about(self._door, _DESCRIBE, "serviceDeploymentArns", part, bear=bear)
            refusals += refused
            found += page.rows("serviceDeployments") if page is not None else []
        found.sort(key=lambda row: stamp(row.get("updatedAt")) or "")
        for row in found:
            arn = text(row, "serviceDeploymentArn")
            fact_id = change_id(arn, entries.get(arn), row)
            if arn and fact_id is not None:
                yield Fact(
                    type=SERVICE_DEPLOYMENT,
                    source=target,
                    id=fact_id,
                    data=row,
                    time=stamp(row.get("updatedAt")),
                    subject=arn.rsplit("/", 1)[-1],
                )

    def _definition(self, target: str, arn: str) -> Iterator[Fact]:
        page = ask(self._door, _TASK_DEFINITION, taskDefinition=arn)
        definition = page.values.get("taskDefinition")
        if not isinstance(definition, dict):
            raise page.undecodable("taskDefinition is not an object")
        yield Fact(
            type=TASK_DEFINITION,
            source=target,
            id=arn,
            data=definition,
            time=stamp(definition.get("registeredAt")),
            subject=arn.rsplit("/", 1)[-1],
        )


class _Answers:
    """What one service's questions brought; what was declined is not asked for again."""

    def __init__(self, declined: Declined) -> None:
        self._declined = declined
        self.facts: list[Fact] = []
        self.notes: list[AwsError] = []

    def take(self, operations: Iterable[str], about: str, asking: Iterator[Fact]) -> None:
        """Run a question about a thing to its end, or leave nothing of it but a note."""
        known = self._declined.why(operations, about)
        if known is not None:
            self._note(known)
            return
        try:
            self.facts += list(asking)
        except AwsError as error:
            self._note(error)
            self._declined.note(error, about)

    def _note(self, error: AwsError) -> None:
        if error not in self.notes:
            self.notes.append(error)


def _created_at(service: JsonObject) -> list[datetime]:
    deployments = service.get("deployments")
    listed = deployments if isinstance(deployments, list) else []
    times = (moment(row.get("createdAt")) for row in listed if isinstance(row, dict))
    return [at for at in times if at is not None]


def _oldest_deployment_at(service: JsonObject, now: datetime) -> datetime:
    return min(_created_at(service), default=now) - _BEFORE_CURRENT


def _is_remembered(service: JsonObject, now: datetime) -> bool:
    """Return whether AWS still knows the service deployment that made the newest deployment."""
    return max(_created_at(service), default=now) > now - _SERVICE_DEPLOYMENTS_KEPT


def _changed_arn(brief: JsonObject, entries: Mapping[str, Any]) -> str:
    """Return the ARN of a listed service deployment that can have news; "" for a finished one."""
    arn = text(brief, "serviceDeploymentArn")
    entry = entries.get(arn)
    is_finished = entry is not None and entry["status"] in _FINAL and entry["status"] == text(brief, "status")
    return "" if is_finished else arn
