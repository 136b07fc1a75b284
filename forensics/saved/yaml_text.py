"""YAML text as plain values, read as YAML 1.2 means it."""

import re
from typing import Any, ClassVar

import yaml

_MOST_VALUES = 20_000_000
"""More than any file that a person saves; aliases can ask for far more than a text holds."""

_TAG = "tag:yaml.org,2002:"
# The first character of each form, as PyYAML wants it. YAML 1.1 would make a time of a text, and "no" false.
_FORMS = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # depends on the build
    """PyYAML's safe loader with the forms of JSON and no others."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _name, _pattern, _first in _FORMS:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(_pattern), list(_first))


def documents(text: str) -> tuple[list[Any], str]:
    """Return the documents of a YAML stream, and what was wrong with what follows them; "" if nothing."""
    values: list[Any] = []
    try:
        for value in yaml.load_all(text, Loader=_Loader):
            if _size(value, {}) > _MOST_VALUES:
                return values, "has aliases that stand for more than can be read"
            values.append(value)
    except yaml.YAMLError as error:
        return values, f"is no YAML from line {_line(error)} on"
    except RecursionError:
        return values, "is nested too deeply to be AWS output"
    return values, ""


def _size(value: Any, known: dict[int, int]) -> int:
    """Return how many values one is made of, those behind aliases each time they come."""
    if not isinstance(value, dict | list):
        return 1
    place = id(value)
    if place not in known:
        # Whoever holds itself has no end.
        known[place] = _MOST_VALUES + 1
        inner = value.values() if isinstance(value, dict) else value
        known[place] = 1 + sum(_size(item, known) for item in inner)
    return known[place]


def _line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1
