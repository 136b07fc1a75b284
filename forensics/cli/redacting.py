"""What a read command reads, as a bundle would tell it: nothing it says can tell more."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from forensics.archive.reader import Archive, Damage
from forensics.bundle.events import read_lines, write_lines
from forensics.bundle.members import EVENTS
from forensics.bundle.reader import Bundle
from forensics.cli.bundling import literals_in
from forensics.cli.opening import Opened
from forensics.errors import SecretFound, UsageError
from forensics.model.record import Record
from forensics.redact.cases import folder_of, open_case
from forensics.redact.redactor import Redactor
from forensics.redact.scan import Scanner

_SAVED = "saved-output"


class Told:
    """Records that were redacted, in place of those of an archive or of saved output.

    Args:
        found: What they were read from, to the end.
        kept: Their lines.
    """

    def __init__(self, found: Opened, kept: IO[bytes]) -> None:
        self.path: Path = found.path
        self.damages: list[Damage] = found.damages
        self.lost: list[tuple[int, int]] = found.lost
        self.notes: tuple[str, ...] = ()
        self._kept = kept

    def records(self, since_seq: int = 0) -> Iterator[Record]:
        """Yield the records after a seq, in the order of their seq."""
        self._kept.seek(0)
        return (record for record in read_lines(self._kept, EVENTS) if record.seq > since_seq)


def case_of(case: str | None, found: Opened) -> str:
    """Return the case that names belong to: the one that was asked for, else the archive's own."""
    return case or (found.archive_id if isinstance(found, Archive) else _SAVED)


@contextlib.contextmanager
def redacted(found: Opened, policy: str, *, case: str | None, also: Path | None) -> Iterator[Told]:
    """Give the records of an archive or of saved output as they may be told; the case keeps their names.

    They stand in a file without a name meanwhile, so that they can be read more than once.

    Args:
        found: What was opened.
        policy: ``standard`` or ``strict``.
        case: The case that names belong to; None for the archive's own.
        also: A file with texts to hide wherever they occur.

    Raises:
        UsageError: It is a bundle, or the case or the file of texts will not do.
        SecretFound: Something in the redacted records looks like a secret.
        RedactionFailed: A step of redaction failed.
    """
    if isinstance(found, Bundle):
        raise UsageError(f"{found.path}: is a bundle already", hint="leave out --redact")
    literals = literals_in(also) if also is not None else ()
    with tempfile.TemporaryFile() as kept:
        # The case is closed before anything is said: it may take long, or meet a closed pipe.
        with open_case(case_of(case, found), folder_of(os.environ)) as names:
            _keep(found, Redactor(policy, names, literals=literals), literals, kept)
        yield Told(found, kept)


def _keep(found: Opened, redactor: Redactor, literals: Sequence[str], kept: IO[bytes]) -> None:
    """Write the redacted records to a file, and look through it as through a finished bundle."""
    for record in found.records():
        redactor.learn(record)
    kept.writelines(write_lines(filter(None, map(redactor.record, found.records()))))
    kept.seek(0)
    for hit in Scanner(literals, redactor.untold()).scan(EVENTS, kept):
        raise SecretFound(
            f"redacted records, {hit.place}: looks like a secret ({hit.rule})",
            hint="nothing was written: name it with --also",
        )
