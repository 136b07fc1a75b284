"""Which words of a free text say nothing about whose it is."""

import re
from functools import cache, lru_cache
from importlib import resources

_REMEMBERED = 50_000
"""Texts whose verdict is remembered: most come again and again."""
_CAMEL = re.compile(r"S3|EC2|Ipv[46]|V\d|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_ONE_SIGN = frozenset("AIVX0123456789") | {"53", "404"}
"""Parts of one sign that codes have: V2, IPv4, S3, Route53."""
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_PLURAL = re.compile(r"(?:ies|es|s|'s|ed|ing|ly)$")
_GENERATED = re.compile(r"([A-Za-z]+?)(?:[0-9A-F]{8})$")
_NUMBER = re.compile(
    r"""[#v$+-]?(?:
      \d{1,6}(?:\.\d{1,6}){0,2}        # 14, 1.4.0
    | \d{1,3}(?:,\d{3})+
    )(?:%|[KMGT]i?B?|[kmgt]i?b|ms|µs|us|ns|s|m|h|d|x|vCPU|st|nd|rd|th)?
    | (?:\d{1,4}(?:h|m|s|ms)){1,4}      # 1h30m
    | 0x[0-9A-Fa-f]{1,8}
    | \d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?
    | \d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?
    """,
    re.VERBOSE,
)
_OPEN_FORMS = re.compile(
    r"(?:(?:db|cache|ml|search)\.)?[a-z]{1,3}\d[a-z]{0,4}\.(?:nano|micro|small|medium|\d{0,2}x?large|metal)(?:\.search)?"
    r"|(?:nodejs|python|java|dotnet|dotnetcore|ruby|go|provided)\d[\d.]*x?|Fn::[A-Z][A-Za-z]{1,20}|AWS::[A-Z][A-Za-z]{1,24}"
    r"|\d{1,6}0{3,6}|\d{7}"
)
"""Instance classes, runtimes, a template's functions, and large round numbers."""
_REGION = re.compile(r"(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-(?:gov|iso[a-z]?))?-[a-z]{4,9}-\d[a-z]?")
_RESOURCE_TYPE = re.compile(r"(?:AWS|Alexa)::[A-Z][A-Za-z0-9]{1,40}::[A-Z][A-Za-z0-9]{1,60}(?:::MODULE)?")

_ENDS_OF_CODES = (
    "Exception", "Error", "Fault", "Failure", "Failed", "Invalid", "NotFound", "Exists", "Denied",
    "Exceeded", "Throttling", "Expired", "Token", "Code", "Cancelled", "Canceled", "Completed", "Request",
    "Malformed", "Conflict", "InUse", "Stabilized", "Operation", "Timeout", "Unavailable",
    "Initiated", "Exited",
)  # fmt: skip
_BEGINS_OF_CODES = (
    "Invalid", "NoSuch", "Amazon", "AWS", "ResourceLogical", "ResourceStatus", "ResourceType", "Assume",
    "Get",
    "Put", "List", "Describe", "Create", "Delete", "Update", "Register", "Run", "Start", "Stop",
)  # fmt: skip
"""How AWS's codes and operations begin and end; strict lets no other name of several words stand."""


@cache
def vocabulary() -> frozenset[str]:
    """Return the words, in small letters.

    ``vocabulary.txt`` is made by `bench.vocabulary`; ``wording.txt`` is written by hand: what containers,
    kernels and networks say beside AWS.
    """
    return _read("vocabulary.txt") | _read("wording.txt")


@cache
def choices() -> frozenset[str]:
    """Return the values that AWS offers to choose from, in small letters."""
    return _read("choices.txt")


@cache
def services() -> frozenset[str]:
    """Return the labels that AWS's own hosts begin with: the endpoint prefixes of the SDK, and a few more."""
    return _read("services.txt")


@cache
def kinds() -> frozenset[str]:
    """Return what stands before the name in an ARN, where a service says what kind of thing it is."""
    return _read("kinds.txt")


@cache
def open_hosts() -> frozenset[str]:
    """Return hosts that everybody knows."""
    return _read("hosts.txt")


def _read(name: str) -> frozenset[str]:
    return frozenset(resources.files("forensics.redact").joinpath(name).read_text(encoding="utf-8").split())


@lru_cache(_REMEMBERED)
def is_word(text: str) -> bool:
    """Tell whether a text is one word of the vocabulary, or a form of one."""
    lowered = text.replace("’", "'").lower()
    words = vocabulary()
    if lowered in words:
        return True
    if not (lowered.isascii() and lowered.replace("'", "").isalpha()) or len(lowered) < 4:
        return False
    stem = _PLURAL.sub("", lowered)
    return stem != lowered and len(stem) > 2 and (stem in words or stem + "e" in words or stem + "y" in words)


@lru_cache(_REMEMBERED)
def is_code(text: str, *, strict: bool = False) -> bool:
    """Tell whether a text is a name made of several words, as AWS spells codes, fields and statuses."""
    if _CONSTANT.fullmatch(text):
        return all(part.isdigit() or is_word(part) for part in text.split("_"))
    if not _NAME.fullmatch(text) or text.islower():
        return False
    parts = _CAMEL.findall(text)
    # Two digits and more behind words are what passwords end in, and numbers of things.
    if not all((len(part) > 1 and is_word(part)) or part in _ONE_SIGN for part in parts):
        return False
    return not strict or len(parts) < 2 or text.endswith(_ENDS_OF_CODES) or text.startswith(_BEGINS_OF_CODES)


@lru_cache(_REMEMBERED)
def is_generated_name(text: str) -> bool:
    """Tell whether a text is a logical id as the CDK makes them: words, and eight hexadecimal digits."""
    found = _GENERATED.fullmatch(text)
    return found is not None and (is_word(found.group(1)) or is_code(found.group(1)))


def is_field_path(text: str) -> bool:
    """Tell whether a text names a field inside others, such as Client.Timeout."""
    parts = text.split(".")
    return len(parts) > 1 and text[0].isupper() and all(is_word(part) or is_code(part) for part in parts)


@lru_cache(_REMEMBERED)
def is_number(text: str) -> bool:
    """Tell whether a text is a number, a version, a duration, a size or a time that is nobody's secret."""
    return _NUMBER.fullmatch(text) is not None or _OPEN_FORMS.fullmatch(text) is not None


def is_region(text: str) -> bool:
    """Tell whether a text is a region or an availability zone."""
    return _REGION.fullmatch(text) is not None


def is_resource_type(text: str) -> bool:
    """Tell whether a text is one of AWS's own resource types."""
    return _RESOURCE_TYPE.fullmatch(text) is not None


def is_open_word(text: str, *, strict: bool = False) -> bool:
    """Tell whether a text is a word or a code that says nothing about whose it is."""
    return is_word(text) or is_code(text, strict=strict)
