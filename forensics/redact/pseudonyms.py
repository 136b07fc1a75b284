"""Names of our making, one for each hidden value, in the shape that the value had."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping

PREFIX = "anon"
"""What a name begins with where its shape allows it."""

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
"""Without vowels no name reads like a word."""
_SHORTEST = 8

_ACCOUNT = re.compile(r"\d{12}")
_DIGITS = re.compile(r"\d+")
_VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b|\d+", re.IGNORECASE
)
"""What differs between names of one kind: ids, digests, numbers."""
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_EMAIL = re.compile(r"[^\s@:/]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]{2,24}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_EC2_ID = re.compile(r"([a-z]{1,12}-)([0-9a-f]{8}|[0-9a-f]{17})")
_DIGEST = re.compile(r"(sha256:)?([0-9a-f]{12,})")


class Pseudonyms:
    """The names of one case: each value has one, and no two values have the same.

    A name depends on the value and the key alone, so that every bundle of a case calls a value the same;
    only where two values would get one name does the later one get a longer one.

    Args:
        key: Secret of the case, at least 16 bytes: who has it can find out whether a guess is right.
        known: Names of earlier bundles of the case, with the values behind them.

    Raises:
        ValueError: The key is too short, or a name stands for two values.
    """

    def __init__(self, key: bytes, known: Mapping[str, str] | None = None) -> None:
        if len(key) < 16:
            raise ValueError(f"the key of a case has at least 16 bytes, this one {len(key)}")
        self._key = key
        self._values = dict(known or {})
        self._names = {value: name for name, value in self._values.items()}
        if len(self._names) != len(self._values):
            raise ValueError("a value has two names in this case")

    def name(self, value: str) -> str:
        """Return the value's name; a name itself is returned as it is."""
        known = self._names.get(value)
        if known is not None:
            return known
        if value in self._values:
            return value
        for name in self._candidates(value):
            if name not in self._values and name not in self._names and name != value:
                self._values[name] = value
                self._names[value] = name
                return name
        raise AssertionError("the supply of names does not end")

    def is_name(self, text: str) -> bool:
        """Tell whether a text is a name that was given to some value."""
        return text in self._values

    def known(self) -> Mapping[str, str]:
        """Return the value behind each name."""
        return self._values

    def _candidates(self, value: str) -> Iterator[str]:
        """Yield names in the order in which they are taken; the supply does not end."""
        shape = _shape_of(value)
        if shape is not None:
            for attempt in range(64):
                yield shape(value, self._attempt(attempt))
        length = _SHORTEST
        while True:
            yield self._plain(value, length)
            length += 1

    def _attempt(self, number: int) -> "_Digest":
        return lambda what: self._digest(f"{number} {what}")

    def _plain(self, value: str, length: int) -> str:
        """Return a name of letters, with digits behind them where the value has digits.

        Values that differ in numbers and ids alone get names that differ in digits alone: what groups texts
        by leaving these out groups the redacted texts alike.
        """
        stem = _letters(self._digest(f"stem {_VARYING.sub('#', value)}"), length)
        if not _DIGITS.search(value):
            return PREFIX + stem
        return f"{PREFIX}{stem}{_number(self._digest(f'number {value}'), length)}"

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


_Digest = Callable[[str], bytes]
_Shape = Callable[[str, _Digest], str]


def _account(value: str, digest: _Digest) -> str:
    # The nines show that it is no account of anybody's.
    return "9999" + _number(digest(value), 8)


def _digits(value: str, digest: _Digest) -> str:
    return "9" + _number(digest(value), max(5, len(value) - 1))


def _ipv4(value: str, digest: _Digest) -> str:
    # RFC 2544's addresses for measurements belong to nobody; there are not many of them.
    block = int.from_bytes(digest(value)[:4], "big") % 2**17
    return str(ipaddress.IPv4Address(int(ipaddress.IPv4Address("198.18.0.0")) + block))


def _ipv6(value: str, digest: _Digest) -> str:
    # RFC 3849's addresses for documentation.
    low = int.from_bytes(digest(value)[:12], "big")
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) + low))


def _mac(value: str, digest: _Digest) -> str:
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest(value)[:5]))


def _email(value: str, digest: _Digest) -> str:
    local, _, host = value.partition("@")
    return f"{_numbered(f'local {local}', digest)}@{_host(host, digest)}"


def _host(value: str, digest: _Digest) -> str:
    return f"{_numbered(f'host {value}', digest)}.example"


def _numbered(value: str, digest: _Digest) -> str:
    """Return letters, which numbers and ids in the value do not change, and digits where it has some."""
    numbers = _number(digest(value), 6) if _DIGITS.search(value) else ""
    return f"{PREFIX}{_letters(digest(_VARYING.sub('#', value)), _SHORTEST)}{numbers}"


def _uuid(value: str, digest: _Digest) -> str:
    text = digest(value).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32]))


def _ec2_id(value: str, digest: _Digest) -> str:
    prefix, _, number = value.rpartition("-")
    # A digit is among them, as in nearly every real one.
    return f"{prefix}-0{digest(value).hex()[: len(number) - 1]}"


def _hex(value: str, digest: _Digest) -> str:
    prefix, colon, number = value.rpartition(":")
    text = "0" + (digest(value) + digest(f"more {value}")).hex() * (len(number) // 128 + 1)
    return f"{prefix}{colon}{text[: len(number)]}"


_SHAPES: tuple[tuple[re.Pattern[str], _Shape], ...] = (
    (_ACCOUNT, _account),
    (_DIGITS, _digits),
    (_MAC, _mac),
    (_EMAIL, _email),
    (_UUID, _uuid),
    (_EC2_ID, _ec2_id),
    (_DIGEST, _hex),
    (_HOST, _host),
)


def _shape_of(value: str) -> _Shape | None:
    if len(value) > 256:
        return None
    address = address_of(value)
    if address is not None:
        return _ipv4 if address.version == 4 else _ipv6
    return next((shape for pattern, shape in _SHAPES if pattern.fullmatch(value)), None)


def address_of(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a text is, or None."""
    if "." not in value and ":" not in value:
        return None
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def _letters(digest: bytes, length: int) -> str:
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(_CONSONANTS))
        letters.append(_CONSONANTS[place])
    return "".join(letters)


def _number(digest: bytes, length: int) -> str:
    return str(int.from_bytes(digest, "big")).rjust(length, "0")[-length:]
