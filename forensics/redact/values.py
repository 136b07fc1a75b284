"""Values that templates, overrides and parameters hold: each leaf becomes a name, unless it is harmless."""

import re
from typing import Any

import msgspec

from forensics.redact.cues import NAMES, SECRET_KEY
from forensics.redact.forms import looks_secret
from forensics.redact.naming import Naming
from forensics.redact.text import Text
from forensics.redact.words import choices, is_code, is_region, is_resource_type, is_word

_LARGEST_OPEN = 65_535
"""Numbers up to here are ports, sizes and counts; larger ones may be anything."""
_DEEPEST = 64
_TYPES = re.compile(
    r"[a-z]{1,3}\d[a-z]{0,4}\.(?:nano|micro|small|medium|\d{0,2}x?large|metal)|(?:db|cache)\.[a-z0-9]{2,6}\.\w{4,9}"
)
_SERVICE = re.compile(r"[a-z0-9-]{2,30}\.amazonaws\.com")
_ACTION = re.compile(r"[a-z][a-z0-9-]{1,24}:([A-Z][A-Za-z]{2,60})\*?")


class Values:
    """Hides what a value of any shape holds, and remembers it for the texts beside it.

    Args:
        text: Hides free text; secrets are remembered there.
        naming: Decides about names.
    """

    def __init__(self, text: Text, naming: Naming) -> None:
        self._text = text
        self._naming = naming
        self.hidden: dict[str, str] = {}
        """What was hidden since somebody last emptied this, with what became of it."""

    def json(self, said: str) -> str:
        """Return JSON in a text with its leaves hidden; what is no JSON becomes one name."""
        if not said:
            return said
        try:
            inside = msgspec.json.decode(said)
        except (msgspec.DecodeError, RecursionError):
            return self.leaf(said)
        if not isinstance(inside, dict | list):
            return self.leaf(said)
        return msgspec.json.encode(self.value(inside)).decode()

    def value(self, value: Any, key: str = "", depth: int = 0) -> Any:
        """Return a value with every leaf hidden that is not harmless.

        Args:
            value: Any plain value.
            key: Name of the field that holds it: where that speaks of secrets, nothing is harmless.
            depth: How many values it is inside of.
        """
        if depth > _DEEPEST:
            return None
        if isinstance(value, dict):
            name = next((value[field] for field in NAMES if isinstance(value.get(field), str)), "")
            # {"Name": "DB_PASSWORD", "Value": …}: the name speaks of the value beside it.
            inner = key if not name else f"{key} {name}"
            return {
                self.key(k): self.value(item, f"{inner} {k}".strip(), depth + 1) for k, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, key, depth + 1) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value, key)
        return self.leaf(str(value), key)

    def key(self, key: str) -> str:
        """Return the name of a field inside a value: AWS's own stay."""
        if (is_word(key) or is_code(key)) and not looks_secret(key):
            return key
        return self._naming.whatever(key)

    def leaf(self, value: str, key: str = "") -> str:
        """Return one text inside a value as it may be told."""
        if not value or value == "****":
            return value
        if SECRET_KEY.search(key):
            return self._secret(value)
        if self._text.literals.has(value):
            return self.keep(value, self._text.hide(value, "literal"))
        if is_open_value(value) or self._naming.is_settled(value):
            return value
        return self.json(value) if _is_json(value) else self._hide(value)

    def _secret(self, value: str) -> str:
        if value.startswith("arn:"):
            return self._naming.arn(value)
        if value.lower() in {"true", "false"}:
            return value
        return self.keep(value, self._text.secret(value))

    def keep(self, value: str, shown: str) -> str:
        """Note that a value was hidden, so that the texts of the record hide it too; return what is shown."""
        self.hidden[value] = shown
        return shown

    def _hide(self, value: str) -> str:
        shown = self._naming.whatever(value)
        if shown != value:
            self._text.counts["value"] += 1
            if not is_word(value):
                # Else a tag called "service" would be missing from each sentence of AWS's beside it.
                self.keep(value, shown)
        return shown

    def _number(self, value: float, key: str) -> int | float | str:
        if abs(value) <= _LARGEST_OPEN and not SECRET_KEY.search(key):
            return value
        return self._text.hide(msgspec.json.encode(value).decode(), "value")


def is_open_value(value: str) -> bool:
    """Tell whether a value is one of AWS's own: a choice, a small number, a type, a region, an action."""
    if value.lower() in choices() or is_resource_type(value) or is_region(value):
        return True
    if value.isdigit():
        return len(value) < 6 and int(value) <= _LARGEST_OPEN
    action = _ACTION.fullmatch(value)
    if action is not None:
        return is_code(action.group(1)) or is_word(action.group(1))
    return _TYPES.fullmatch(value) is not None or (
        _SERVICE.fullmatch(value) is not None and is_word(value.partition(".")[0])
    )


def _is_json(value: str) -> bool:
    if value[0] + value[-1] not in {"{}", "[]"}:
        return False
    try:
        return isinstance(msgspec.json.decode(value), dict | list)
    except (msgspec.DecodeError, RecursionError):
        return False
