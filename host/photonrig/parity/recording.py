"""Recording: JSON lines, a head, one line per question, and a signature (Ed25519) over all bytes before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from photonrig.errors import UsageError
from photonrig.files import file_error, replace

_LARGEST: Final = 16 << 20


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was recorded: ``target`` in words, ``device_os`` of the Photon ("" without one), time in UTC."""

    target: str
    device_os: str
    made: str
    by: str
    parity: int = 1  # of the format


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and its scrubbed answer; ``seconds`` it took. ``skipped``: why it was not asked."""

    chapter: str
    name: str
    answer: str = ""
    seconds: float = 0.0
    skipped: str = ""


class _Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    signature: str


class Recording(msgspec.Struct, frozen=True):
    """A verified recording; ``signer``: fingerprint of the key it was signed with, 16 hex digits."""

    head: Head
    lines: tuple[Line, ...]
    signer: str = ""

    @property
    def chapters(self) -> frozenset[str]:
        """Chapters with at least one answer."""
        return frozenset(line.chapter for line in self.lines if not line.skipped)


def encode(head: Head, lines: Sequence[Line], key: Ed25519PrivateKey) -> bytes:
    """The signed bytes."""
    signed = b"".join(msgspec.json.encode(each) + b"\n" for each in (head, *lines))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return signed + msgspec.json.encode(_Seal(public.hex(), key.sign(signed).hex())) + b"\n"


def decode(data: bytes, name: str = "the recording") -> Recording:
    """A recording from its bytes.

    :raises UsageError: another kind of file, damaged, or changed since it was signed
    """
    try:
        signed, _, last = data.removesuffix(b"\n").rpartition(b"\n")
        signed += b"\n"
        seal = msgspec.json.decode(last, type=_Seal)
        public = bytes.fromhex(seal.key)
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(seal.signature), signed)
        first, *rest = signed.splitlines()
        head = msgspec.json.decode(first, type=Head)
        lines = tuple(msgspec.json.decode(each, type=Line) for each in rest)
    except (InvalidSignature, ValueError):  # msgspec's errors are ValueErrors
        raise UsageError(f"{name} is damaged, was changed after it was signed, or is no recording of parity") from None
    if head.parity != 1:
        raise UsageError(f"{name} has format {head.parity}; this photonrig reads 1")
    return Recording(head, lines, hashlib.sha256(public).hexdigest()[:16])


def read(path: Path) -> Recording:
    """Read and verify a recording.

    :raises UsageError: see :func:`decode`, or the file cannot be read
    """
    try:
        with path.open("rb") as file:
            return decode(file.read(_LARGEST), str(path))
    except OSError as error:
        raise file_error(path, "read", error) from error


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The recorder's key, kept in a private file; made when missing.

    :raises UsageError: the file holds something else, or cannot be read or written
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), private=True)
    except OSError as error:
        raise file_error(path, "read", error) from error
    except ValueError:
        raise UsageError(f"{path} holds no key; move it away, and a new one is made") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} holds a key of another kind; move it away, and a new one is made")
    return key
