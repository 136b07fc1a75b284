"""Coverage-guided fuzzing of what opens a bundle: ``make fuzz``.

Whatever bytes it is given, a bundle is opened and checked, or refused with our own error.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["forensics.bundle", "forensics.archive.line", "zipfile"]):
    from forensics.bundle.members import Limits
    from forensics.bundle.reader import Bundle
    from forensics.errors import BundleRefused

from tests.support.bundles import members_of, packed, record

LIMITS = Limits(file_bytes=1 << 16, member_bytes=1 << 20, total_bytes=1 << 20, small_bytes=1 << 19)
PLACE = Path(tempfile.mkdtemp()) / "fuzzed.zip"


def open_and_check(content: bytes) -> None:
    PLACE.write_bytes(content)
    try:
        Bundle.open(PLACE, LIMITS).verify()
    except BundleRefused:
        return


def seed(corpus: Path) -> None:
    """Put right bundles into an empty corpus, for the fuzzer to change."""
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for count in (0, 1, 3):
            content = packed(members_of([record(seq) for seq in range(1, count + 1)]))
            (corpus / f"bundle-{count}").write_bytes(content)


if __name__ == "__main__":
    seed(Path(sys.argv[1]))
    os.environ.setdefault("PYTHONHASHSEED", "0")
    atheris.Setup(sys.argv, open_and_check)
    atheris.Fuzz()
