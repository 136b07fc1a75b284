"""The command `verify`: whether an archive or a bundle is whole."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from forensics.archive.verdict import Problem, Verdict
from forensics.archive.verify import verify as check
from forensics.cli.opening import is_zip
from forensics.cli.signing import beside, signing_module
from forensics.errors import UsageError
from forensics.model.inert import inert
from forensics.report.count import counted, lost_records

if TYPE_CHECKING:
    from forensics.signature import Signed

_GAP_KINDS = ("recovered", "lost", "unknown", "open")
_SHOWN = 20


@click.command()
@click.argument("archive", metavar="ARCHIVE|BUNDLE", type=click.Path(path_type=Path))
@click.option(
    "--expect",
    metavar="DIGEST",
    help="A head digest that was printed earlier: it must be on the chain; for a bundle, its archive's head.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ed25519 public key: the signature beside it must be by this key.",
)
@click.option(
    "--signature",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the signature is. [default: beside the archive or bundle, with .sig at the end]",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify(archive: Path, expect: str | None, key: Path | None, signature: Path | None, output: str) -> int:
    """Check that an archive or a bundle is whole: every byte, offline, also while it is written.

    Exit code 0: intact, gaps that the recorder itself recorded included.
    Exit code 1: something is damaged, missing or torn, a bundle breaks a rule, DIGEST is not on the chain,
    or the signature is not by the key.
    """
    signed = _signed(archive, key, signature, expect)
    if is_zip(archive):
        of_bundle: Callable[..., int] = importlib.import_module("forensics.cli.verify_bundle").verify_bundle
        return of_bundle(archive, expect, output, signed)
    verdict = check(archive, signed.digest if signed else expect)
    if signed is not None:
        verdict = replace(verdict, signed_by=signed.key_id)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(verdict), indent=2))
    else:
        for line in _lines(archive, verdict):
            click.echo(inert(line))
    return 0 if verdict.is_sound else 1


def _signed(archive: Path, key: Path | None, signature: Path | None, expect: str | None) -> "Signed | None":
    """Return what the signature vouches for; None where nobody asked.

    Raises:
        UsageError: The flags do not go together, or a file cannot be read.
        SignatureWrong: It is not by the key.
    """
    if key is None:
        if signature is not None:
            raise UsageError("--signature without --key", hint="name the public key that must have made it")
        return None
    if expect is not None:
        raise UsageError(
            "--expect and --key", hint="the signature says which digest to expect: leave one out"
        )
    signing = signing_module()
    found: Signed = signing.check(signature or beside(archive), signing.public_key(key))
    return found


def _lines(archive: Path, verdict: Verdict) -> list[str]:
    missing = [f"missing   {_listed(verdict.missing_segments)}"] if verdict.missing_segments else []
    lost = [f"lost      {lost_records(verdict.lost)}"] if verdict.lost else []
    return [
        f"{archive}: {verdict.verdict}",
        f"records   {verdict.records:,} in {counted(verdict.segments, 'segment')} ({verdict.sealed} sealed), "
        f"{verdict.size_bytes:,} bytes",
        *_removed(verdict),
        *missing,
        *lost,
        f"gaps      {_gaps(verdict)}",
        *_problems(verdict.problems),
        *([f"writer    process {verdict.writer} is at work"] if verdict.writer is not None else []),
        f"head      {verdict.head}",
        *([f"signed    by key {verdict.signed_by}"] if verdict.signed_by else []),
        *_expected(verdict),
    ]


def _removed(verdict: Verdict) -> list[str]:
    gone = verdict.removed
    if gone is None:
        return []
    what = f"{counted(gone.segment, 'segment')} with {counted(gone.records, 'record')}"
    return [f"removed   {what} by retention: everything up to seq {gone.seq:,}"]


def _listed(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(str(number) for number in numbers[:_SHOWN])
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"{counted(len(numbers), 'segment')}: {shown}{more}"


def _gaps(verdict: Verdict) -> str:
    told = [f"{verdict.gap_kinds[kind]} {kind}" for kind in _GAP_KINDS if kind in verdict.gap_kinds]
    if not told:
        return f"{verdict.gap_count} recorded"
    return f"{verdict.gap_count} recorded: {', '.join(told)}; `forensics coverage` says which"


def _problems(problems: tuple[Problem, ...]) -> list[str]:
    lines = [
        f"{problem.kind:<8}  {problem.file}{f', line {problem.line}' if problem.line else ''}: {problem.text}"
        for problem in problems[:_SHOWN]
    ]
    more = len(problems) - _SHOWN
    return [*lines, f"          and {more} more; -o json lists all"] if more > 0 else lines


def _expected(verdict: Verdict) -> list[str]:
    expected = verdict.expected
    if expected is None:
        return []
    if not expected.is_on_chain:
        why = "this is not what was there when it was printed"
        if verdict.removed is not None:
            why = "it was printed before what retention has removed, or this is not what was there then"
        return [f"expected  {expected.digest} is not on the chain: {why}"]
    later = counted(expected.records_after or 0, "record")
    return [f"expected  on the chain after record {expected.seq:,}; {later} came later"]
