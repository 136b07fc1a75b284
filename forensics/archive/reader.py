"""An archive as its readers see it: records, without a lock and without AWS."""

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from forensics.archive import lock, manifest, segment
from forensics.archive.disk import Folder
from forensics.archive.ending import find_ending, fold_segment
from forensics.archive.follow import follow
from forensics.archive.line import decode_whole
from forensics.archive.manifest import Manifest
from forensics.archive.missing import Missing
from forensics.archive.seal import read_seal
from forensics.archive.segment import blocks, lines_in, numbers_in, seal_name, segment_name
from forensics.archive.statement import BadStatement
from forensics.archive.streams import ArchiveState
from forensics.errors import ArchiveError, ArchiveMissing, NotAnArchive, SegmentDamaged
from forensics.model.clock import Clock
from forensics.model.record import Record


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """Something in an archive that is not what was written."""

    file: str
    """Relative to the archive, such as ``seg/00000001.jsonl``."""
    line: int | None
    """From 1; None where it concerns the whole file."""
    text: str
    """What is wrong, one sentence."""


class Archive:
    """An archive to read, while it is written or long after. Make one with `Archive.open`.

    Attributes:
        path: Where it was opened.
        archive_id: Its own name; "" where neither ARCHIVE.json nor a seal tells.
        created: When, RFC 3339; "" where ARCHIVE.json is damaged.
        genesis: The digest of ARCHIVE.json, where the chain starts; None where it is damaged.
        damages: What the last pass of `records` could not read.
        lost: First and last seq of each range of records that it did not find.
        notes: None: what an archive misses, its records say.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, root: Folder, segments: Folder) -> None:
        self.path = path
        self.root = root
        self.segments = segments
        self.damages: list[Damage] = []
        self.lost: list[tuple[int, int]] = []
        self._manifest_damage: list[Damage] = []
        found = self._read_manifest()
        self.archive_id = found.archive_id
        self.created = found.created
        self.genesis = found.digest or None
        self.damages = list(self._manifest_damage)

    @classmethod
    def open(cls, path: Path) -> "Archive":
        """Open the archive at a path.

        Raises:
            ArchiveMissing: Nothing is there.
            NotAnArchive: Something else is there.
            ArchiveTooNew: It has a newer format.
            ArchiveError: It cannot be read.
        """
        path = Path(path)
        try:
            with readable(path):
                return cls(path, *_enter(path))
        except FileNotFoundError as error:
            raise ArchiveMissing(
                f"{path}: no such archive",
                hint=f"record one with `forensics watch --stack NAME --archive {path}`, or check the path",
            ) from error

    def records(self, since_seq: int = 0) -> Iterator[Record]:
        """Yield the records after a seq, in the archive's order; damaged lines are passed over.

        When the pass has ended, `damages` and `lost` say what was passed over.
        """
        self.damages = list(self._manifest_damage)
        numbers = numbers_in(self.segments.names())[0]
        missing = Missing(max(since_seq, self._removed_seq(numbers)) + 1)
        first = self._first_needed(since_seq)
        with readable(self.path):
            for number in numbers:
                if number >= first:
                    for run in self._runs_of(number, is_last=number == numbers[-1]):
                        if missing.take_run([record.seq for record in run]):
                            yield from run
                        else:
                            for record in run:
                                if record.seq > since_seq and missing.take(record.seq):
                                    yield record
        self.lost = missing.ranges

    def follow(self, stop: threading.Event, clock: Clock, since_seq: int = 0) -> Iterator[Record]:
        """Yield the records after a seq, and then each new one soon after it was written.

        Args:
            stop: Ends the iteration, after what was written until then.
            clock: Waits between two looks.
            since_seq: 0 for all records.
        """
        for record in follow(self.segments, stop, clock, self._first_needed(since_seq)):
            if record.seq > since_seq:
                yield record

    def state(self) -> ArchiveState:
        """Return what all records add up to, from the newest seal and what came after it."""
        with readable(self.path):
            ending = find_ending(self.segments)
            state = ending.state()
            for number in ending.unsealed:
                fold_segment(state, number, folder=self.segments)
            return state

    def holder(self) -> int | None:
        """Return the process that is writing the archive now (0: its name is not known), or None."""
        found = lock.holder_of(self.root.fd)
        return found.pid if found is not None else None

    def _read_manifest(self) -> Manifest:
        try:
            return manifest.decode(self.root.read(manifest.NAME))
        except (BadStatement, FileNotFoundError) as error:
            if not numbers_in(self.segments.names())[0]:
                raise NotAnArchive(
                    f"{self.path}: its ARCHIVE.json was not written by forensics",
                    hint="name the directory that `forensics watch --archive` was given",
                ) from error
            self._manifest_damage = [Damage(file=manifest.NAME, line=None, text=f"damaged: {error}")]
            sealed = find_ending(self.segments).sealed
            archive_id = sealed.seal.archive_id if sealed else ""
            return Manifest(archive_id=archive_id, created="", tool="")

    def _removed_seq(self, numbers: list[int]) -> int:
        """Return the last record that retention has removed, 0 for none."""
        if not numbers or numbers[0] == 1:
            return 0
        removed = self.state().removed
        return removed.seq if removed is not None else 0

    def _first_needed(self, since_seq: int) -> int:
        """Return the number of the first segment that can hold records after a seq."""
        if since_seq > 0:
            for number in reversed(numbers_in(self.segments.names())[1]):
                try:
                    sealed = read_seal(number, folder=self.segments)
                except BadStatement:
                    continue
                if sealed is not None and sealed.seal.last_seq <= since_seq:
                    return number + 1
        return 1

    def _runs_of(self, number: int, *, is_last: bool) -> Iterator[list[Record]]:
        """Yield the records of a segment, many at once where nothing is damaged."""
        name = segment_name(number)
        is_open = is_last and seal_name(number) not in self.segments.names()
        before = 0
        with self.segments.open(name) as file:
            for content in blocks(file):
                whole = decode_whole(content)
                if whole is not None:
                    yield whole[0]
                    before += len(whole[0])
                    continue
                for line in lines_in(io.BytesIO(content)):
                    if line.record is not None:
                        yield [line.record]
                    elif not (is_open and line.is_cut_short):
                        where = before + line.number
                        text = "not what was written"
                        self.damages.append(Damage(file=f"{segment.FOLDER}/{name}", line=where, text=text))
                before += content.count(b"\n")


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the operating system says about reading an archive into our error.

    Raises:
        ArchiveError: Something is there and cannot be read. FileNotFoundError passes.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        file = f" ({error.filename})" if error.filename else ""
        raise ArchiveError(
            f"{path}: cannot be read: {error.strerror or error}{file}",
            hint="only its owner may read an archive: run as that user, and check the disk",
        ) from error


def _enter(path: Path) -> tuple[Folder, Folder]:
    if not path.is_dir():
        if path.exists() or path.is_symlink():
            raise NotAnArchive(
                f"{path}: is a file, an archive is a directory",
                hint="name the directory that `forensics watch --archive` was given",
            )
        raise FileNotFoundError(path)
    root = Folder(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    names = root.names()
    if segment.FOLDER not in names and manifest.NAME in names:
        raise SegmentDamaged(
            f"{path}: its folder {segment.FOLDER}/ is gone, and with it all records",
            hint="put it back from a copy",
        )
    if segment.FOLDER not in names:
        raise NotAnArchive(
            f"{path}: holds no archive",
            hint="name the directory that `forensics watch --archive` was given",
        )
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    return root, Folder(os.open(segment.FOLDER, flags, dir_fd=root.fd))
