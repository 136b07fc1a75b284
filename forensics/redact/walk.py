"""A payload's fields, one by one: each as the table says, and none that is not in it."""

from collections import Counter
from typing import Any

from forensics.redact.fields import Fields, How
from forensics.redact.leaves import Leaves
from forensics.redact.words import is_code, is_word

_DEEPEST = 32


class Walk:
    """Applies a table of fields, and counts what was done and what was left out.

    Args:
        leaves: Say what becomes of one field.
        done: How often, by record type, path and way.
        dropped: How often, by record type and path.
    """

    def __init__(
        self, leaves: Leaves, done: Counter[tuple[str, str, str]], dropped: Counter[tuple[str, str]]
    ) -> None:
        self._leaves = leaves
        self._done = done
        self._dropped = dropped

    def object(self, value: Any, fields: Fields, kind: str, *, is_late: bool, path: str = "") -> Any:
        """Return an object, or a list of objects, with nothing in it that the table does not name.

        Args:
            value: Any plain value; what is neither object nor list becomes null.
            fields: The table.
            kind: Type of the record.
            is_late: False: everything but free texts, which stay as they are; True: the texts alone.
            path: Where the value stands.
        """
        if isinstance(value, list):
            return [self.object(item, fields, kind, is_late=is_late, path=path) for item in value]
        if not isinstance(value, dict):
            # AWS's XML knows no empty list: it is an empty text.
            return value if value in ("", None) else None
        shown = {}
        for key, item in value.items():
            how = fields.get(key)
            here = f"{path}.{key}" if path else key
            if how is None:
                self._dropped[kind, here if _is_field(key) else f"{path}.(unnamed)".lstrip(".")] += 1
            elif isinstance(how, dict):
                shown[key] = self.object(item, how, kind, is_late=is_late, path=here)
            else:
                shown[key] = self._field(item, how, kind, here, is_late=is_late)
        return shown

    def _field(self, value: Any, how: How, kind: str, path: str, *, is_late: bool) -> Any:
        if (how in LATE) != is_late:
            return value
        self._done[kind, path, how.name] += 1
        return self._leaves.of(value, how)


LATE = frozenset({How.TEXT, How.NAMED})
"""What is redacted once the record's other fields are."""


def _is_field(key: str) -> bool:
    """Tell whether a field that is left out may be named: its name can hold what must not be told."""
    return is_word(key) or is_code(key)
