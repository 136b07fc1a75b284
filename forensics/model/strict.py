"""Plain values made into structs; what does not fit is named by its path."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from forensics.errors import SettingsError

T = TypeVar("T")

# How msgspec ends a message: "Expected `int`, got `str` - at `$.targets[0].name`".
_PATH = re.compile(r"(?P<problem>.*?)(?: - at `(?:key in )?\$\.?(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def fit(values: Mapping[str, Any], shape: type[T]) -> T:
    """Return the values as a struct of the given type, nothing ignored, nothing converted.

    Args:
        values: Decoded TOML or JSON.
        shape: A msgspec struct; the structs and lists of structs within it are held to their keys too.

    Raises:
        SettingsError: A key is not known, or a value is of the wrong type: its path, value and what
            was expected.
    """
    _refuse_unknown(values, msgspec.inspect.type_info(shape), "")
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), values) from error


def _refuse_unknown(values: Any, shape: msgspec.inspect.Type, path: str) -> None:
    """Walk values and type side by side; stop at the first key that the type does not have."""
    match shape:
        case msgspec.inspect.StructType(fields=fields) if isinstance(values, Mapping):
            known = {field.encode_name: field.type for field in fields}
            for key, value in values.items():
                here = f"{path}.{key}" if path else key
                if key not in known:
                    raise SettingsError(f"unknown key {here}", hint=_suggest(key, list(known), path))
                _refuse_unknown(value, known[key], here)
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item):
            for index, value in enumerate(values if isinstance(values, list | tuple) else ()):
                _refuse_unknown(value, item, f"{path}[{index}]")
        case msgspec.inspect.DictType(value_type=item) if isinstance(values, Mapping):
            for key, value in values.items():
                _refuse_unknown(value, item, f"{path}.{key}")
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                _refuse_unknown(values, one, path)
        case _:
            pass


def _suggest(key: str, known: list[str], path: str) -> str:
    near = get_close_matches(key, known, n=1)
    if near:
        return f"did you mean {path}.{near[0]}?" if path else f"did you mean {near[0]}?"
    return f"known here: {', '.join(known)}"


def _misfit(message: str, values: Mapping[str, Any]) -> SettingsError:
    match = _PATH.fullmatch(message)
    path, problem = (match["path"] or "", match["problem"]) if match else ("", message)
    problem = problem.replace("`", "")
    problem = problem[:1].lower() + problem[1:]
    if not path:
        return SettingsError(problem)
    if problem.startswith("object missing"):
        return SettingsError(f"{path}: {problem}")
    return SettingsError(f"{path} = {_shown(_value_at(values, path))}: {problem}")


def _value_at(values: Any, path: str) -> Any:
    for index, key in _STEP.findall(path):
        values = values[int(index)] if index else values[key]
    return values


def _shown(value: Any) -> str:
    """Return a value as TOML shows it, short enough for one sentence."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, str):
        text = f'"{value}"'
    return text if len(text) <= 60 else text[:57] + "…"
