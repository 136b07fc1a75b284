"""A fact that AWS tells in another way than before: what is the same, and how it is kept."""

import msgspec
from msgspec.structs import replace

from forensics.model.record import CONFLICT, Fact, Record


def conflict_of(fact: Fact, digest: str) -> Fact:
    """Return a fact that keeps one whose key another fact has already.

    Args:
        fact: What AWS said later.
        digest: Its `changes.content_digest`.
    """
    told = {"type": fact.type, "id": fact.id, "time": fact.time, "subject": fact.subject}
    return replace(
        fact,
        type=CONFLICT,
        id=f"{fact.id}@{digest}",
        data={**{name: value for name, value in told.items() if value}, "data": fact.data},
    )


def told_otherwise(record: Record) -> Record | None:
    """Return the record that a ``forensics.conflict`` holds, as if it stood by itself.

    Returns:
        It has the key of the fact that was told first, and the rest of its envelope from the conflict; None
        where the payload has not the form of one.
    """
    try:
        held = msgspec.json.decode(record.data, type=_Held)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return replace(record, type=held.type, id=held.id, time=held.time, subject=held.subject, data=held.data)


def holding(told: Record) -> msgspec.Raw:
    """Return the payload of a conflict that holds a record."""
    held = _Held(type=told.type, id=told.id, time=told.time, subject=told.subject, data=told.data)
    return msgspec.Raw(msgspec.json.encode(held))


class _Held(msgspec.Struct, omit_defaults=True):
    type: str
    id: str
    data: msgspec.Raw
    time: str | None = None
    subject: str | None = None
