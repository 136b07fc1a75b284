"""Ed25519 signatures over what a digest vouches for, as DSSE envelopes around in-toto statements.

The envelope is https://github.com/secure-systems-lab/dsse/blob/master/envelope.md, so that other tools can
check it too. Needs the extra ``sign``.
"""

import base64
import hashlib
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forensics.errors import SignatureWrong, UsageError
from forensics.model.attestation import Statement, statement
from forensics.model.record import JsonObject

PREDICATE = "urn:deploy-forensics:signature:v1"
_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)
_MAKE_ONE = "make one with `ssh-keygen -t ed25519 -f KEY`: KEY signs, KEY.pub verifies"


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a signature vouches for."""

    digest: str
    """SHA-256, hex: the head of an archive, or that of a bundle's bytes."""
    key_id: str
    """Names the key: SHA-256, hex, of its 32 public bytes."""
    predicate: JsonObject
    """What was said of the signed thing."""


class _Signature(msgspec.Struct, frozen=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, rename={"payload_type": "payloadType"}):
    payload_type: str
    payload: str
    signatures: tuple[_Signature, ...]


def private_key(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Return the key that signs, from a PEM or an OpenSSH file.

    Args:
        path: The file.
        passphrase: What it is encrypted with; None where it is not.

    Raises:
        UsageError: It cannot be read, is no Ed25519 key, or the passphrase is wrong.
    """
    content = _content(path)
    load = (
        serialization.load_ssh_private_key
        if b"OPENSSH PRIVATE KEY" in content
        else serialization.load_pem_private_key
    )
    try:
        key = load(content, passphrase)
    except _UNREADABLE as error:
        raise UsageError(f"{path}: no private key that can be used: {error}", hint=_MAKE_ONE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: is no Ed25519 key", hint=_MAKE_ONE)
    return key


def is_encrypted(path: Path) -> bool:
    """Return whether a private key asks for a passphrase.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        private_key(path)
    except UsageError as error:
        return isinstance(error.__cause__, TypeError) or "Key is password-protected" in error.message
    return False


def public_key(path: Path) -> Ed25519PublicKey:
    """Return the key that verifies, from a PEM or an OpenSSH file.

    Raises:
        UsageError: It cannot be read, or is no Ed25519 key.
    """
    content = _content(path)
    load = (
        serialization.load_pem_public_key
        if content.startswith(b"-----BEGIN")
        else serialization.load_ssh_public_key
    )
    try:
        key = load(content)
    except _UNREADABLE as error:
        raise UsageError(f"{path}: no public key that can be used: {error}", hint=_MAKE_ONE) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: is no Ed25519 key", hint=_MAKE_ONE)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def sign(key: Ed25519PrivateKey, *, name: str, digest: str, predicate: JsonObject) -> bytes:
    """Return a signature file.

    Args:
        key: Signs it.
        name: What is signed: an archive's id, or a bundle's file name.
        digest: SHA-256, hex.
        predicate: What else is said of it.
    """
    payload = msgspec.json.encode(statement(PREDICATE, {name: digest}, predicate))
    signature = base64.b64encode(key.sign(_encoded(payload))).decode()
    envelope = _Envelope(
        _PAYLOAD_TYPE,
        base64.b64encode(payload).decode(),
        (_Signature(key_id(key.public_key()), signature),),
    )
    return msgspec.json.format(msgspec.json.encode(envelope), indent=2) + b"\n"


def check(path: Path, key: Ed25519PublicKey) -> Signed:
    """Return what a signature file vouches for.

    Args:
        path: The file that `sign` gave.
        key: Must have made one of its signatures.

    Raises:
        UsageError: There is no such file.
        SignatureWrong: It is no signature file, or another key's, or was changed.
    """
    try:
        envelope = msgspec.json.decode(_content(path), type=_Envelope)
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(one.sig, validate=True) for one in envelope.signatures]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SignatureWrong(f"{path}: is no signature of ours") from error
    if envelope.payload_type != _PAYLOAD_TYPE or not any(_holds(key, one, payload) for one in signatures):
        raise SignatureWrong(
            f"{path}: not signed by key {key_id(key)}",
            hint="check that it is the right public key; if it is, the signature was changed",
        )
    try:
        said = msgspec.json.decode(payload, type=Statement[JsonObject])
        digest = said.subject[0].digest.sha256
    except (msgspec.MsgspecError, ValueError, LookupError, RecursionError) as error:
        raise SignatureWrong(f"{path}: signs something that is no archive and no bundle") from error
    if not said.is_a(PREDICATE):
        raise SignatureWrong(f"{path}: signs something that is no archive and no bundle")
    return Signed(digest=digest, key_id=key_id(key), predicate=said.predicate)


def _holds(key: Ed25519PublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        key.verify(signature, _encoded(payload))
    except InvalidSignature:
        return False
    return True


def _encoded(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding."""
    kind = _PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror or error}", hint="check the path"
        ) from error
