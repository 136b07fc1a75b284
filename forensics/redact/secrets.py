"""Secrets kept out of an archive: hidden before they are written, with everything else as AWS sent it."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from forensics.model.record import HIDDEN, UNDECODABLE, Fact
from forensics.redact import cues
from forensics.redact.fields import FIELDS, Fields, How
from forensics.redact.forms import FORMATS, looks_secret
from forensics.redact.words import is_open_word

FAILED = "not recorded: its secrets could not be hidden"
"""What stands in place of a payload in which a step failed."""

_DEEPEST = 64
_SECRET = re.compile(
    r"pass(?:w(?:or)?d|phrase|code)|pwd|secret|token|credential|cookie|jwt|bearer|webhook|authorization$"
    r"|(?:api|access|private|signing|encryption|shared|account|master|license|auth|session)[ _-]?key"
    r"|session[ _-]?id|otp$|(?:^|[ _-])pin$|dsn$|salt$|connection[ _-]?string|user_?data|certificate_?body",
    re.IGNORECASE,
)
"""Names of fields whose value is a secret: fewer than a bundle hides, for here it is gone for good."""
_REFERENCES = re.compile(r"(?:value_?from|arns?|ids?|rotation\w*|policy\w*|version\w*|name)$", re.IGNORECASE)
"""Ends of names of fields that say where a secret is, not what it is."""
_USER_IN_URL = re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)")
_SIGNED = re.compile(
    r"(?<=[?&])((?:X-Amz-[\w-]+|sig|signature|token|key|code|password|secret|access_token)=)[^\s&\"']+",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z0-9+/_.=-]{16,}")
_HEX = re.compile(r"[0-9a-fA-F-]+")
_SHORTEST_UNKNOWN = 32


def without_secrets(fact: Fact) -> Fact:
    """Return a fact with the secrets in its payload hidden; source, id, subject and time are as they were.

    Where a step fails, nothing of the payload is kept but a sentence that says so.
    """
    if not fact.type.startswith("aws.") and fact.type != UNDECODABLE:
        return fact
    try:
        payload = _fields(fact.data, FIELDS.get(fact.type, {}))
        if fact.type == UNDECODABLE and isinstance(payload, dict):
            # Nobody can look for secrets in what nobody can read.
            payload = {**payload, "body_base64": "", "is_cut": True}
    except Exception:  # noqa: BLE001 - whatever it is: what may hold a secret is not written
        payload = {"redaction": FAILED}
    return fact if payload == fact.data else msgspec.structs.replace(fact, data=payload)


def _fields(value: Any, fields: Fields) -> Any:
    """Return a payload with its secrets hidden: by the name of the field where it holds somebody's values."""
    if isinstance(value, list):
        return [_fields(item, fields) for item in value]
    if not isinstance(value, dict):
        return value
    shown = {}
    for key, item in value.items():
        how = fields.get(key, How.VALUES)
        if isinstance(how, dict):
            shown[key] = _fields(item, how)
        elif how in {How.VALUES, How.JSON}:
            shown[key] = _value(item, "" if key in fields else key)
        else:
            shown[key] = _each(item, _text if how in {How.TEXT, How.NAMED} else _known)
    return shown


def _each(value: Any, become: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_each(item, become) for item in value]
    if isinstance(value, dict):
        return {key: _each(item, become) for key, item in value.items()}
    return become(value) if isinstance(value, str) else value


def _known(name: str) -> str:
    """Return a name, status or id; one that has the form of a key is none."""
    return HIDDEN if FORMATS.search(name) and not name.startswith("arn:") else name


def _value(value: Any, key: str = "", depth: int = 0) -> Any:
    """Return a value of any shape with its secrets hidden.

    Args:
        value: Any plain value.
        key: Names of the field that holds it and of what stands beside it.
        depth: How many values it is inside of.
    """
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, dict):
        names = [value[name] for name in cues.NAMES if isinstance(value.get(name), str)]
        inner = " ".join([key, *names[:1]])
        return {
            name: item if name in cues.NAMES and item in names else _value(item, f"{inner} {name}", depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_value(item, key, depth + 1) for item in value]
    if isinstance(value, str):
        return _leaf(value, key.strip(), depth)
    is_secret = isinstance(value, int | float) and not isinstance(value, bool) and _names_secret(key.strip())
    return HIDDEN if is_secret else value


def _leaf(value: str, key: str, depth: int) -> str:
    if not value or value == "****" or value.lower() in {"true", "false"} or value.startswith("arn:"):
        return value
    if _names_secret(key):
        return HIDDEN
    if value[0] in "{[":
        try:
            inside = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return _text(value)
        shown = _value(inside, key, depth + 1)
        return value if shown == inside else msgspec.json.encode(shown).decode()
    return _text(value)


def _names_secret(key: str) -> bool:
    return _SECRET.search(key) is not None and _REFERENCES.search(key) is None


def _text(said: str) -> str:
    """Return a text with what it calls a secret, and what has the form of one, hidden."""
    said = cues.BLOCKS.sub(HIDDEN, said)
    said = _USER_IN_URL.sub(HIDDEN, said)
    said = _SIGNED.sub(lambda found: found[1] + HIDDEN, said)
    said = cues.PHRASE.sub(_after_phrase, said)
    said = cues.AFTER_SCHEME.sub(_after_scheme, said)
    said = cues.CUE.sub(_after_cue, said)
    return _TOKEN.sub(lambda found: _token(found[0]), said)


def _after_phrase(found: re.Match[str]) -> str:
    goes_on = cues.is_rest_of_sentence(found["bare"].split(maxsplit=1)[0])
    return found[0] if goes_on else found["cue"] + HIDDEN


def _after_scheme(found: re.Match[str]) -> str:
    return found[0] if is_open_word(found["bare"].rstrip(".:")) else found["cue"] + HIDDEN


def _after_cue(found: re.Match[str]) -> str:
    if not cues.is_value(found) or HIDDEN.startswith(found["quoted"] or found["bare"]):
        return found[0]
    return found["cue"] + (found["quote"] or "") + HIDDEN


def _token(token: str) -> str:
    """Return a run of characters, hidden where it has a secret's form, or is long and looks like chance."""
    if FORMATS.search(token):
        return HIDDEN
    is_long = len(token) >= _SHORTEST_UNKNOWN and not _HEX.fullmatch(token) and "." not in token
    is_mixed = re.search(r"[a-z]", token) and re.search(r"[A-Z]", token) and re.search(r"\d", token)
    return HIDDEN if is_long and is_mixed and looks_secret(token) else token
