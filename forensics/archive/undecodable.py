"""Facts whose payload JSON cannot carry: what of them can be kept."""

import base64
import hashlib
import json
import math
from typing import Any

from forensics.model.record import UNDECODABLE, Fact, Record

MAX_PAYLOAD_BYTES = 16 << 20
MAX_DEPTH = 256
_KEPT_BYTES = 1 << 20


def undecodable(fact: Fact | Record, reason: str) -> Fact:
    """Return the record of a fact that cannot be written as it is.

    Args:
        fact: Any fact; its key is kept, with characters that UTF-8 cannot carry escaped.
        reason: Why, one sentence.
    """
    spelled = spell(fact.data)
    return Fact(
        type=UNDECODABLE,
        source=_escaped(fact.source),
        id=_escaped(fact.id),
        time=fact.time and _escaped(fact.time),
        subject=fact.subject and _escaped(fact.subject),
        data={
            "type": _escaped(fact.type),
            "reason": reason,
            "size_bytes": len(spelled),
            "sha256": hashlib.sha256(spelled).hexdigest(),
            "body_base64": base64.b64encode(spelled[:_KEPT_BYTES]).decode(),
        },
    )


def why_unfit(payload: Any) -> str | None:
    """Return why a payload that JSON can spell would not come back as it was, or None."""
    level: list[Any] = [payload]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return f"it nests deeper than {MAX_DEPTH} levels"
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list | tuple):
                below.extend(value)
            elif isinstance(value, float) and not math.isfinite(value):
                return f"it holds {value}, which JSON has no number for"
        level = below
    return None


def spell(payload: Any) -> bytes:
    """Return any payload in ASCII as near to JSON as it comes, however deep it nests."""
    parts: list[str] = []
    rest: list[Any] = [payload]
    while rest:
        value = rest.pop()
        if isinstance(value, _Text):
            parts.append(value)
        elif isinstance(value, dict):
            rest.append(_Text("}"))
            for index, (key, item) in reversed(list(enumerate(value.items()))):
                rest += [item, _Text(("," if index else "") + _scalar(str(key)) + ":")]
            rest.append(_Text("{"))
        elif isinstance(value, list | tuple):
            rest.append(_Text("]"))
            for index, item in reversed(list(enumerate(value))):
                rest += [item, _Text("," if index else "")]
            rest.append(_Text("["))
        else:
            parts.append(_scalar(value))
    return "".join(parts).encode("ascii")


class _Text(str):
    """Text of the spelling itself, apart from text of the payload."""

    __slots__ = ()


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, default=repr)


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
