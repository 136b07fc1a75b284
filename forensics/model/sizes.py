"""Sizes as people write them."""

import re

from forensics.errors import UsageError

_UNITS = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
}
_SIZE = re.compile(r"([1-9][0-9]{0,11})\s?([KMG]?i?B)", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Return the bytes of a size such as ``20MB`` or ``512KiB``.

    Raises:
        UsageError: It is not wholly understood; the grammar is named.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"{text!r} is no size",
            hint="a size is a whole number with a unit: B, KB, MB, GB, KiB, MiB or GiB, such as 20MB",
        )
    return int(match[1]) * _UNITS[match[2].upper()]
