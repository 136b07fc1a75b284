"""What stands around a payload: whose record it is, its key, its subject."""

import re
from typing import Any

import msgspec

from forensics.model.identity import parse_arn
from forensics.model.record import Record
from forensics.redact.leaves import Leaves, is_of_ours
from forensics.redact.naming import Naming
from forensics.redact.words import is_word

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_HEX = re.compile(r"[0-9a-f]{0,64}")
_POLL = re.compile(r"[0-9a-f]{0,32}-\d{1,12}")
_PUBLIC_FIELDS = ("StackName", "LogicalResourceId", "serviceName", "family")


class Envelope:
    """Redacts a record's own attributes.

    Args:
        naming: Decides about names.
        leaves: Say what becomes of one field.
    """

    def __init__(self, naming: Naming, leaves: Leaves) -> None:
        self._naming = naming
        self._leaves = leaves

    def learn(self, record: Record, payload: Any) -> None:
        """Note the names that a record may tell, before its texts are looked at."""
        self._leaves.target(record.source)
        if not isinstance(payload, dict):
            return
        for field in _PUBLIC_FIELDS:
            name = payload.get(field)
            if isinstance(name, str):
                self._naming.public(name)
        for field in ("containers", "containerDefinitions"):
            items = payload.get(field)
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and isinstance(item.get("name"), str):
                    self._naming.public(item["name"])

    def redact(self, record: Record, shown: msgspec.Raw) -> Record:
        """Return the record with its attributes as they may be told, and another payload."""
        return msgspec.structs.replace(
            record,
            source=self._leaves.target(record.source),
            id=self.key(record.id),
            subject=self._subject(record),
            time=record.time if record.time is None or _TIME.fullmatch(record.time) else None,
            run=record.run if _HEX.fullmatch(record.run) else self._naming.hide(record.run),
            poll=record.poll
            if record.poll is None or _POLL.fullmatch(record.poll)
            else self._naming.hide(record.poll),
            prev="",
            data=shown,
        )

    def key(self, key: str) -> str:
        """Return a record's id: names in it hidden as elsewhere, digests of content made anew."""
        head, at, tail = key.rpartition("@")
        if at:
            return f"{self._plain_key(head)}@{self._naming.content_digest(tail)}"
        return self._plain_key(key)

    def _plain_key(self, key: str) -> str:
        if parse_arn(key) is not None:
            return self._naming.arn(key)
        return key if is_of_ours(key) else self._leaves.of_event(key)

    def _subject(self, record: Record) -> str | None:
        subject = record.subject
        if not subject or not record.type.startswith("aws."):
            is_plain = not subject or all(is_word(part) for part in subject.split("_"))
            return subject if is_plain else self._leaves.target(str(subject))
        if record.type == "aws.ecs.task_definition":
            return self._leaves.name_and_revision(subject)
        if record.type in {"aws.ecs.task", "aws.ecs.deployment", "aws.ecs.service_deployment"}:
            return self._naming.identifier(subject)
        return self._leaves.target(subject) if subject.startswith("arn:") else self._naming.public(subject)
