"""What support attaches to a ticket: made, looked through, delivered, opened again."""

import io
import json
import stat
import zipfile
from pathlib import Path

import pyrage
import pytest

from forensics.bundle.members import MEMBERS
from forensics.bundle.reader import Bundle
from forensics.cli.bundling import deliver
from forensics.cli.main import run_command
from forensics.demo import incident
from forensics.errors import SecretFound
from forensics.redact.scan import Scanner
from tests.support.reports import archive_of
from tests.support.sharing import Untouched, asked, incident_records


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of(incident.facts(), tmp_path_factory.mktemp("incident"))


@pytest.fixture(autouse=True)
def own_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep cases where the test is."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def explained(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert run_command(["explain", str(path), "-o", "json"]) == 0
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_a_bundle_explains_the_same_and_tells_no_account(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On another machine, with nothing but the zip; its owner alone may read it."""
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{ticket}: ")
    assert "redaction standard" in said
    assert stat.S_IMODE(ticket.stat().st_mode) == 0o600
    assert Bundle.open(ticket).verify().verdict == "VERIFIED-REDACTED"
    told, known = explained(ticket, capsys), explained(archive, capsys)
    first, original = told["findings"][0], known["findings"][0]  # type: ignore[index]
    for field in ("rule", "category", "confidence", "count", "title", "cause"):
        assert first[field] == original[field]
    assert [item["seq"] for item in first["evidence"]] == [item["seq"] for item in original["evidence"]]
    assert all(incident.ACCOUNT.encode() not in content for content in contents(ticket).values())


def test_the_same_case_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    """Names depend on the case's key alone; another case has other names."""
    for name, case in (("a", "one"), ("b", "one"), ("c", "two")):
        flags = ["-O", str(tmp_path / f"{name}.zip"), "--case", case]
        assert run_command(["bundle", str(archive), *flags]) == 0
    first, again, other = ((tmp_path / f"{name}.zip").read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_a_dry_run_shows_what_would_leave_and_writes_nothing(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts, fields, samples after redaction."""
    before = sorted(tmp_path.rglob("*.zip"))
    assert run_command(["bundle", str(archive), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "would leave this machine, redacted by standard" in out
    assert "aws.ecs.task" in out
    assert "Hidden by field:" in out
    assert '"specversion":"1.0"' in out
    assert incident.ACCOUNT not in out
    assert sorted(tmp_path.rglob("*.zip")) == before


def test_words_of_ones_own_are_hidden_everywhere(archive: Path, tmp_path: Path) -> None:
    """Whatever their case, in texts, names, page and lines."""
    words = tmp_path / "words.txt"
    words.write_text("court-case-backend\n\ncourtcasedatabasef7bbe8d0\n")
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket), "--also", str(words)]) == 0
    for content in contents(ticket).values():
        assert b"court-case-backend" not in content.lower()
        assert b"courtcasedatabasef7bbe8d0" not in content.lower()


def test_an_attempt_or_a_service_alone_can_be_sent(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The selection is said in the manifest, and what does not belong is not in the bundle."""
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket), "--attempt", "1"]) == 0
    predicate = json.loads(contents(ticket)["manifest.json"])["predicate"]
    assert predicate["selection"]["attempt"] == 1
    assert predicate["records"] < predicate["source"]["records"]
    assert explained(ticket, capsys)["findings"][0]["rule"] == "ecs-secret-unreadable"  # type: ignore[index]
    assert run_command(["bundle", str(archive), "-O", str(ticket), "--service", "court-case-media"]) == 0
    assert b"string escape code" not in contents(ticket)["events.jsonl"]


def test_a_size_is_kept(archive: Path, tmp_path: Path) -> None:
    """Trackers have limits."""
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket)]) == 0
    limit = ticket.stat().st_size * 3 // 4
    assert run_command(["bundle", str(archive), "-O", str(ticket), "--max-size", f"{limit}B"]) == 0
    assert ticket.stat().st_size <= limit
    Bundle.open(ticket).verify()


def test_an_encrypted_bundle_opens_for_its_recipient_alone(archive: Path, tmp_path: Path) -> None:
    """With any age program."""
    identity = pyrage.x25519.Identity.generate()
    sealed = tmp_path / "ticket.zip.age"
    flags = ["-O", str(sealed), "--encrypt", str(identity.to_public())]
    assert run_command(["bundle", str(archive), *flags]) == 0
    content = pyrage.decrypt(sealed.read_bytes(), [identity])
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.namelist() == list(MEMBERS)


def test_what_the_scanner_finds_stops_the_export(tmp_path: Path) -> None:
    """Rule and place are named, the value is not, and no file is left."""
    records = incident_records(tmp_path)
    with pytest.raises(SecretFound, match=r", line \d+: looks like a secret") as caught:
        deliver(
            lambda: records,
            Untouched(),
            asked(records),
            tmp_path / "ticket.zip",
            recipient=None,
            scanner=lambda: Scanner(["court-case-backend"]),
        )
    assert "court-case-backend" not in caught.value.message
    assert [path.name for path in tmp_path.iterdir() if "ticket" in path.name] == []


def test_with_nothing_hidden_the_bundle_says_so(archive: Path, tmp_path: Path) -> None:
    """VERIFIED, not VERIFIED-REDACTED."""
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket), "--redact", "off"]) == 0
    assert Bundle.open(ticket).verify().verdict == "VERIFIED"
    assert b"Nothing is hidden" in contents(ticket)["README.md"]


WRONG = {
    "no file": (["{archive}"], "no file to write to"),
    "a bundle": (["{ticket}", "-O", "{other}"], "is a bundle already"),
    "no folder": (["{archive}", "-O", "{other}/x/y.zip"], "cannot be written"),
    "no words": (["{archive}", "-O", "{other}", "--also", "{other}"], "cannot be read"),
    "size": (["{archive}", "-O", "{other}", "--max-size", "20"], "is no size"),
    "too small": (["{archive}", "-O", "{other}", "--max-size", "1KB"], "without any records it takes"),
    "recipient": (["{archive}", "-O", "{other}", "--encrypt", "age1x"], "is no age recipient"),
    "attempt": (["{archive}", "-O", "{other}", "--attempt", "77"], "77"),
    "case": (["{archive}", "-O", "{other}", "--case", "../x"], "cannot be the name of a case"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_one_sentence_and_nothing_is_written(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Exit code 2."""
    ticket, other = tmp_path / "ticket.zip", tmp_path / "other.zip"
    run_command(["bundle", str(archive), "-O", str(ticket)])
    capsys.readouterr()
    flags, said = WRONG[name]
    places = {"archive": archive, "ticket": ticket, "other": other}
    assert run_command(["bundle", *(flag.format(**places) for flag in flags)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir() if "other" in path.name] == []
