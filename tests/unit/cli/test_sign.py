"""A signature vouches for what was there, and for nothing that was changed afterwards."""

import base64
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forensics.cli.main import run_command
from tests.support.archives import abandon, event, open_writer, written
from tests.support.bundles import bundle_at, members_of, packed, record

FORMS = {
    "pem": (
        serialization.PrivateFormat.PKCS8,
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    ),
    "openssh": (
        serialization.PrivateFormat.OpenSSH,
        (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH),
    ),
}


def keys(folder: Path, form: str = "openssh", name: str = "key") -> tuple[str, str]:
    """Write a new pair of keys and return both paths."""
    private_form, public_form = FORMS[form]
    key = Ed25519PrivateKey.generate()
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private_form, serialization.NoEncryption())
    )
    public.write_bytes(key.public_key().public_bytes(*public_form))
    return str(private), str(public)


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_is_signed_and_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """With keys as openssl and ssh-keygen make them; the signature is a file beside it, its owner's."""
    private, public = keys(tmp_path, form)
    written(tmp_path / "a", 6)
    assert run_command(["sign", str(tmp_path / "a"), "--key", private]) == 0
    signature = tmp_path / "a.sig"
    assert stat.S_IMODE(signature.stat().st_mode) == 0o600
    capsys.readouterr()
    assert run_command(["verify", str(tmp_path / "a"), "--key", public]) == 0
    out = capsys.readouterr().out
    assert "signed    by key " in out
    assert "expected  on the chain after record 6; 0 records came later" in out


def test_a_signature_holds_for_an_archive_that_has_grown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It vouches for what was there; how much came later is said."""
    private, public = keys(tmp_path)
    writer = open_writer(tmp_path / "a")
    writer.append([event(1)])
    assert run_command(["sign", str(tmp_path / "a"), "--key", private]) == 0
    writer.append([event(2)])
    abandon(writer)
    capsys.readouterr()
    assert run_command(["verify", str(tmp_path / "a"), "--key", public, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["expected"]["seq"] == 1
    assert document["expected"]["records_after"] == 1
    assert document["signed_by"]


def test_another_key_or_another_archive_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, with what is wrong."""
    private, public = keys(tmp_path)
    _, other = keys(tmp_path, name="other")
    written(tmp_path / "a", 3)
    run_command(["sign", str(tmp_path / "a"), "--key", private])
    capsys.readouterr()
    assert run_command(["verify", str(tmp_path / "a"), "--key", other]) == 1
    assert "not signed by key" in capsys.readouterr().err
    written(tmp_path / "b", 3)
    signature = ["--signature", str(tmp_path / "a.sig")]
    assert run_command(["verify", str(tmp_path / "b"), "--key", public, *signature]) == 1
    assert "is not on the chain" in capsys.readouterr().out


@pytest.mark.parametrize("place", [5, 60, 200, -20], ids=str)
def test_a_changed_signature_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], place: int) -> None:
    """Wherever it was changed."""
    private, public = keys(tmp_path)
    written(tmp_path / "a", 3)
    run_command(["sign", str(tmp_path / "a"), "--key", private])
    signature = tmp_path / "a.sig"
    content = bytearray(signature.read_bytes())
    content[place] ^= 1
    signature.write_bytes(bytes(content))
    capsys.readouterr()
    assert run_command(["verify", str(tmp_path / "a"), "--key", public]) == 1
    assert str(signature) in capsys.readouterr().err


def test_a_bundle_is_signed_as_its_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that was made anew, however alike, is another one."""
    private, public = keys(tmp_path)
    path = bundle_at(tmp_path / "ticket.zip", [record(1)])
    assert run_command(["sign", str(path), "--key", private]) == 0
    capsys.readouterr()
    assert run_command(["verify", str(path), "--key", public]) == 0
    assert "signed    by key" in capsys.readouterr().out
    path.write_bytes(packed(members_of([record(2)])))
    assert run_command(["verify", str(path), "--key", public]) == 1
    assert "its signature is of other bytes" in capsys.readouterr().out


def test_what_is_damaged_is_not_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A signature under damage would vouch for it."""
    private, _ = keys(tmp_path)
    written(tmp_path / "a", 3)
    segment = tmp_path / "a/seg/00000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"event 1", b"event X"))
    assert run_command(["sign", str(tmp_path / "a"), "--key", private]) == 3
    assert "is not signed: damaged" in capsys.readouterr().err
    assert not (tmp_path / "a.sig").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "no private key that can be used"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "is no Ed25519 key",
        ),
    ],
    ids=["no key", "another kind"],
)
def test_a_key_that_cannot_sign_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    """With what makes one that can."""
    (tmp_path / "key").write_bytes(content)
    written(tmp_path / "a", 1)
    assert run_command(["sign", str(tmp_path / "a"), "--key", str(tmp_path / "key")]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "ssh-keygen -t ed25519" in err


def test_a_passphrase_is_asked_for_in_the_terminal(tmp_path: Path) -> None:
    """Never an argument, and never shown."""
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key", tmp_path / "key.pub"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"cider"),
        )
    )
    public.write_bytes(key.public_key().public_bytes(*FORMS["pem"][1]))
    written(tmp_path / "a", 1)
    command = [sys.executable, "-m", "forensics", "sign", str(tmp_path / "a"), "--key", str(private)]
    ran = subprocess.run(command, input="cider\n", capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "cider" not in ran.stdout + ran.stderr
    assert run_command(["verify", str(tmp_path / "a"), "--key", str(public)]) == 0
    ran = subprocess.run(command, input="wine\n", capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert "no private key that can be used" in ran.stderr


def test_the_signature_is_a_dsse_envelope_that_others_can_check(tmp_path: Path) -> None:
    """Payload type, payload and signature stand where the form has them, over its own encoding of both."""
    private, _ = keys(tmp_path)
    written(tmp_path / "a", 2)
    run_command(["sign", str(tmp_path / "a"), "--key", private])
    envelope = json.loads((tmp_path / "a.sig").read_text())
    assert set(envelope) == {"payloadType", "payload", "signatures"}
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    encoded = b"DSSEv1 " + b" ".join([str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    key = serialization.load_ssh_private_key(Path(private).read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    key.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)
    assert json.loads(payload)["predicate"]["kind"] == "archive"
