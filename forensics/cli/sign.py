"""The command `sign`: a signature over an archive or a bundle, in a file of its own."""

from pathlib import Path

import click

from forensics import __version__
from forensics.archive.verify import verify
from forensics.bundle.reader import Bundle
from forensics.cli.opening import is_zip
from forensics.cli.output import destination
from forensics.cli.signing import beside, digest_of, signing_module
from forensics.errors import ArchiveError
from forensics.model.clock import SystemClock, to_rfc3339
from forensics.model.inert import inert
from forensics.model.record import JsonObject


@click.command()
@click.argument("archive", metavar="ARCHIVE|BUNDLE", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ed25519 private key, PEM or OpenSSH. Its passphrase is asked for in a terminal.",
)
@click.option(
    "-O", "--output-file", type=click.Path(path_type=Path, dir_okay=False),
    help="Where the signature goes. [default: beside what is signed, with .sig at the end]",
)  # fmt: skip
def sign(archive: Path, key: Path, output_file: Path | None) -> None:
    """Sign what an archive or a bundle holds now, with an Ed25519 key.

    Only what `verify` is content with is signed. An archive may grow afterwards: the signature vouches for
    what was there, and `verify --key` says how much came later. Needs the extra `sign`.
    """
    signing = signing_module()
    passphrase = None
    if signing.is_encrypted(key):
        passphrase = click.prompt(f"passphrase of {inert(str(key))}", hide_input=True, err=True).encode()
    private = signing.private_key(key, passphrase)
    name, digest, said = _bundle(archive) if is_zip(archive) else _archive(archive)
    predicate = {**said, "signed_at": to_rfc3339(SystemClock().now()), "tool": f"forensics {__version__}"}
    content = signing.sign(private, name=name, digest=digest, predicate=predicate)
    place = output_file or beside(archive)
    with destination(place) as out:
        out.write(content.decode())
    click.echo(f"signed    {digest}")
    click.echo(f"key       {signing.key_id(private.public_key())}")
    click.echo(inert(f"signature {place}"))


def _archive(path: Path) -> tuple[str, str, JsonObject]:
    verdict = verify(path)
    if not verdict.is_sound:
        raise ArchiveError(f"{path}: is not signed: {verdict.verdict}", hint=f"forensics verify {path}")
    said = {"kind": "archive", "records": verdict.records, "last_seq": verdict.last_seq}
    return verdict.archive_id, verdict.head, {**said, "verdict": verdict.verdict}


def _bundle(path: Path) -> tuple[str, str, JsonObject]:
    verdict = Bundle.open(path).verify()
    digest = digest_of(path)
    said = {"kind": "bundle", "archive_id": verdict.archive_id, "records": verdict.records}
    return path.name, digest, {**said, "verdict": verdict.verdict}
