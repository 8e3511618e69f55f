"""The cloud's RSA-2048 key: created once, stored in the state folder, its public half exported for devices."""

from __future__ import annotations

import hashlib
import ipaddress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import UsageError
from photonrig.files import replace
from photonrig.localcloud.secrets import read_private
from photonrig.particle.keys import ServerAddress, build_server_key_block

_PRIVATE = "server_key.pem"


def read_server_key(state: Path) -> rsa.RSAPrivateKey | None:
    """Load the private key; None if the state folder has none.

    :raises UsageError: the key file is not an RSA key of 2048 bits
    """
    private_file = state / _PRIVATE
    if not private_file.exists():
        return None
    try:
        key = serialization.load_pem_private_key(read_private(private_file)[0], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{private_file} is damaged; restore it from a copy") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != 2048:
        raise UsageError(f"{private_file} is not an RSA key of 2048 bits; restore it from a copy")
    return key


def new_server_key() -> rsa.RSAPrivateKey:
    """Generate a key; takes tenths of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def keep_server_key(state: Path, key: rsa.RSAPrivateKey) -> None:
    """Write the private key.

    :raises UsageError: the folder cannot be written by this user
    :raises RigError: the disk could not be written
    """
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    replace(state / _PRIVATE, pem, private=True)


def write_public_key(state: Path, key: rsa.RSAPrivateKey) -> Path:
    """Write the public key as ``particle keys server`` takes it (294 bytes of DER), if changed; returns the file."""
    public_file = state / "server_key.pub.der"
    public = _public(key)
    if not public_file.exists() or public_file.read_bytes() != public:
        replace(public_file, public, private=True)
    return public_file


def fingerprint(key: rsa.RSAPrivateKey) -> str:
    """SHA-256 of the public key in DER, in hex."""
    return hashlib.sha256(_public(key)).hexdigest()


def _public(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def write_key_block(public_file: Path, host: str, port: int) -> Path | None:
    """Write key and address as the 512-byte file that ``particle keys server`` puts into a Photon (DCT offset 2082).

    None, and no file, when a Photon could not reach ``host``: only IPv4, and no wildcard address.
    """
    block_file = public_file.with_name("device_server.bin")
    address = ipaddress.ip_address(host)
    if address.version != 4 or address.is_unspecified:
        block_file.unlink(missing_ok=True)
        return None
    replace(block_file, build_server_key_block(public_file.read_bytes(), ServerAddress(host, port)), private=True)
    return block_file
