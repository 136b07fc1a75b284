"""Bundles for tests: small ones that are right, and zips whose every byte can be chosen."""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from forensics.bundle.container import Packer
from forensics.bundle.events import write_lines
from forensics.bundle.manifest import Predicate, Source, encode, sums
from forensics.bundle.members import EVENTS, MANIFEST, MEMBERS, SUMS
from forensics.model.record import Record

OURS = (EVENTS, MANIFEST, SUMS)


def record(seq: int, text: str = "") -> Record:
    data = msgspec.Raw(msgspec.json.encode({"message": text or f"event {seq}"}))
    return Record(
        type="aws.ecs.service_event",
        source="arn:aws:ecs:eu-west-1:123456789012:service/app/backend",
        id=f"event-{seq}",
        recordedtime="2026-01-15T12:00:00.000Z",
        seq=seq,
        prev="0" * 64,
        run="run-1",
        data=data,
    )


def predicate(records: list[Record], policy: str = "off") -> Predicate:
    source = Source(archive_id="a" * 32, head="b" * 64, records=len(records), verdict="intact", seals=())
    return Predicate(
        tool="forensics test",
        source=source,
        selection={},
        policy=policy,
        records=len(records),
        first_seq=records[0].seq if records else 0,
        last_seq=records[-1].seq if records else 0,
        left_out={},
    )


def members_of(records: Iterable[Record], policy: str = "off") -> dict[str, bytes]:
    """Return the members of a bundle that is right."""
    kept = list(records)
    found = {name: f"{name}\n".encode() for name in MEMBERS if name not in OURS}
    found[EVENTS] = b"".join(write_lines(kept))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    found[MANIFEST] = encode(digests, predicate(kept, policy))
    digests[MANIFEST] = hashlib.sha256(found[MANIFEST]).hexdigest()
    found[SUMS] = sums(digests)
    return found


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with Packer(out) as packer:
        for name in MEMBERS:
            packer.add(name, [members[name]])
    return out.getvalue()


def bundle_at(path: Path, records: Iterable[Record], policy: str = "off") -> Path:
    path.write_bytes(packed(members_of(records, policy)))
    return path


class Entry(msgspec.Struct, kw_only=True):
    """One member of a zip made by hand; what is None is told truthfully."""

    name: bytes
    content: bytes = b""
    local_name: bytes | None = None
    method: int = 8
    flags: int = 0
    mode: int = 0o100600
    extra: bytes = b""
    packed: bytes | None = None
    said_size: int | None = None
    said_crc: int | None = None
    before: bytes = b""
    """Bytes in front of the member's header."""


def zip_of(
    entries: list[Entry], *, before_list: bytes = b"", comment: bytes = b"", behind: bytes = b""
) -> bytes:
    """Return a zip, made field by field as the format's description gives them."""
    body, listed = b"", b""
    for entry in entries:
        body += entry.before
        content = entry.packed if entry.packed is not None else _packed(entry)
        size = len(entry.content) if entry.said_size is None else entry.said_size
        crc = zlib.crc32(entry.content) if entry.said_crc is None else entry.said_crc
        common = struct.pack("<HHHHHLLL", 20, entry.flags, entry.method, 0, 0x21, crc, len(content), size)
        local_name = entry.name if entry.local_name is None else entry.local_name
        lengths = struct.pack("<HH", len(entry.name), len(entry.extra))
        listed += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common + lengths
        listed += struct.pack("<HHHLL", 0, 0, 0, entry.mode << 16, len(body)) + entry.name + entry.extra
        body += b"PK\x03\x04" + common + struct.pack("<HH", len(local_name), len(entry.extra))
        body += local_name + entry.extra + content
    start = len(body) + len(before_list)
    end = struct.pack("<HHHHLLH", 0, 0, len(entries), len(entries), len(listed), start, len(comment))
    return body + before_list + listed + b"PK\x05\x06" + end + comment + behind


def _packed(entry: Entry) -> bytes:
    if entry.method != 8:
        return entry.content
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
    return squeeze.compress(entry.content) + squeeze.flush()
