"""What `verify` says of a bundle."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from forensics.archive.expect import check_digest
from forensics.bundle.reader import Bundle, BundleVerdict
from forensics.bundle.refusal import refused
from forensics.cli.signing import digest_of
from forensics.errors import BundleRefused
from forensics.model.inert import inert
from forensics.report.count import counted

if TYPE_CHECKING:
    from forensics.signature import Signed


def verify_bundle(path: Path, expect: str | None, output: str, signed: "Signed | None" = None) -> int:
    """Print what a check of every byte finds, and return the exit code.

    Args:
        path: The bundle.
        expect: The head digest of the archive that it must have been made from; None for any.
        output: ``text`` or ``json``.
        signed: What its signature vouches for, already checked; None where nobody asked.

    Raises:
        UsageError: `expect` is no digest.
    """
    digest = check_digest(expect) if expect is not None else None
    try:
        verdict = Bundle.open(path).verify()
        if signed is not None and signed.digest != digest_of(path):
            raise refused(path, "its signature is of other bytes")
    except BundleRefused as error:
        _print_refusal(error, output)
        return 1
    if output == "json":
        said = {**msgspec.to_builtins(verdict), "signed_by": signed.key_id if signed else None}
        click.echo(msgspec.json.format(msgspec.json.encode(said), indent=2))
    else:
        for line in _lines(path, verdict, digest):
            click.echo(inert(line))
        if signed is not None:
            click.echo(f"signed    by key {signed.key_id}")
    return 0 if digest in (None, verdict.head) else 1


def _print_refusal(error: BundleRefused, output: str) -> None:
    said = {"schema_version": 1, "verdict": "REFUSED", "problem": error.message}
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(said), indent=2))
    else:
        click.echo(inert(error.message))


def _lines(path: Path, verdict: BundleVerdict, expected: str | None) -> list[str]:
    unpacked = sum(verdict.members.values())
    lines = [
        f"{path}: {verdict.verdict}",
        f"records   {verdict.records:,}, seq {verdict.first_seq:,} to {verdict.last_seq:,}",
        f"members   {counted(len(verdict.members), 'member')}, {unpacked:,} bytes unpacked",
        f"redaction {verdict.policy}",
        f"archive   {verdict.archive_id}, then {verdict.source_verdict}",
        f"head      {verdict.head}",
    ]
    if expected == verdict.head:
        lines.append("expected  it was made from the archive as it stood when that digest was printed")
    elif expected is not None:
        lines.append(f"expected  {expected} is not the head of the archive that it was made from")
    return lines
