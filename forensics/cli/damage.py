"""What could not be read of an archive: as a person is told, and as a diagnosis is."""

from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from forensics.cli.opening import Opened
from forensics.model.ranges import numbers_within
from forensics.report.count import counted

if TYPE_CHECKING:
    from forensics.model.finding import Diagnosis


def warn_of_damage(archive: Opened, stream: TextIO) -> None:
    """Say on a stream that some records could not be read, where that is so."""
    lost = numbers_within(archive.lost)
    if archive.damages or lost:
        places, records = counted(len(archive.damages), "damaged place"), counted(lost, "missing record")
        stream.write(f"passed over: {places}, {records}; `forensics verify` names them\n")


def with_damage(diagnosis: "Diagnosis", archive: Opened) -> "Diagnosis":
    """Return a diagnosis that says what could not be read of the archive it rests on.

    Args:
        diagnosis: What the records come down to.
        archive: Where they came from, read to the end.
    """
    lost = numbers_within(archive.lost)
    if not lost:
        return diagnosis
    noun = "record of the archive is" if lost == 1 else "records of the archive are"
    coverage = diagnosis.coverage
    note = f"{lost} {noun} lost to damage; `forensics verify` says where"
    damaged = replace(coverage, complete=False, notes=(*coverage.notes, note))
    outcome = "could_not_look" if diagnosis.outcome == "nothing_found" else diagnosis.outcome
    return replace(diagnosis, coverage=damaged, outcome=outcome)
