"""Handshake that opens a cloud session: both sides, as functions on bytes.

    server → device   nonce (40)
    device → server   RSA-2048 under the server's key (256): nonce (40) ‖ device id (12) ‖ device key, SPKI DER (162)
    server → device   A (128) ‖ B (256): A = RSA-1024 under the device's key of the session block (40),
                      B = the server's signature of HMAC-SHA1(session block, A), PKCS#1 type 1 without DigestInfo
    session block     key (16) ‖ iv (16) ‖ salt (8)

After that both sides speak in frames (:mod:`photonrig.particle.frames`). Same bytes in every Device OS of the Photon.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization import load_der_public_key

from photonrig.errors import ProtocolError

NONCE_SIZE = 40
DEVICE_BLOCK_SIZE = 256
SESSION_BLOCK_SIZE = 40
REPLY_SIZE = 384

_ID_SIZE = 12
_PUBLIC_KEY_SIZE = 162
_SEALED_SIZE = 128
_PADDING = padding.PKCS1v15()


@dataclass(frozen=True, slots=True)
class DeviceIntroduction:
    """Identity stated by a device: id of 24 lower-case hex digits, public key as 162-byte SubjectPublicKeyInfo DER."""

    device_id: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """A session block's fields; the salt seeds the device's message ids and tokens."""

    key: bytes
    iv: bytes
    salt: bytes

    @classmethod
    def from_block(cls, block: bytes) -> SessionKeys:
        """Split a session block of 40 bytes; raises ProtocolError for any other length."""
        if len(block) != SESSION_BLOCK_SIZE:
            raise ProtocolError(f"a session block of {len(block)} bytes instead of {SESSION_BLOCK_SIZE}")
        return cls(block[:16], block[16:32], block[32:])


def session_digest(session_block: bytes, sealed: bytes) -> bytes:
    """The 20 bytes the server signs: HMAC-SHA1 keyed with the session block over its sealed form."""
    return hmac.new(session_block, sealed, hashlib.sha1).digest()


def open_device_block(server_key: rsa.RSAPrivateKey, block: bytes, nonce: bytes) -> DeviceIntroduction:
    """Server side of the second step: the introduction in ``block`` (256 bytes), the answer to ``nonce`` (40 bytes).

    Raises ProtocolError for a block made for another server key or another nonce, without distinguishing them.
    """
    try:
        plain = server_key.decrypt(block, _PADDING)
    except ValueError:
        plain = b""
    if len(plain) != NONCE_SIZE + _ID_SIZE + _PUBLIC_KEY_SIZE or not hmac.compare_digest(plain[:NONCE_SIZE], nonce):
        raise ProtocolError(
            "the device's first block cannot be decrypted; it was made for another server key or connection"
        )
    return DeviceIntroduction(plain[NONCE_SIZE : NONCE_SIZE + _ID_SIZE].hex(), plain[NONCE_SIZE + _ID_SIZE :])


def session_reply(server_key: rsa.RSAPrivateKey, device_public_key: bytes, session_block: bytes) -> bytes:
    """Server side of the third step: 384 bytes with ``session_block`` (40 bytes) encrypted for the device's key.

    Raises ProtocolError when ``device_public_key`` is not an RSA-1024 key in SubjectPublicKeyInfo DER.
    """
    sealed = check_device_key(device_public_key).encrypt(session_block, _PADDING)
    return sealed + server_key.sign(session_digest(session_block, sealed), _PADDING, NoDigestInfo())


def device_block(server_key: rsa.RSAPublicKey, nonce: bytes, device_id: str, device_public_key: bytes) -> bytes:
    """Device side of the second step: 256 bytes that answer ``nonce`` (40 bytes) and introduce the device."""
    return server_key.encrypt(nonce + bytes.fromhex(device_id) + device_public_key, _PADDING)


def open_session_reply(device_key: rsa.RSAPrivateKey, server_key: rsa.RSAPublicKey, reply: bytes) -> bytes:
    """Device side of the third step: the session block of 40 bytes in ``reply`` (384 bytes).

    Raises ProtocolError when the reply is for another device or not signed by the server.
    """
    sealed, signature = reply[:_SEALED_SIZE], reply[_SEALED_SIZE:]
    try:
        block = device_key.decrypt(sealed, _PADDING)
        signed = server_key.recover_data_from_signature(signature, _PADDING, None)
    except (ValueError, InvalidSignature):
        block = signed = b""
    if len(block) != SESSION_BLOCK_SIZE or not hmac.compare_digest(signed, session_digest(block, sealed)):
        raise ProtocolError("the server's reply cannot be verified; it is for another device or from another server")
    return block


def check_device_key(der: bytes) -> rsa.RSAPublicKey:
    """The key in ``der``; raises ProtocolError when it is not RSA-1024 in SubjectPublicKeyInfo DER."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise ProtocolError("the device's public key is not a key in SubjectPublicKeyInfo DER") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != _SEALED_SIZE * 8:
        raise ProtocolError("the device's public key is not RSA-1024")
    return key
