"""What becomes of one field of a payload, by what the table says of it."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from forensics.redact.fields import How
from forensics.redact.forms import looks_secret
from forensics.redact.naming import Naming, is_account
from forensics.redact.text import Text
from forensics.redact.values import Values, is_open_value
from forensics.redact.words import is_code, is_number, is_region, is_resource_type, is_word

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,20})?|true|false", re.IGNORECASE)
_RANGES = re.compile(r"(?:\d{1,7}(?:-\d{1,7})?(?:,(?!$)|$))*")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN = re.compile(rf"(?:Console-[A-Za-z]{{3,30}}-)?(?:{_UUID.pattern})")
_EVENT = re.compile(
    r"(?P<name>.+)-(?P<status>[A-Z]+(?:_[A-Z]+)+)-(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)(?P<more>-\d{1,4})?"
)
_DEPLOYMENT = re.compile(r"ecs-svc/\d{1,20}")
_THIRD_TYPE = re.compile(r"[A-Za-z0-9]{2,64}(?:::[A-Za-z0-9@_-]{1,60}){1,3}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_RUNTIME = re.compile(r"[0-9a-f]{32}-\d{1,12}|[0-9a-f]{64}")
_LARGEST = 10**13
"""Numbers up to here are counts, sizes, and times in milliseconds."""


class Leaves:
    """Says what becomes of one field.

    Args:
        text: Hides free text.
        values: Hides values of any shape.
        naming: Decides about names.
    """

    def __init__(self, text: Text, values: Values, naming: Naming) -> None:
        self._text = text
        self._values = values
        self._naming = naming
        self.also: Sequence[tuple[str, str]] = ()
        """What the record at hand hides in its other fields, and what became of it, longest first."""
        self._by_way: dict[How, Callable[[str], str | None]] = {
            How.WORD: self._word,
            How.TIME: lambda said: said if not said or _TIME.fullmatch(said) else None,
            How.NUMBER: lambda said: said if _NUMBER.fullmatch(said) else None,
            How.RANGES: lambda said: said if _RANGES.fullmatch(said) else None,
            How.ID: self._id,
            How.PUBLIC: naming.public,
            How.NAME: self._name,
            How.ARN: self._arn,
            How.IMAGE: naming.image,
            How.TEXT: lambda said: text.redact(said, self.also),
            How.JSON: values.json,
            How.EVENT_ID: self.of_event,
            How.REQUEST: self._token,
            How.GROUP: self._group,
            How.STARTER: self._starter,
            How.STREAM: self.stream,
            How.SITE: self.site,
            How.REGION: lambda said: said if not said or is_region(said) else naming.hide(said),
        }

    def of(self, value: Any, how: How) -> Any:
        """Return a field's value as it may be told; None where it is not what it should be."""
        if how is How.VALUES:
            return self._values.value(value)
        if isinstance(value, list):
            return [self.of(item, how) for item in value]
        if how is How.NAMED:
            return self._named(value) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            return self._said(value, how)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value if how in {How.NUMBER, How.TIME} and abs(value) < _LARGEST else None
        return None if isinstance(value, dict) else value

    def _said(self, value: str, how: How) -> str | None:
        if self._text.literals.has(value) and how is not How.TEXT:
            return self._text.redact(value)
        return self._by_way[how](value)

    def _word(self, value: str) -> str:
        if (
            is_word(value)
            or is_code(value)
            or is_number(value)
            or is_resource_type(value)
            or is_region(value)
        ):
            return value
        if _THIRD_TYPE.fullmatch(value) and not looks_secret(value):
            return "::".join(
                part if is_word(part) or is_code(part) else self._naming.public(part)
                for part in value.split("::")
            )
        if " " in value:
            return self._text.redact(value)
        if all(is_word(part) or is_code(part) or is_number(part) for part in re.split(r"[/._-]", value)):
            return value
        return self._naming.hide(value)

    def _id(self, value: str) -> str:
        if _DIGEST.fullmatch(value) or _RUNTIME.fullmatch(value):
            return value
        return self._naming.identifier(value)

    def _name(self, value: str) -> str:
        if self._naming.is_settled(value) or is_open_value(value):
            return value
        shown = self._naming.whatever(value)
        if shown != value:
            self._values.keep(value, shown)
        return shown

    def _arn(self, value: str) -> str:
        return self._naming.arn(value) if value.startswith("arn:") else self.name_and_revision(value)

    def name_and_revision(self, value: str) -> str:
        """Return a name, with the revision behind it where it has one, as it may be told."""
        name, colon, number = value.rpartition(":")
        if colon and number.isdigit() and len(number) < 8:
            return f"{self._naming.public(name)}:{number}"
        return self._naming.public(value)

    def of_event(self, value: str) -> str:
        """Return the key of a stack's event: an id, or a logical id, a status and a time."""
        found = _EVENT.fullmatch(value)
        if found and is_code(found["status"]):
            return (
                f"{self._naming.public(found['name'])}-{found['status']}-{found['at']}{found['more'] or ''}"
            )
        return self._naming.identifier(value)

    def _token(self, value: str) -> str:
        if _TOKEN.fullmatch(value):
            self._naming.learn(value)
            return value
        return self._naming.hide(value)

    def _group(self, value: str) -> str:
        kind, colon, name = value.partition(":")
        if colon and kind in {"service", "family", "daemon"}:
            return f"{kind}:{self._naming.public(name)}"
        return self._naming.hide(value)

    def _starter(self, value: str) -> str:
        if _DEPLOYMENT.fullmatch(value):
            return value
        kind, slash, name = value.partition("/")
        if slash and kind in {"chronos-schedule", "events-rule", "ecs-svc"}:
            return f"{kind}/{self._naming.hide(name)}"
        return self._naming.identifier(value)

    def stream(self, value: str) -> str:
        """Return a stream: its source, and its target as targets are told."""
        source, space, target = value.partition(" ")
        if not space or not all(is_word(part) for part in source.split("_")):
            return self._naming.hide(value)
        return f"{source} {self.target(target)}"

    def target(self, value: str) -> str:
        """Return what a stream or a record is about."""
        if value.startswith("arn:"):
            return self._naming.arn(value)
        return self.site(value)

    def site(self, value: str) -> str:
        """Return a profile and a region: the profile is hidden."""
        if value.startswith("urn:forensics:"):
            rest = value.removeprefix("urn:forensics:")
            return (
                value
                if re.fullmatch(r"[0-9a-f]{32}|[a-z-]{1,40}", rest)
                else f"urn:forensics:{self._naming.hide(rest)}"
            )
        name, slash, region = value.rpartition("/")
        if slash and is_region(region):
            return f"{name if name == 'default' else self._naming.whatever(name)}/{region}"
        return value if is_region(value) else self._naming.whatever(value)

    def _named(self, item: dict[str, Any]) -> dict[str, Any]:
        name, value = item.get("name"), item.get("value")
        shown: dict[str, Any] = {}
        if isinstance(name, str):
            shown["name"] = self._word(name)
        if isinstance(value, str):
            is_said = name == "statusReason"
            shown["value"] = (
                self._text.redact(value, self.also) if is_said else self._values.leaf(value, str(name))
            )
        return shown


def is_of_ours(text: str) -> bool:
    """Tell whether a text has the shape of an id that the recorder makes."""
    return re.fullmatch(
        r"(?:[a-z]+-){0,2}(?:\d{1,9}-)?[0-9a-f]{8}(?:-(?:\d{1,12}|[a-z]{1,20}))?|retention-\d{1,9}", text
    ) is not None and not is_account(text)
