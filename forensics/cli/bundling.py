"""A bundle on its way to a file: written aside, looked through once more, then put in its place."""

import contextlib
import hashlib
import importlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from forensics.archive.reader import Archive
from forensics.archive.seal import read_seal
from forensics.archive.segment import numbers_in
from forensics.archive.statement import BadStatement
from forensics.archive.verify import verify
from forensics.bundle.container import Container
from forensics.bundle.manifest import Source
from forensics.bundle.members import MEMBERS, Limits
from forensics.cli.opening import Opened
from forensics.errors import SecretFound, UsageError
from forensics.model.record import JsonObject, Record
from forensics.redact.scan import Scanner
from forensics.report.count import counted
from forensics.report.html.page import Origin
from forensics.sharing.compose import Asked, Redaction, compose

_SAVED = "saved output, which nothing vouches for"


def source_of(found: Opened) -> tuple[Source, Origin | None]:
    """Return what a bundle says of where its records come from, and what vouches for them in the report."""
    if not isinstance(found, Archive):
        count = sum(1 for _ in found.records())
        return Source(archive_id="", head="", records=count, verdict=_SAVED, seals=()), None
    verdict = verify(found.path)
    source = Source(
        archive_id=found.archive_id,
        head=verdict.head,
        records=verdict.records,
        verdict=verdict.verdict,
        seals=tuple(_seals(found)),
    )
    return source, Origin(
        archive_id=found.archive_id, created=found.created, head=verdict.head, verdict=verdict.verdict
    )


def _seals(archive: Archive) -> Iterator[JsonObject]:
    for number in numbers_in(archive.segments.names())[1]:
        with contextlib.suppress(BadStatement):
            sealed = read_seal(number, folder=archive.segments)
            if sealed is not None:
                yield {"segment": number, "sha256": sealed.seal.sha256, "digest": sealed.digest}


def literals_in(path: Path) -> tuple[str, ...]:
    """Return the texts of a file that are to be hidden, one a line.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", hint="one text a line, in UTF-8") from error
    return tuple(line.strip() for line in lines if line.strip())


def deliver(
    records: Callable[[], Iterable[Record]],
    redaction: Redaction,
    asked: Asked,
    path: Path,
    *,
    recipient: str | None,
    scanner: Callable[[], Scanner] | None,
) -> list[str]:
    """Write a bundle, look through every byte of it, and put it where it was asked for.

    Args:
        records: Gives what was selected, each time it is called.
        redaction: Hides what must not be told.
        asked: Everything else that the bundle says.
        path: Where it goes.
        recipient: Whom it is encrypted for; None for nobody.
        scanner: Gives what looks through the finished bytes, once it is known what was hidden; None where
            nothing is.

    Returns:
        What to say of it, line by line.

    Raises:
        UsageError: The folder cannot be written, or the recipient is none.
        SecretFound: Something in it looks like a secret; nothing was written.
    """
    with _aside(path) as out:
        made = compose(records, redaction, asked, out)
        out.flush()
        if scanner is not None:
            _look_through(Path(out.name), scanner())
        if recipient is not None:
            out.seek(0)
            content = encrypted(out.read(), recipient)
            out.seek(0)
            out.truncate()
            out.write(content)
        out.seek(0)
        digest, size_bytes = _measured(out)
    told = made.predicate
    left = [f"left out  {counted(count, 'record')}: {why}" for why, count in told.left_out.items() if count]
    return [
        f"{path}: {size_bytes:,} bytes",
        f"records   {told.records:,} of {told.source.records:,}",
        *left,
        f"redaction {told.policy}",
        *([f"encrypted for {recipient}"] if recipient else []),
        f"sha256    {digest}",
    ]


def _measured(out: IO[bytes]) -> tuple[str, int]:
    digest = hashlib.sha256()
    size_bytes = 0
    while piece := out.read(1 << 20):
        digest.update(piece)
        size_bytes += len(piece)
    return digest.hexdigest(), size_bytes


def _look_through(path: Path, scanner: Scanner) -> None:
    """Raise where an independent scanner finds what looks like a secret in any member."""
    container = Container(path, Limits())
    for name in MEMBERS:
        for hit in scanner.scan(name, container.lines(name)):
            raise SecretFound(
                f"{hit.member}, {hit.place}: looks like a secret ({hit.rule})",
                hint="nothing was written: name it with --also, or leave out the record that holds it",
            )


@contextlib.contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to that takes the place of `path` when all went well, and is gone when not.

    Raises:
        UsageError: The folder cannot be written.
    """
    try:
        out = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed below, and renamed before that
            prefix=f".{path.name}.", suffix=".tmp", dir=path.parent, delete=False
        )
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written: {error.strerror}", hint="name a file in a folder that you may write"
        ) from error
    try:
        with out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(path)
    except BaseException:
        Path(out.name).unlink(missing_ok=True)
        raise


def encrypted(content: bytes, recipient: str) -> bytes:
    """Return bytes that only the holder of an age identity can read.

    Raises:
        UsageError: The library is not installed, or the recipient is none.
    """
    try:
        pyrage = importlib.import_module("pyrage")
    except ModuleNotFoundError as error:
        raise UsageError(
            "encryption needs a library that is not installed",
            hint="pip install 'deploy-forensics[encrypt]'",
        ) from error
    kind = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
    try:
        parsed = kind.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"{recipient!r} is no age recipient: {error}",
            hint="an age recipient begins with age1, an SSH one with ssh-ed25519 or ssh-rsa",
        ) from error
    sealed: bytes = pyrage.encrypt(content, [parsed])
    return sealed
