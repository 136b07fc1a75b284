"""Extracts and bundles for tests, of the demo's incident and of others."""

import io
from collections.abc import Iterable
from pathlib import Path

from forensics.archive.reader import Archive
from forensics.bundle.manifest import Source
from forensics.demo import incident
from forensics.model.record import JsonObject, Record
from forensics.sharing.compose import Asked, Made, compose
from tests.support.reports import archive_of


class Untouched:
    """A redaction that hides nothing."""

    policy_id = "off"

    def learn(self, record: Record) -> None:
        """Need to know nothing."""

    def record(self, record: Record) -> Record | None:
        return record

    def summary(self) -> JsonObject:
        return {"policy": "off"}


def incident_records(folder: Path) -> list[Record]:
    """Return the records of the demo's incident."""
    return list(Archive.open(archive_of(incident.facts(), folder)).records())


def asked(records: list[Record], *, max_bytes: int | None = None, attempt: int | None = None) -> Asked:
    source = Source(archive_id="a" * 32, head="b" * 64, records=len(records), verdict="intact", seals=())
    return Asked(
        tool="forensics test", source=source, origin=None, selection={}, max_bytes=max_bytes, attempt=attempt
    )


def composed(
    records: Iterable[Record], redaction: object = None, *, max_bytes: int | None = None
) -> tuple[bytes, Made]:
    """Return a bundle's bytes, and what was said of it."""
    kept = list(records)
    out = io.BytesIO()
    made = compose(lambda: kept, redaction or Untouched(), asked(kept, max_bytes=max_bytes), out)  # type: ignore[arg-type]
    return out.getvalue(), made
