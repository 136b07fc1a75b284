"""AWS output that somebody saved, read as if it were an archive."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from forensics.errors import ArchiveError, ArchiveMissing, NothingRecognised
from forensics.model import record as kinds
from forensics.model.changes import digest12
from forensics.model.record import Fact, Record
from forensics.saved.absent import absent
from forensics.saved.documents import documents
from forensics.saved.found import Found
from forensics.saved.ordering import ordered
from forensics.saved.recognise import recognise

STDIN = Path("-")
_NOT_RECORDED = "read from saved output, not from a recording: nothing tells what was not saved"
_MOST_NOTES = 50
_EPOCH = "1970-01-01T00:00:00.000Z"
_HINT = (
    "save what describe-stack-events, describe-stacks, describe-services or describe-tasks print, or "
    "EventBridge events; the reference page on saved output lists every shape"
)


class SavedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was read."""

    name: str
    """As the user gave it."""
    documents: int


class Saved:
    """Facts out of saved files. Make one with `Saved.open`.

    Attributes:
        path: The first of the files, as the user gave it.
        facts: What the files hold, oldest first, the last of them the ``forensics.import`` that says where
            they came from and what could not be understood.
        notes: Sentences about what is missing, or was not understood.
        damages: None: what cannot be read of a file is said in `notes`.
        lost: None, for the same reason.
    """

    def __init__(self, path: Path, facts: Sequence[Fact], notes: tuple[str, ...]) -> None:
        self.path = path
        self.facts = facts
        self.notes = notes
        self.damages: list[object] = []
        self.lost: list[tuple[int, int]] = []

    @classmethod
    def open(cls, paths: Sequence[Path]) -> "Saved":
        """Read saved files whole.

        Args:
            paths: At least one; ``-`` is standard input.

        Raises:
            ArchiveMissing: One is not there.
            NothingRecognised: One cannot be read as text, or none holds anything that is known.
            ArchiveError: The operating system does not let one be read.
        """
        found = Found()
        files = []
        for path in paths:
            name = "standard input" if path == STDIN else str(path)
            content = documents(_content(path), name)
            for trouble in content.troubles:
                found.say(f"{name} {trouble}")
            for value in content.values:
                recognise(found, value)
            files.append(SavedFile(name=name, documents=len(content.values)))
        if not found.items:
            names = ", ".join(file.name for file in files)
            raise NothingRecognised(f"{names}: holds nothing that AWS answers about deployments", hint=_HINT)
        return cls(paths[0], *_facts(found, files))

    def records(self, since_seq: int = 0) -> Iterator[Record]:
        """Yield the facts as records, numbered by their place, from 1; those after a seq."""
        newest = max((fact.time for fact in self.facts if fact.time), default=_EPOCH)
        for seq, fact in enumerate(self.facts, 1):
            if seq > since_seq:
                yield Record(
                    type=fact.type,
                    source=fact.source,
                    id=fact.id,
                    recordedtime=newest,
                    seq=seq,
                    prev="",
                    run="saved",
                    time=fact.time,
                    subject=fact.subject,
                    data=msgspec.Raw(msgspec.json.encode(fact.data)),
                )


def _content(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    except FileNotFoundError as error:
        raise ArchiveMissing(
            f"{path}: no such archive or file", hint="check the path; an archive is a directory"
        ) from error
    except OSError as error:
        raise ArchiveError(
            f"{path}: cannot be read: {error.strerror or error}", hint="check who may read it, and the disk"
        ) from error


def _some(notes: list[str]) -> list[str]:
    """Return as many sentences as somebody reads, and one about the others."""
    more = len(notes) - _MOST_NOTES
    return notes if more <= 0 else [*notes[:_MOST_NOTES], f"and {more} more sentences like these"]


def _facts(found: Found, files: Sequence[SavedFile]) -> tuple[list[Fact], tuple[str, ...]]:
    result = ordered(found.items)
    notes = [_NOT_RECORDED, *_some([*absent(result.facts), *found.notes()])]
    if result.repeated:
        verb = "fact comes" if result.repeated == 1 else "facts come"
        notes.append(f"{result.repeated} {verb} more than once in it and counted once")
    data = msgspec.to_builtins({"files": files, "facts": len(result.facts), "notes": notes})
    keys = [(fact.source, fact.id) for fact in result.facts]
    origin = Fact(
        type=kinds.IMPORT,
        source="urn:forensics:import",
        id=f"import@{digest12([data, keys])}",
        data=data,
        time=max((fact.time for fact in result.facts if fact.time), default=None),
    )
    return [*result.facts, origin], tuple(notes)
