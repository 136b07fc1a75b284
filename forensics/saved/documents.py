"""The documents in a saved file: JSON, one or several or a line each, or YAML."""

import codecs
import importlib
import json
import re
from typing import Any

import msgspec

from forensics.errors import NothingRecognised
from forensics.model.record import JsonObject
from forensics.saved.cut import mended

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BETWEEN = re.compile(r"[\s,\x1e]*")
_NEXT_DOCUMENT = re.compile(r"^[ \t]*[\[{]", re.MULTILINE)
_CUT = "ends in the middle: what was not whole there is left out"
_HINT = "save it with `aws … --output json > FILE`, or name an archive directory"


class Documents(msgspec.Struct, kw_only=True):
    """What a file holds."""

    values: list[Any]
    """Plain values, in the order of the file; an object with the key `cut.MARK` is not whole."""
    troubles: list[str] = []
    """What could not be read; each goes on a sentence that begins with the file's name."""


def documents(content: bytes, name: str) -> Documents:
    """Return the documents in a file's bytes.

    Raises:
        NothingRecognised: It is empty, or neither JSON nor YAML.
    """
    text = _text(content, name)
    first = text.lstrip()[:1]
    if not first:
        raise NothingRecognised(f"{name}: is empty", hint=_HINT)
    if first not in "{[":
        return _yaml(text, name)
    try:
        return Documents(values=[msgspec.json.decode(text)])
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return Documents(values=msgspec.json.Decoder().decode_lines(text))
    except (msgspec.DecodeError, RecursionError):
        return _one_after_another(text, name)


def _text(content: bytes, name: str) -> str:
    # PowerShell's `>` writes UTF-16.
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        # The last character of a file that was cut may be cut too.
        if error.end >= len(content) - 1 and error.start > 0:
            return content[: error.start].decode(encoding)
        raise NothingRecognised(
            f"{name}: is no text: byte {error.start} is not {encoding}", hint=_HINT
        ) from error


def _one_after_another(text: str, name: str) -> Documents:
    found = Documents(values=[])
    decoder = json.JSONDecoder(parse_constant=lambda _name: None)
    skipped = 0
    at = _after(text, 0)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except RecursionError as error:
            raise NothingRecognised(f"{name}: is nested too deeply to be AWS output", hint=_HINT) from error
        except json.JSONDecodeError:
            rest = mended(text, at)
            if rest is not None:
                found.values.append(_clean(json.loads(rest)))
                found.troubles.append(_CUT)
                break
            following = _NEXT_DOCUMENT.search(text, text.find("\n", at) + 1 or len(text))
            end = following.start() if following else len(text)
            skipped += text.count("\n", at, end) or 1
        else:
            found.values.append(_clean(value))
        at = _after(text, end)
    if skipped:
        found.troubles.append(f"has {skipped} line{'s' * (skipped > 1)} that are no JSON and are left out")
    if not found.values:
        raise NothingRecognised(f"{name}: has the beginning of JSON and is none", hint=_HINT)
    return found


def _after(text: str, end: int) -> int:
    between = _BETWEEN.match(text, end)
    return between.end() if between else end


def _clean(value: Any) -> Any:
    """Return a value of the lenient decoder without what JSON in UTF-8 cannot carry: half surrogate pairs."""
    return msgspec.json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _yaml(text: str, name: str) -> Documents:
    # PyYAML takes longer to load than everything else here; most files are JSON.
    module = importlib.import_module("forensics.saved.yaml_text")
    values: list[JsonObject]
    values, trouble = module.documents(text)
    if not any(isinstance(value, dict | list) for value in values):
        # A terminal's log: what was typed stands before what was printed.
        if _NEXT_DOCUMENT.search(text):
            return _one_after_another(text, name)
        raise NothingRecognised(f"{name}: is neither JSON nor YAML{_because(trouble)}", hint=_HINT)
    return Documents(values=values, troubles=[trouble] if trouble else [])


def _because(trouble: str) -> str:
    return f" ({trouble})" if trouble else ""
