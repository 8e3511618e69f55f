"""The handshake: check value, both sides together, and every refusal."""

from __future__ import annotations

import hashlib
import hmac
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from photonrig.errors import ProtocolError
from photonrig.particle import handshake

DEVICE_ID = "0123456789abcdef01234567"
SERVER = rsa.generate_private_key(65537, 2048)
DEVICE = rsa.generate_private_key(65537, 1024)
NONCE = bytes(range(40))


def der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_digest_check_value() -> None:
    assert handshake.session_digest(bytes(range(40)), bytes(128)).hex() == "14713112cd658ebbf72078dbbdc9cc04cd717b76"


def test_both_sides_end_with_the_same_session() -> None:
    block = handshake.device_block(SERVER.public_key(), NONCE, DEVICE_ID, der(DEVICE))
    assert len(block) == handshake.DEVICE_BLOCK_SIZE
    introduced = handshake.open_device_block(SERVER, block, NONCE)
    assert introduced == handshake.DeviceIntroduction(DEVICE_ID, der(DEVICE))
    session = os.urandom(40)
    reply = handshake.session_reply(SERVER, introduced.public_key, session)
    assert len(reply) == handshake.REPLY_SIZE
    assert handshake.open_session_reply(DEVICE, SERVER.public_key(), reply) == session


def test_the_signature_is_raw_pkcs1_type_1_without_digest_info() -> None:
    session = os.urandom(40)
    reply = handshake.session_reply(SERVER, der(DEVICE), session)
    sealed, signature = reply[:128], reply[128:]
    numbers = SERVER.public_key().public_numbers()
    opened = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")
    digest = hmac.new(session, sealed, hashlib.sha1).digest()
    assert opened == b"\x00\x01" + b"\xff" * (256 - 3 - 20) + b"\x00" + digest


def test_the_session_block_has_key_iv_and_salt() -> None:
    keys = handshake.SessionKeys.from_block(bytes(range(40)))
    assert (keys.key, keys.iv, keys.salt) == (bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 40)))
    with pytest.raises(ProtocolError, match="39 bytes"):
        handshake.SessionKeys.from_block(bytes(39))


def test_an_answer_to_another_nonce_is_refused() -> None:
    block = handshake.device_block(SERVER.public_key(), bytes(40), DEVICE_ID, der(DEVICE))
    with pytest.raises(ProtocolError, match="cannot be decrypted"):
        handshake.open_device_block(SERVER, block, NONCE)


def test_a_block_for_another_server_is_refused() -> None:
    other = rsa.generate_private_key(65537, 2048)
    block = handshake.device_block(other.public_key(), NONCE, DEVICE_ID, der(DEVICE))
    with pytest.raises(ProtocolError, match="cannot be decrypted"):
        handshake.open_device_block(SERVER, block, NONCE)


@pytest.mark.parametrize("plain", [NONCE, NONCE + bytes(12), NONCE + bytes(173), NONCE + bytes(175)])
def test_a_block_of_another_size_is_refused(plain: bytes) -> None:
    block = SERVER.public_key().encrypt(plain, padding.PKCS1v15())
    with pytest.raises(ProtocolError, match="cannot be decrypted"):
        handshake.open_device_block(SERVER, block, NONCE)


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_rubbish_instead_of_a_block_is_refused(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        handshake.open_device_block(SERVER, block, NONCE)


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_rubbish_instead_of_a_public_key_is_refused(key: bytes) -> None:
    with pytest.raises(ProtocolError):
        handshake.session_reply(SERVER, key, bytes(40))


def test_keys_of_other_kinds_are_refused() -> None:
    for key in (SERVER, ec.generate_private_key(ec.SECP256R1())):
        with pytest.raises(ProtocolError, match="not RSA-1024"):
            handshake.check_device_key(der(key))


@settings(max_examples=30)
@given(st.integers(0, handshake.REPLY_SIZE - 1), st.integers(1, 255))
def test_a_changed_reply_is_noticed_by_the_device(position: int, change: int) -> None:
    reply = bytearray(handshake.session_reply(SERVER, der(DEVICE), bytes(40)))
    reply[position] ^= change
    with pytest.raises(ProtocolError, match="cannot be verified"):
        handshake.open_session_reply(DEVICE, SERVER.public_key(), bytes(reply))


def test_a_signature_of_the_server_over_something_else_is_refused() -> None:
    """Well formed and by the right key: of an earlier session, of other bytes, of nothing."""
    reply = handshake.session_reply(SERVER, der(DEVICE), bytes(range(40)))
    earlier = handshake.session_reply(SERVER, der(DEVICE), bytes(40))
    for signature in (
        earlier[128:],
        SERVER.sign(hmac.new(bytes(40), reply[:128], hashlib.sha1).digest(), padding.PKCS1v15(), NoDigestInfo()),
        SERVER.sign(bytes(20), padding.PKCS1v15(), NoDigestInfo()),
        SERVER.sign(b"", padding.PKCS1v15(), NoDigestInfo()),
    ):
        with pytest.raises(ProtocolError, match="cannot be verified"):
            handshake.open_session_reply(DEVICE, SERVER.public_key(), reply[:128] + signature)


def test_the_signature_of_another_server_is_refused() -> None:
    other = rsa.generate_private_key(65537, 2048)
    reply = handshake.session_reply(other, der(DEVICE), bytes(40))
    with pytest.raises(ProtocolError, match="cannot be verified"):
        handshake.open_session_reply(DEVICE, SERVER.public_key(), reply)


@pytest.mark.parametrize("size", [0, 39, 41])
def test_a_session_block_of_another_size_is_refused_however_well_signed(size: int) -> None:
    sealed = DEVICE.public_key().encrypt(bytes(size), padding.PKCS1v15())
    digest = hmac.new(bytes(size), sealed, hashlib.sha1).digest()
    signature = SERVER.sign(digest, padding.PKCS1v15(), NoDigestInfo())
    with pytest.raises(ProtocolError, match="cannot be verified"):
        handshake.open_session_reply(DEVICE, SERVER.public_key(), sealed + signature)
