from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import ProtocolError, UsageError
from photonrig.particle import keys
from photonrig.particle.claim_code import check_claim_code, generate_claim_code
from photonrig.particle.keys import ServerAddress

DEVICE = keys.generate_device_key()
SERVER = rsa.generate_private_key(65537, 2048)


def test_a_device_key_has_the_sizes_of_the_dct() -> None:
    public = keys.public_key_der(DEVICE)
    assert len(public) == keys.PUBLIC_KEY_SIZE
    # The fixed header a Photon writes before the modulus.
    assert public[:29].hex() == "30819f300d06092a864886f70d010101050003818d0030818902818100"
    assert public[-5:].hex() == "0203010001"
    assert len(keys.private_key_der(DEVICE)) <= 612
    assert len(keys.public_key_der(SERVER)) == 294


def test_a_private_key_survives_the_dct() -> None:
    stored = keys.private_key_der(DEVICE).ljust(1216, b"\xff")
    assert keys.parse_private_key(stored).private_numbers() == DEVICE.private_numbers()


@pytest.mark.parametrize("lead", [b"\0", b""])
def test_integers_of_fixed_width_are_read(lead: bytes) -> None:
    numbers = DEVICE.private_numbers()
    public = numbers.public_numbers

    def integer(value: int, width: int) -> bytes:
        content = lead + value.to_bytes(width, "big")
        length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
        return b"\x02" + length + content

    body = b"\x02\x01\x00" + integer(public.n, 128) + b"\x02\x03\x01\x00\x01" + integer(numbers.d, 128)
    for value in (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp):
        body += integer(value, 64)
    stored = b"\x30\x82" + struct.pack(">H", len(body)) + body + b"\xff" * 100
    assert keys.parse_private_key(stored).private_numbers() == numbers


def test_a_public_key_with_filler_is_read() -> None:
    stored = keys.public_key_der(DEVICE).ljust(294, b"\xff")
    assert keys.parse_public_key(stored).public_numbers() == DEVICE.public_key().public_numbers()
    assert keys.public_key_pem(DEVICE).startswith("-----BEGIN PUBLIC KEY-----\n")


def test_every_truncation_of_a_key_is_refused() -> None:
    private, public = keys.private_key_der(DEVICE), keys.public_key_der(DEVICE)
    for length in range(len(private)):
        with pytest.raises(ProtocolError):
            keys.parse_private_key(private[:length])
    for length in range(len(public)):
        with pytest.raises(ProtocolError):
            keys.parse_public_key(public[:length])


@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_as_keys(data: bytes) -> None:
    for parse in (keys.parse_private_key, keys.parse_public_key, keys.parse_server_key_block):
        with pytest.raises(ProtocolError):
            parse(data)


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        (ServerAddress("192.168.1.20", 5683), b"\x00\x04\xc0\xa8\x01\x14\xff"),
        (ServerAddress("cloud.example", 8000), b"\x01\x0dcloud.example\xff"),
    ],
)
def test_server_key_block_layout(address: ServerAddress, entry: bytes) -> None:
    der = keys.public_key_der(SERVER)
    block = keys.build_server_key_block(der, address)
    assert len(block) == 512
    assert block[:294] == der and set(block[294:384]) == {0xFF}
    assert block[384 : 384 + len(entry)] == entry
    assert struct.unpack_from(">H", block, 450)[0] == address.port
    key, read = keys.parse_server_key_block(block)
    assert key.public_numbers() == SERVER.public_key().public_numbers() and read == address


@pytest.mark.parametrize("port", [b"\0\0", b"\xff\xff"])
def test_a_block_without_port_means_the_usual_one(port: bytes) -> None:
    block = bytearray(keys.build_server_key_block(keys.public_key_der(SERVER), ServerAddress("127.0.0.1", 1)))
    block[450:452] = port
    assert keys.parse_server_key_block(bytes(block))[1] == ("127.0.0.1", 5683)


@pytest.mark.parametrize(
    "address",
    [
        ServerAddress("", 1),
        ServerAddress("x" * 65, 1),
        ServerAddress("a?", 1),
        ServerAddress("h", 0),
        ServerAddress("h", 65535),
    ],
)
def test_addresses_the_block_cannot_hold(address: ServerAddress) -> None:
    with pytest.raises(UsageError):
        keys.build_server_key_block(keys.public_key_der(SERVER), address)
    with pytest.raises(UsageError):
        keys.build_server_key_block(bytes(385), ServerAddress("127.0.0.1", 1))


def test_a_block_without_address_is_refused() -> None:
    block = bytearray(keys.build_server_key_block(keys.public_key_der(SERVER), ServerAddress("127.0.0.1", 1)))
    block[384] = 0xFF
    with pytest.raises(ProtocolError, match="names no address"):
        keys.parse_server_key_block(bytes(block))


def test_claim_codes() -> None:
    codes = {generate_claim_code() for _ in range(20)}
    assert len(codes) == 20
    assert all(check_claim_code(code) == code and len(code) == 63 for code in codes)


@pytest.mark.parametrize("code", ["", "A" * 64, "with space", 'quote"', "ümlaut"])
def test_claim_codes_a_device_would_not_keep(code: str) -> None:
    with pytest.raises(UsageError):
        check_claim_code(code)
