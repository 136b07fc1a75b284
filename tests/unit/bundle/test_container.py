"""A bundle from somebody else: one rule broken, and nothing of it is used."""

import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.bundle.container import Container
from forensics.bundle.members import EVENTS, MEMBERS, README, Limits
from forensics.bundle.reader import Bundle
from forensics.errors import ArchiveMissing, BundleRefused
from tests.support.bundles import Entry, bundle_at, members_of, packed, record, zip_of

RECORDS = [record(seq) for seq in (3, 4, 9)]


def entries(**changed: Entry) -> list[Entry]:
    """Return the members of a right bundle as entries, some of them replaced."""
    right = members_of(RECORDS)
    return [
        changed.get(name.replace(".", "_"), Entry(name=name.encode(), content=right[name]))
        for name in MEMBERS
    ]


def readme(**more: object) -> Entry:
    return Entry(**{"name": README.encode(), "content": b"README.md\n", **more})  # type: ignore[arg-type]


def refusal(path: Path, content: bytes) -> str:
    """Open and check a bundle with this content; return why it is refused."""
    path.write_bytes(content)
    with pytest.raises(BundleRefused) as caught:
        Bundle.open(path).verify()
    return caught.value.message


def test_a_zip_made_by_hand_like_ours_is_taken(tmp_path: Path) -> None:
    """The corpus below changes one thing each, so the unchanged one must be right."""
    path = tmp_path / "ticket.zip"
    path.write_bytes(zip_of(entries()))
    assert Bundle.open(path).verify().verdict == "VERIFIED"


BAD = {
    "slip": (zip_of([*entries(), Entry(name=b"../../etc/cron.d/x")]), "'../../etc/cron.d/x', which no"),
    "absolute": (zip_of([*entries(), Entry(name=b"/etc/passwd")]), "'/etc/passwd', which no bundle does"),
    "drive": (zip_of([*entries(), Entry(name=b"C:\\x")]), "which no bundle does"),
    "folder": (zip_of([*entries(), Entry(name=b"a/")]), "which no bundle does"),
    "nested": (zip_of([*entries(), Entry(name=b"inner.zip", content=packed(members_of([])))]), "inner.zip"),
    "twice": (zip_of([*entries(), readme()]), "README.md more than once"),
    "many": (zip_of([*entries(), *(Entry(name=b"x%d" % n) for n in range(500))]), "and 499 more"),
    "one is missing": (zip_of(entries()[1:]), "README.md is missing"),
    "symlink": (zip_of(entries(README_md=readme(mode=0o120777, content=b"/etc/passwd"))), "no regular file"),
    "device": (zip_of(entries(README_md=readme(mode=0o020666))), "no regular file"),
    "encrypted": (zip_of(entries(README_md=readme(flags=1))), "encrypted"),
    "streamed": (zip_of(entries(README_md=readme(flags=8))), "in a way we do not read"),
    "lzma": (zip_of(entries(README_md=readme(method=14))), "method 14"),
    "two names": (zip_of(entries(README_md=readme(local_name=b"README.mx"))), "cannot be unpacked"),
    "wrong crc": (zip_of(entries(README_md=readme(said_crc=1))), "cannot be unpacked"),
    "said too small": (zip_of(entries(README_md=readme(said_size=3))), "cannot be unpacked"),
    "said too large": (zip_of(entries(README_md=readme(said_size=30))), ""),
    "no deflate": (zip_of(entries(README_md=readme(packed=b"\xff" * 20))), "cannot be unpacked"),
    "in front": (zip_of(entries(README_md=readme(before=b"#!/bin/sh\n"))), "stands in front of README.md"),
    "between": (zip_of(entries(events_jsonl=Entry(name=b"events.jsonl", before=b"x"))), "in front of events"),
    "before the list": (zip_of(entries(), before_list=b"PK\x03\x04" + b"0" * 40), "members and their list"),
    "comment": (zip_of(entries(), comment=b"see https://evil.example"), "behind the zip's end"),
    "behind": (zip_of(entries(), behind=b"\n"), ""),
    "second zip behind": (zip_of(entries(), behind=zip_of(entries())), ""),
    "cut short": (zip_of(entries())[:-30], "no zip"),
    "empty": (b"", "no zip"),
    "text": (b"hello\n" * 100, "no zip"),
    "changed text": (zip_of(entries(README_md=readme(content=b"README.me\n"))), "what manifest.json vouches"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bundle_that_breaks_a_rule_is_refused_whole(tmp_path: Path, name: str) -> None:
    """The rule is named; nothing appears beside the zip."""
    content, said = BAD[name]
    message = refusal(tmp_path / "ticket.zip", content)
    assert message.startswith(f"{tmp_path / 'ticket.zip'}: refused: ")
    assert said in message
    assert [file.name for file in tmp_path.iterdir()] == ["ticket.zip"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """10 GB out of 10 MB: under a second, and in little memory."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(1 << 20)
    small = b"".join(squeeze.compress(zeros) for _ in range(1024)) + squeeze.flush()
    ten = Entry(name=EVENTS.encode(), packed=small * 10, said_size=10 << 30, said_crc=0)
    path = tmp_path / "bomb.zip"
    # A 32-bit field cannot say 10 GB: what it says is a tenth of it, and that is refused already.
    ten.said_size = (4 << 30) - 1
    path.write_bytes(zip_of(entries(events_jsonl=ten)))
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from forensics.bundle.reader import Bundle\n"
        "from forensics.errors import BundleRefused\n"
        "try:\n    Bundle.open(Path(sys.argv[1]))\n"
        "except BundleRefused as error:\n    print(error.message)\n"
        # Not what getrusage says: that remembers the process which started this one.
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    message, peak_kb = ran.stdout.splitlines()
    assert "would unpack to" in message
    assert int(peak_kb) < 200_000


def test_a_bomb_that_lies_about_its_size_unpacks_no_further_than_it_says(tmp_path: Path) -> None:
    """The size in the list is the most that is ever read."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed_zeros = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(64)) + squeeze.flush()
    liar = readme(packed=packed_zeros, said_size=1000, said_crc=zlib.crc32(bytes(1000)))
    path = tmp_path / "liar.zip"
    path.write_bytes(zip_of(entries(README_md=liar)))
    with Container(path, Limits()).open(README) as member:
        assert member.read() == bytes(1000)
    assert "what manifest.json vouches" in refusal(path, path.read_bytes())


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(file_bytes=500), "the zip has"),
        (Limits(member_bytes=400), "would unpack to"),
        (Limits(total_bytes=900), "it would unpack to"),
        (Limits(ratio=1), "times its size"),
        (Limits(small_bytes=100), "has more than 100 bytes"),
        (Limits(line_bytes=100), "a line of events.jsonl is longer than allowed"),
    ],
    ids=["file", "member", "total", "ratio", "small", "line"],
)
def test_each_limit_is_kept(tmp_path: Path, limits: Limits, said: str) -> None:
    """Whichever of them a bundle exceeds."""
    path = bundle_at(tmp_path / "ticket.zip", [*RECORDS, record(10, "x" * 3000)])
    with pytest.raises(BundleRefused, match=said):
        Bundle.open(path, limits).verify()


def test_the_same_members_give_the_same_bytes(tmp_path: Path) -> None:
    """Whenever and wherever it is packed; the standard library's reader takes it too."""
    first = packed(members_of(RECORDS))
    time.tzset()
    assert packed(members_of(RECORDS)) == first
    (tmp_path / "ticket.zip").write_bytes(first)
    with zipfile.ZipFile(tmp_path / "ticket.zip") as file:
        assert file.testzip() is None
        assert file.namelist() == list(MEMBERS)


RIGHT = packed(members_of(RECORDS))


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_bytes_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Flipped, cut out, put in, exchanged: nothing but a refusal, or what was packed, comes of it."""
    start = data.draw(st.integers(0, len(RIGHT) - 1))
    end = data.draw(st.integers(start, min(len(RIGHT), start + 60)))
    splice = data.draw(st.binary(max_size=60))
    path = tmp_path_factory.mktemp("fuzz") / "ticket.zip"
    path.write_bytes(RIGHT[:start] + splice + RIGHT[end:])
    try:
        bundle = Bundle.open(path)
        bundle.verify()
    except BundleRefused:
        return
    assert [found.payload() for found in bundle.records()] == [found.payload() for found in RECORDS]


@settings(max_examples=100)
@given(content=st.binary(max_size=400))
def test_bytes_that_are_no_zip_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Never another exception."""
    path = tmp_path_factory.mktemp("fuzz") / "ticket.zip"
    path.write_bytes(b"PK\x03\x04" + content)
    with pytest.raises(BundleRefused):
        Bundle.open(path)


def test_what_is_not_there_is_not_refused_but_missing(tmp_path: Path) -> None:
    """A typing error in the path is no broken rule."""
    with pytest.raises(ArchiveMissing, match="no such bundle"):
        Bundle.open(tmp_path / "none.zip")
