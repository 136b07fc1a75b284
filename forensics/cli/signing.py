"""What commands that make or check a signature share."""

import hashlib
import importlib
from pathlib import Path
from types import ModuleType

from forensics.errors import UsageError


def beside(archive: Path) -> Path:
    """Return where the signature of an archive or a bundle is, unless somebody says otherwise."""
    whole = archive.resolve()
    return whole.with_name(whole.name + ".sig")


def signing_module() -> ModuleType:
    """Return what signs and checks signatures; loaded on use, for few need it.

    Raises:
        UsageError: The library that it needs is not installed.
    """
    try:
        return importlib.import_module("forensics.signature")
    except ModuleNotFoundError as error:
        raise UsageError(
            "signatures need a library that is not installed",
            hint="pip install 'deploy-forensics[sign]'",
        ) from error


def digest_of(bundle: Path) -> str:
    """Return the SHA-256 of a bundle's bytes, hex."""
    with bundle.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
