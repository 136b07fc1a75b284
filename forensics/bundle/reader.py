"""A bundle, read as if it were an archive."""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import msgspec

from forensics.archive.reader import Damage
from forensics.bundle.container import Container
from forensics.bundle.events import read_lines
from forensics.bundle.manifest import Manifest, decode, sums
from forensics.bundle.members import EVENTS, MANIFEST, MEMBERS, SUMS, Limits
from forensics.bundle.refusal import refused
from forensics.model.record import Record


class BundleVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found; the JSON document of ``forensics verify -o json`` for a bundle."""

    schema_version: int = 1
    verdict: str
    """VERIFIED-REDACTED or VERIFIED: every member and every line is as it was written. A bundle that breaks a
    rule has no verdict: it is refused."""
    archive_id: str
    head: str
    """The head digest of the archive that it was made from."""
    source_verdict: str
    """What `verify` said of that archive then."""
    policy: str
    records: int
    first_seq: int
    last_seq: int
    members: dict[str, int]
    """Unpacked size of each."""


class Bundle:
    """The records of a bundle. Make one with `Bundle.open`.

    Attributes:
        path: The zip.
        manifest: What it says about itself.
        damages: None: a bundle that is damaged is refused.
        lost: None: what was left out on purpose is said in `notes`.
    """

    def __init__(self, path: Path, container: Container, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.damages: list[Damage] = []
        self.lost: list[tuple[int, int]] = []
        self._container = container

    @classmethod
    def open(cls, path: Path, limits: Limits | None = None) -> "Bundle":
        """Open a bundle; its lines are checked as they are read.

        Args:
            path: The zip.
            limits: What it may cost; None for the defaults.

        Raises:
            ArchiveMissing: Nothing is there.
            BundleRefused: It breaks a rule, which is named.
            ArchiveError: It cannot be read.
        """
        container = Container(path, limits or Limits())
        said = container.read(MANIFEST)
        manifest = decode(said)
        if manifest is None:
            raise refused(path, "manifest.json is not what a bundle says about itself")
        digests = {**manifest.digests(), MANIFEST: hashlib.sha256(said).hexdigest()}
        if container.read(SUMS) != sums(digests):
            raise refused(path, "SHA256SUMS does not agree with manifest.json")
        return cls(path, container, manifest)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what a bundle cannot show; its records do not say them."""
        predicate = self.manifest.predicate
        extract = f"{predicate.records} of {predicate.source.records} records of archive"
        said = [f"a bundle holds an extract: {extract} {predicate.source.archive_id}"]
        if predicate.policy != "off":
            said.append(f"names and values are hidden by the policy {predicate.policy}")
        return tuple(said)

    def records(self, since_seq: int = 0) -> Iterator[Record]:
        """Yield the records after a seq, which is the one that they have in the archive.

        Raises:
            BundleRefused: A line is not what was written.
        """
        for record in read_lines(self._container.lines(EVENTS), str(self.path)):
            if record.seq > since_seq:
                yield record

    def verify(self) -> BundleVerdict:
        """Check every byte of every member.

        Raises:
            BundleRefused: Something is not what was written; which.
        """
        predicate = self.manifest.predicate
        for name, expected in self.manifest.digests().items():
            if not hmac.compare_digest(self._digest_of(name), expected):
                raise refused(self.path, f"{name} is not what manifest.json vouches for")
        seqs = [record.seq for record in self.records()]
        if (len(seqs), *(seqs[:1] or [0]), *(seqs[-1:] or [0])) != (
            predicate.records, predicate.first_seq, predicate.last_seq,
        ):  # fmt: skip
            raise refused(self.path, "events.jsonl does not hold the records that manifest.json names")
        return BundleVerdict(
            verdict="VERIFIED" if predicate.policy == "off" else "VERIFIED-REDACTED",
            archive_id=predicate.source.archive_id,
            head=predicate.source.head,
            source_verdict=predicate.source.verdict,
            policy=predicate.policy,
            records=predicate.records,
            first_seq=predicate.first_seq,
            last_seq=predicate.last_seq,
            members={name: self._container.sizes()[name] for name in MEMBERS},
        )

    def _digest_of(self, name: str) -> str:
        digest = hashlib.sha256()
        size_bytes = 0
        with self._container.open(name) as member:
            while piece := member.read(1 << 20):
                digest.update(piece)
                size_bytes += len(piece)
        if size_bytes != self._container.sizes()[name]:
            raise refused(self.path, f"{name} unpacks to another size than the zip says")
        return digest.hexdigest()
