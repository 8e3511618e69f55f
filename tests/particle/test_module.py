from __future__ import annotations

import dataclasses
import hashlib
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import ModuleError
from photonrig.particle.module import (
    USER_PART_SIZE,
    Dependency,
    check_user_part,
    parse_module,
)

KNOWN_APPS = Path(__file__).parents[2] / ".rig/cli/node_modules/particle-cli/assets/knownApps"


def assembled(
    *,
    start: int = 0x080A0000,
    platform: int = 6,
    function: int = 5,
    index: int = 1,
    dependency: tuple[int, int, int] = (4, 2, 207),
    code: bytes = b"\xca\xfe\xba\xbe" * 5,
    before: bytes = b"",
    product: tuple[int, int] | None = (20001, 3),
) -> bytes:
    """A module put together field by field, independently of the packer under test."""
    suffix = b"" if product is None else struct.pack("<HH", *product)
    length = len(before) + 24 + len(code) + len(suffix) + 2 + 32 + 2
    prefix = struct.pack("<II", start, start + length)
    prefix += struct.pack("<BBHHBB", 0, 0, 6, platform, function, index)
    prefix += struct.pack("<BBH", *dependency) + bytes(4)
    body = before + prefix + code + suffix + b"\0\0"
    body += hashlib.sha256(body).digest() + struct.pack("<H", 36 + len(suffix))
    return body + struct.pack(">I", zlib.crc32(body))


def test_fields_of_a_user_part() -> None:
    data = assembled()
    module = parse_module(data)
    assert module.size == len(data)
    assert (module.start, module.end) == (0x080A0000, 0x080A0000 + len(data) - 4)
    assert (module.module_version, module.platform_id) == (6, 6)
    assert (module.function, module.index) == ("user_part", 1)
    assert module.dependencies == (Dependency("system_part", 2, 207),)
    assert (module.product_id, module.product_version) == (20001, 3)
    assert module.sha256 == hashlib.sha256(data[:-38]).digest()
    assert module.crc_ok and not module.own_build
    check_user_part(module)


@pytest.mark.parametrize("product", [None, (0xFFFF, 0xFFFF)])
def test_a_module_without_product_has_none(product: tuple[int, int] | None) -> None:
    module = parse_module(assembled(product=product))
    assert (module.product_id, module.product_version) == (None, None)


def test_the_prefix_of_a_system_part_follows_its_vector_table() -> None:
    vectors = bytes(range(1, 256)) + b"\x20" * (0x184 - 255)
    module = parse_module(assembled(before=vectors, start=0x08020000, function=4, index=1, dependency=(0, 0, 0)))
    assert (module.prefix_offset, module.function, module.index) == (0x184, "system_part", 1)
    assert module.dependencies == ()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (assembled(platform=8), "platform 8"),
        (assembled(function=4), "not an application"),
        (assembled(index=2), "not an application"),
        (assembled(start=0x08080000), "0x08080000"),
        (assembled(code=bytes(USER_PART_SIZE)), "user part holds"),
    ],
)
def test_what_a_photon_cannot_run_is_refused(made: bytes, message: str) -> None:
    with pytest.raises(ModuleError, match=message):
        check_user_part(parse_module(made))


def test_a_wrong_check_sum_is_named() -> None:
    data = bytearray(assembled())
    data[30] ^= 1
    module = parse_module(bytes(data))
    assert not module.crc_ok
    with pytest.raises(ModuleError, match=f"{module.crc_stored:08x}"):
        check_user_part(module)


def test_truncation_at_every_length_is_refused() -> None:
    data = assembled()
    for length in range(len(data)):
        with pytest.raises(ModuleError):
            parse_module(data[:length])
    with pytest.raises(ModuleError, match=f"has {len(data) - 1} bytes and says that it has {len(data)}"):
        parse_module(data[:-1])
    with pytest.raises(ModuleError, match="foreign bytes"):
        parse_module(data + b"\0")


@pytest.mark.parametrize("data", [b"", bytes(300), b"\xff" * 5000, b"MZ" * 4000])
def test_what_is_no_module_is_refused(data: bytes) -> None:
    with pytest.raises(ModuleError):
        parse_module(data)


def test_suffix_without_inspection_information_is_refused() -> None:
    data = bytearray(assembled())
    data[-6:-4] = b"\xff\xff"
    with pytest.raises(ModuleError, match="no inspection information"):
        parse_module(bytes(data))


@given(bit=st.integers(0, len(assembled()) * 8 - 1))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(assembled())
    data[bit // 8] ^= 1 << bit % 8
    try:
        module = parse_module(bytes(data))
    except ModuleError:
        return
    assert not module.crc_ok


@given(data=st.binary(max_size=400))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        module = parse_module(data)
    except ModuleError:
        return
    assert dataclasses.is_dataclass(module)


@pytest.mark.cli
def test_genuine_images_of_the_particle_cli() -> None:
    tinker = parse_module((KNOWN_APPS / "photon/tinker/tinker-0.4.5-photon.bin").read_bytes())
    assert (tinker.start, tinker.end, tinker.module_version) == (0x080A0000, 0x080A14C8, 3)
    assert (tinker.product_id, tinker.product_version) == (6, 2)
    check_user_part(tinker)
    for path in KNOWN_APPS.rglob("*.bin"):
        data = path.read_bytes()
        module = parse_module(data)
        assert module.crc_ok, path.name
        if path.parts[-3] == "p1":
            with pytest.raises(ModuleError, match="platform 8"):
                check_user_part(module)
