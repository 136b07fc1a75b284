"""ARCHIVE.json: what makes a directory an archive."""

import msgspec

from forensics.archive import statement
from forensics.errors import ArchiveTooNew

FORMAT = 1
NAME = "ARCHIVE.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ARCHIVE.json."""

    format: int = FORMAT
    archive_id: str
    created: str
    """RFC 3339, UTC."""
    tool: str
    digest: str = ""
    """The file's own digest, which the chain starts from; set when it is read or encoded."""


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    archive_id: str
    created: str
    tool: str


def encode(manifest: Manifest) -> tuple[bytes, str]:
    """Return the file's bytes with their digest."""
    return statement.close_statement(
        _Content(
            format=manifest.format,
            archive_id=manifest.archive_id,
            created=manifest.created,
            tool=manifest.tool,
        )
    )


def decode(content: bytes) -> Manifest:
    """Return the manifest that a file's bytes hold.

    Raises:
        BadStatement: The bytes are not what was written.
        ArchiveTooNew: They name a format that is newer than this program.
    """
    try:
        found = msgspec.json.decode(content, type=_Format)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise statement.BadStatement(str(error)) from error
    # A newer format may vouch for itself in another way; with our digest in it, it must be right first.
    if found.digest is not None or found.format <= FORMAT:
        statement.digest_of(content)
    if found.format > FORMAT:
        raise ArchiveTooNew(
            f"the archive has format {found.format}, this program reads up to {FORMAT}",
            hint="read it with the forensics that wrote it, or a newer one",
        )
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise statement.BadStatement(str(error)) from error


class _Format(msgspec.Struct):
    format: int
    digest: str | None = None
