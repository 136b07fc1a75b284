"""Which random texts pass for a name, and which names stay: ``python -m bench.names [--count N]``.

Random texts of each kind are put where a stack's name belongs, under standard; fixed seeds, so that figures
can be compared. The names of `harmless_names.txt` were written down before the rule that judges them.
"""

import argparse
import random
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from forensics.redact.naming import Naming
from forensics.redact.pseudonyms import Pseudonyms

HARMLESS = Path(__file__).with_name("harmless_names.txt")
"""Lines of a kind and a name."""
COUNT = 1_000
"""Random texts of each kind; for figures that mean something ask for a million."""
_ALNUM = string.ascii_letters + string.digits
_SMALL = string.ascii_lowercase + string.digits
_HEX = "0123456789abcdef"
SAMPLES = {
    **{f"{length} letters and digits": (_ALNUM, length) for length in (20, 24, 32, 40)},
    **{f"{length} of base64url": (f"{_ALNUM}-_", length) for length in (24, 32, 43)},
    "40 of base64": (f"{_ALNUM}+/", 40),
    **{f"{length} small letters": (string.ascii_lowercase, length) for length in (20, 24)},
    "20 small letters and digits": (_SMALL, 20),
    "32 hexadecimal digits": (_HEX, 32),
    "16 letters and digits": (_ALNUM, 16),
}
"""By what they are: the signs that are drawn, and how many."""
_KEY = b"nobody's secret, but 32 bytes..."
_SHORTEST_TOLD = 8
"""Signs of a part of a text that is a find by itself."""
_AT_ONCE = 5_000
"""Names after which a new export begins: one remembers all that it hides."""


def main(arguments: list[str]) -> int:
    """Print how many random texts stay readable, and the share of harmless names that does."""
    parser = argparse.ArgumentParser(prog="bench.names", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="random texts of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wrong", action="store_true", help="name what is not right")
    asked = parser.parse_args(arguments)
    print(f"random texts in the place of a name that stay readable, of {asked.count} each:")
    for kind in SAMPLES:
        left = list(passing(kind, asked.count, asked.seed))
        print(f"  {kind:<28}{len(left):>6}" + (f"  {' '.join(left[:10])}" if asked.wrong else ""), flush=True)
    names = harmless()
    lost = [name for kind, name in names if not stays(kind, name)]
    print(
        f"{len(names) - len(lost)} of {len(names)} harmless names stay"
        + ": not " * bool(lost)
        + ", ".join(lost)
    )
    return 0


def passing(kind: str, count: int, seed: int) -> Iterator[str]:
    """Yield the random texts of a kind that stay readable in the place of a name, whole or in part."""
    signs, length = SAMPLES[kind]
    drawn = random.Random(f"{seed} {kind}")
    naming = Naming(Pseudonyms(_KEY))
    for number in range(1, count + 1):
        text = "".join(drawn.choices(signs, k=length))
        told = naming.public(text).split("/")
        if any(len(part) >= _SHORTEST_TOLD and part in told for part in text.split("/")):
            yield text
        if number % _AT_ONCE == 0:
            naming = Naming(Pseudonyms(_KEY))


def harmless() -> list[tuple[str, str]]:
    """Return the harmless names, each after its kind."""
    lines = HARMLESS.read_text(encoding="ascii").splitlines()
    return [(kind, name) for kind, _, name in (line.partition(" ") for line in lines)]


def stays(kind: str, name: str) -> bool:
    """Tell whether a name of a kind stays as it is."""
    naming = Naming(Pseudonyms(_KEY))
    return (naming.tag(name) if kind == "tag" else naming.public(name)) == name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
