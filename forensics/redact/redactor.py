"""Records as they may be told to others: what is not known to be harmless is hidden or left out."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from forensics.errors import RedactionFailed, UsageError
from forensics.model.conflict import holding, told_otherwise
from forensics.model.record import CONFLICT, JsonObject, Record
from forensics.redact.envelope import Envelope
from forensics.redact.fields import FIELDS, Fields, How
from forensics.redact.leaves import Leaves
from forensics.redact.literals import Literals
from forensics.redact.naming import Naming
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.steps import STEPS
from forensics.redact.text import Step, Text
from forensics.redact.values import Values
from forensics.redact.walk import Walk
from forensics.redact.words import is_code, is_word

POLICIES = {"standard": "standard 1", "strict": "strict 1", "off": "off"}
"""Name and version of each policy: the version grows with every rule that changes."""


class Redactor:
    """Hides what records must not tell, for one export.

    Args:
        policy: ``standard``; ``strict``, which hides the names of stacks, services and resources too; or
            ``off``, which hides nothing.
        names: The case's names.
        literals: Texts that are hidden wherever they occur.
        steps: What is done to a free text, in order.

    Raises:
        UsageError: There is no such policy, or a literal is too short to be hidden.
    """

    def __init__(
        self,
        policy: str,
        names: Pseudonyms,
        *,
        literals: Sequence[str] = (),
        steps: Sequence[Step] = STEPS,
    ) -> None:
        if policy not in POLICIES:
            raise UsageError(f"there is no policy {policy!r}: use {', '.join(POLICIES)}")
        try:
            hidden = Literals(literals)
        except ValueError as error:
            raise UsageError(str(error)) from None
        self.policy_id = POLICIES[policy]
        self._is_off = policy == "off"
        self._rules: Counter[str] = Counter()
        self._fields: Counter[tuple[str, str, str]] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._left_out: Counter[str] = Counter()
        self._records = 0
        self._literals = hidden
        self._naming = naming = Naming(names, strict=policy == "strict")
        self._text = Text(naming, hidden, self._rules, steps=steps)
        self._values = Values(self._text, naming)
        self._leaves = Leaves(self._text, self._values, naming)
        self._envelope = Envelope(naming, self._leaves)
        self._walk = Walk(self._leaves, self._fields, self._dropped)

    def learn(self, record: Record) -> None:
        """Note a record's names before any is told, so that a name is told alike before and after.

        Worth a first pass over all records: a name that stays in one field stays in every other one.
        """
        told = told_otherwise(record) if record.type == CONFLICT else record
        if self._is_off or told is None or told.type not in FIELDS:
            return
        try:
            self._envelope.learn(told, told.payload())
        except Exception as error:  # noqa: BLE001 - as below
            raise _failed(record, error) from None

    def record(self, record: Record) -> Record | None:
        """Return a record as it may be told; None where nothing is known of its kind.

        Raises:
            RedactionFailed: A step failed: nothing may be told then.
        """
        if self._is_off:
            return record
        # What AWS told in another way than before is told, or left out, as if it stood by itself.
        told = told_otherwise(record) if record.type == CONFLICT else record
        fields = FIELDS.get(told.type) if told is not None else None
        if told is None or fields is None:
            self._left_out[record.type if _is_type(record.type) else "unknown"] += 1
            return None
        self._records += 1
        try:
            shown = self._redact(told, fields)
            return shown if told is record else self._held(record, shown)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must stop the export, and must not be told
            raise _failed(record, error) from None

    def text(self, text: str) -> str:
        """Return a free text as it may be told, such as the names in a selection.

        Raises:
            RedactionFailed: A step failed.
        """
        if self._is_off:
            return text
        try:
            return self._text.redact(text)
        except Exception as error:  # noqa: BLE001 - as above
            raise RedactionFailed(f"a text could not be redacted: {type(error).__name__}") from None

    def untold(self) -> frozenset[str]:
        """Return the words that were hidden and may stand nowhere: what a scanner looks for."""
        return frozenset() if self._is_off else self._text.untold()

    def summary(self) -> JsonObject:
        """Return what was done: rules, fields and how often each; what was left out; never a value."""
        fields: JsonObject = {}
        for (kind, path, how), count in sorted(self._fields.items()):
            fields.setdefault(kind, {})[path] = {"how": How[how].value, "count": count}
        dropped: JsonObject = {}
        for (kind, path), count in sorted(self._dropped.items()):
            dropped.setdefault(kind, {})[path] = count
        return {
            "policy": self.policy_id,
            "records": self._records,
            "rules": dict(sorted(self._rules.items())),
            "fields": fields,
            "dropped_fields": dropped,
            "left_out_records": dict(sorted(self._left_out.items())),
        }

    def _redact(self, record: Record, fields: Fields) -> Record:
        payload = record.payload()
        self._values.hidden.clear()
        self._envelope.learn(record, payload)
        # Texts come last: what the other fields of the record hide is hidden in them too.
        early = self._walk.object(payload, fields, record.type, is_late=False)
        hidden = self._values.hidden
        self._leaves.also = sorted(hidden.items(), key=lambda pair: len(pair[0]), reverse=True)
        shown = self._walk.object(early, fields, record.type, is_late=True)
        told = self._envelope.redact(record, msgspec.Raw(msgspec.json.encode(shown)))
        return self._without_literals(told)

    def _held(self, record: Record, shown: Record) -> Record:
        """Return a conflict that holds the redacted record."""
        key = self._envelope.key(record.id)
        return self._without_literals(
            msgspec.structs.replace(shown, type=record.type, id=key, data=holding(shown))
        )

    def _without_literals(self, told: Record) -> Record:
        """Return the record without what the user named, in names that otherwise stay too."""
        if not self._literals:
            return told

        def without(text: str) -> str:
            return self._literals.hide(text, self._naming.hide)

        return msgspec.structs.replace(
            told,
            source=without(told.source),
            id=without(told.id),
            subject=told.subject and without(told.subject),
            data=msgspec.Raw(without(bytes(told.data).decode()).encode()),
        )


def _failed(record: Record, error: Exception) -> RedactionFailed:
    return RedactionFailed(
        f"record {record.seq} ({record.type}) could not be redacted: {type(error).__name__}",
        hint="nothing may be handed on; please report the kind of record, never its content",
    )


def _is_type(kind: str) -> bool:
    """Tell whether a record's type has the form of one: it is told where the record is left out."""
    return all(is_word(part) or is_code(part) for part in kind.replace("_", ".").split("."))
