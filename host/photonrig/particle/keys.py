"""Photon keys: the device's RSA-1024 pair, and the server key block with the cloud's key and address.

All sizes and offsets are those of Device OS 2.3.1, dct.h. The server key block is the 512-byte file that
``particle keys server`` writes to DCT offset 2082:

    0      public key of the server, SubjectPublicKeyInfo DER, 0xFF filled
    384    address type (0 IPv4, 1 domain), length, address
    450    port, big endian
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import ProtocolError, UsageError

PUBLIC_KEY_SIZE: Final = 162
SERVER_KEY_BLOCK_SIZE: Final = 512

_DEVICE_KEY_BITS: Final = 1024
_EXPONENT: Final = 65537
_ADDRESS_OFFSET: Final = 384
_PORT_OFFSET: Final = _ADDRESS_OFFSET + 66
_DOMAIN_MAX: Final = 64
_IP, _DOMAIN = 0, 1
_DEFAULT_PORT: Final = 5683
_UNSET_PORTS: Final = (0, 0xFFFF)

_SEQUENCE, _INTEGER = 0x30, 0x02


class ServerAddress(NamedTuple):
    """Address of a device's cloud: IPv4 address or domain name, and TCP port."""

    host: str
    port: int


def generate_device_key() -> rsa.RSAPrivateKey:
    """A new key pair of the size a Photon uses (RSA-1024, exponent 65537)."""
    return rsa.generate_private_key(_EXPONENT, _DEVICE_KEY_BITS)


def private_key_der(key: rsa.RSAPrivateKey) -> bytes:
    """The private key as PKCS#1 DER, as it is written to DCT offset 34. Keep it in files of mode 0600."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def public_key_der(key: rsa.RSAPublicKey | rsa.RSAPrivateKey) -> bytes:
    """The public key as SubjectPublicKeyInfo DER: 162 bytes for a device, 294 for a server."""
    return _public(key, serialization.Encoding.DER)


def public_key_pem(key: rsa.RSAPublicKey | rsa.RSAPrivateKey) -> str:
    """The public key as PEM text, as the cloud's provisioning takes it."""
    return _public(key, serialization.Encoding.PEM).decode("ascii")


def _public(key: rsa.RSAPublicKey | rsa.RSAPrivateKey, encoding: serialization.Encoding) -> bytes:
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key
    return public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def parse_private_key(data: bytes) -> rsa.RSAPrivateKey:
    """Read a PKCS#1 private key as devices store it: fixed-width integers, filler after the end.

    :raises ProtocolError: not such a key
    """
    # Devices write integers with surplus leading zeros, or without the zero that keeps them positive; strict DER
    # readers refuse both, so the nine integers are read here.
    try:
        tag, body, _ = _take(data)
        if tag != _SEQUENCE:
            raise ProtocolError("the device key is not an RSA private key")
        numbers = []
        while body:
            tag, integer, body = _take(body)
            if tag != _INTEGER:
                raise ProtocolError("the device key holds something that is not a number")
            numbers.append(int.from_bytes(integer, "big"))
        _, n, e, d, p, q, dmp1, dmq1, iqmp = numbers
        return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, rsa.RSAPublicNumbers(e, n)).private_key()
    except (ValueError, IndexError) as error:
        raise ProtocolError(f"the device key is not an RSA private key ({type(error).__name__})") from None


def parse_public_key(data: bytes) -> rsa.RSAPublicKey:
    """Read a SubjectPublicKeyInfo, possibly followed by filler, as SoftAP and DCT return it.

    :raises ProtocolError: not an RSA public key
    """
    try:
        _, _, filler = _take(data)
        key = serialization.load_der_public_key(data[: len(data) - len(filler)])
    except (ValueError, IndexError) as error:
        raise ProtocolError(f"the device's public key cannot be read ({type(error).__name__})") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ProtocolError("the device's public key is not an RSA key")
    return key


def _take(data: bytes) -> tuple[int, bytes, bytes]:
    """Split one DER element off: tag, content, rest."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("truncated")
    return tag, data[start : start + length], data[start + length :]


def build_server_key_block(server_public_key: bytes, address: ServerAddress) -> bytes:
    """The 512-byte block that makes a device trust a server and connect to it; the key is SubjectPublicKeyInfo DER.

    :raises UsageError: the block cannot hold this key, host or port
    """
    host = address.host.encode("ascii", "replace")
    if not 0 < len(server_public_key) <= _ADDRESS_OFFSET:
        raise UsageError(f"the server key has {len(server_public_key)} bytes; a device keeps {_ADDRESS_OFFSET}")
    if not 0 < address.port < 0xFFFF:
        raise UsageError(f"port {address.port} is not a TCP port a device can be given")
    try:
        kind, value = _IP, ipaddress.IPv4Address(address.host).packed
    except ValueError:
        kind, value = _DOMAIN, host
        if not 0 < len(host) <= _DOMAIN_MAX or b"?" in host:
            raise UsageError(f"{address.host!r} is no IPv4 address or domain name of up to 64 characters") from None
    block = bytearray(b"\xff" * SERVER_KEY_BLOCK_SIZE)
    block[: len(server_public_key)] = server_public_key
    entry = bytes([kind, len(value)]) + value
    block[_ADDRESS_OFFSET : _ADDRESS_OFFSET + len(entry)] = entry
    struct.pack_into(">H", block, _PORT_OFFSET, address.port)
    return bytes(block)


def parse_server_key_block(block: bytes) -> tuple[rsa.RSAPublicKey, ServerAddress]:
    """Read a server key block: the key, and the address with the port a device would use.

    :raises ProtocolError: too short, no key, or no address
    """
    if len(block) < _PORT_OFFSET + 2:
        raise ProtocolError(f"the server key block has {len(block)} bytes, not {SERVER_KEY_BLOCK_SIZE}")
    key = parse_public_key(block[:_ADDRESS_OFFSET])
    kind, length = block[_ADDRESS_OFFSET], block[_ADDRESS_OFFSET + 1]
    value = block[_ADDRESS_OFFSET + 2 : _ADDRESS_OFFSET + 2 + length]
    if kind == _IP and length == 4:
        host = str(ipaddress.IPv4Address(value))
    elif kind == _DOMAIN and 0 < length <= _DOMAIN_MAX:
        host = value.decode("ascii", "replace")
    else:
        raise ProtocolError(f"the server key block names no address (type {kind}, length {length})")
    port = struct.unpack_from(">H", block, _PORT_OFFSET)[0]
    return key, ServerAddress(host, _DEFAULT_PORT if port in _UNSET_PORTS else port)
