"""One CloudFormation stack as it stood at any moment of its history."""

from enum import Enum
from typing import NamedTuple

from forensics.model.identity import parse_stack_arn
from forensics.model.record import JsonObject
from forensics.serve.moments import Moments, Told

STACK_TYPE = "AWS::CloudFormation::Stack"
DELETED = "DELETE_COMPLETE"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
DELETED_SHOWN_FOR_S = 90 * 86_400

_NEVER_CHANGES = ("StackId", "StackName", "CreationTime", "ParentId", "RootId")
_OF_BOTH = (*_NEVER_CHANGES, "LastUpdatedTime", "DeletionTime", "StackStatus", "StackStatusReason")
_BEGINS = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_RESOURCE_FIELDS = {
    "LogicalResourceId": "LogicalResourceId",
    "PhysicalResourceId": "PhysicalResourceId",
    "ResourceType": "ResourceType",
    "LastUpdatedTimestamp": "Timestamp",
    "ResourceStatus": "ResourceStatus",
    "ResourceStatusReason": "ResourceStatusReason",
}


class Kind(Enum):
    """Where something about the whole stack is known from."""

    EVENT = "aws.cloudformation.stack_event"
    DESCRIPTION = "aws.cloudformation.stack_description"
    SUMMARY = "aws.cloudformation.stack"


class _State(NamedTuple):
    kind: Kind
    told: Told


class Stack:
    """A stack's events, and what they and AWS's own descriptions prove about it.

    Args:
        arn: The stack's ARN.
    """

    def __init__(self, arn: str) -> None:
        identity = parse_stack_arn(arn)
        self.arn = arn
        self.name = identity.name if identity else arn
        self.events: Moments[Told] = Moments()
        self.parent: str | None = None
        """ARN of the stack that this one is nested in, where an event of that one proves it."""
        self.root: str | None = None
        self._states: Moments[_State] = Moments()
        self._views: dict[Kind, tuple[int, Told]] = {}

    def add(self, kind: Kind, at: float, payload: JsonObject) -> None:
        """Add an event, a description or a summary that AWS gives from a moment on."""
        told = Told(payload)
        if kind is Kind.EVENT:
            self.events.add(at, told)
        if kind is not Kind.EVENT or self._is_own(payload):
            self._states.add(at, _State(kind, told))

    def began_at(self) -> float:
        """Return the first moment at which AWS knows the stack."""
        return min(self.events.first_at(), self._states.first_at())

    def is_shown(self, now: float) -> bool:
        """Return whether AWS answers for the stack's ARN: from its creation to 90 days after its deletion."""
        if now < self.began_at():
            return False
        return not self.is_deleted(now) or now - self._last_state_at(now) < DELETED_SHOWN_FOR_S

    def is_deleted(self, now: float) -> bool:
        """Return whether the stack cannot be found by its name any more."""
        return self.status(now) == DELETED

    def status(self, now: float) -> str:
        """Return the stack's status, "" where the history does not tell it."""
        return self.view(Kind.SUMMARY, now).text("StackStatus")

    def view(self, kind: Kind, now: float) -> Told:
        """Return what DescribeStacks (DESCRIPTION) or ListStacks (SUMMARY) says of the stack.

        AWS's own words where the history holds them and no later event of the stack outdates them; else
        only the fields that the history proves.
        """
        count = self._states.count(now)
        cached = self._views.get(kind)
        if cached is None or cached[0] != count:
            cached = (count, self._own_words(kind, count) or Told(self._proven(count)))
            self._views[kind] = cached
        return cached[1]

    def resources(self, now: float) -> list[JsonObject]:
        """Return the last state of each of the stack's resources, in the order they first came."""
        last: dict[str, JsonObject] = {}
        for told in self.events.between(0, self.events.count(now)):
            if self._is_own(told.payload):
                continue
            last[told.text("LogicalResourceId")] = {
                name: told.payload[source]
                for name, source in _RESOURCE_FIELDS.items()
                if source in told.payload
            }
        return list(last.values())

    def _is_own(self, payload: JsonObject) -> bool:
        return payload.get("ResourceType") == STACK_TYPE and payload.get("PhysicalResourceId") == self.arn

    def _last_state_at(self, now: float) -> float:
        count = self._states.count(now)
        return self._states.at(count - 1) if count else self.began_at()

    def _own_words(self, kind: Kind, count: int) -> Told | None:
        outdated_at = 0.0
        for place in range(count - 1, -1, -1):
            state = self._states.between(place, place + 1)[0]
            if state.kind is kind:
                return state.told if self._states.at(place) >= outdated_at else None
            outdated_at = max(outdated_at, self._states.at(place))
        return None

    def _proven(self, count: int) -> JsonObject:
        fields: JsonObject = {"StackId": self.arn, "StackName": self.name}
        for kind, told in self._states.between(0, count):
            if kind is Kind.EVENT:
                fields = _after_event(fields, told.payload)
            else:
                kept = {name: fields[name] for name in _NEVER_CHANGES if name in fields}
                fields = kept | {name: told.payload[name] for name in _OF_BOTH if name in told.payload}
        if self.parent is not None:
            fields.setdefault("ParentId", self.parent)
            fields.setdefault("RootId", self.root or self.parent)
        return fields


def _after_event(fields: JsonObject, event: JsonObject) -> JsonObject:
    """Return a stack's fields after an event of the stack itself."""
    status, at = event.get("ResourceStatus", ""), event.get("Timestamp", "")
    changed = {name: value for name, value in fields.items() if name != "StackStatusReason"}
    changed["StackStatus"] = status
    if event.get("ResourceStatusReason"):
        changed["StackStatusReason"] = event["ResourceStatusReason"]
    if status in _BEGINS:
        changed.setdefault("CreationTime", at)
    elif status == "UPDATE_IN_PROGRESS":
        changed["LastUpdatedTime"] = at
    elif status == "DELETE_IN_PROGRESS":
        changed["DeletionTime"] = at
    elif status == DELETED:
        changed.setdefault("DeletionTime", at)
    return changed
