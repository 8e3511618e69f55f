"""Firmware images: the module container of devices, the Particle CLI and the cloud.

    offset 0      prefix, 24 bytes little endian: addresses, version, platform, function, index, two dependencies
    offset 24     code
    length - 44   product id, product version, 16 reserved bits, SHA-256 of all before it, suffix size (40)
    length - 4    CRC-32 (zlib) of all before it, big endian

System parts and bootloaders start with their vector table, so their prefix comes later.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from photonrig.errors import ModuleError

PHOTON_PLATFORM_ID: Final = 6
# Device OS 2.3.1, memory map of the Photon: address of the user part, and its maximum length with suffix and CRC.
USER_PART_START: Final = 0x080A0000
USER_PART_SIZE: Final = 128 * 1024
# The version of system part 2 that stand-ins need, which no Photon has.
_NO_SYSTEM_VERSION: Final = 0xF001
# Stand-ins for bootloaders and system parts lie this far above the originals' addresses, outside a real Photon's
# memory. Same number in the virtual Photon's module/module_image.h.
STAND_IN_OFFSET: Final = 0x08000000
# In the images of our own build; firmware/user_part/start.cpp has the same text.
_BUILDER: Final = b"built by photonrig"
# Device OS 2.3.1, memory map of the Photon: by function and index.
_SYSTEM_STARTS: Final = {
    ("bootloader", 0): 0x08000000,
    ("system_part", 1): 0x08020000,
    ("system_part", 2): 0x08060000,
}
# Vector table of a module with one: the stack pointer, in RAM, then zeros.
_VECTORS: Final = struct.pack("<I", 0x20020000) + bytes(0x184 - 4)

# Device OS 2.3.1, module_info.h.
_FUNCTIONS: Final = (
    "none",
    "resource",
    "bootloader",
    "monolithic",
    "system_part",
    "user_part",
    "settings",
    "ncp",
    "radio",
)

_PREFIX: Final = struct.Struct("<IIBBHHBB4s4s")
_DEPENDENCY: Final = struct.Struct("<BBH")
_SUFFIX: Final = struct.Struct("<HHH32sH")
_CRC: Final = struct.Struct(">I")
_TAIL: Final = _SUFFIX.size + _CRC.size
_NO_PRODUCT: Final = 0xFFFF
# Suffix sizes: without and with the two product fields.
_SUFFIX_PLAIN: Final = 36
_SUFFIX_PRODUCT: Final = 40
# binary-version-reader 3.1.3, HalModuleParser: the prefix's usual places first, then every word of the first 8 KiB.
_USUAL_OFFSETS: Final = (0, 0x200, 0x184, 0xC0, 0x10C)
_LAST_OFFSET: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class Dependency:
    """A module that must be on the device, at this version or a newer one."""

    function: str
    index: int
    version: int


@dataclass(frozen=True, slots=True)
class Module:
    """Properties stated by an image.

    ``start`` and ``end`` are addresses (``end`` is the address of the CRC); ``function`` is one of "user_part",
    "system_part", "bootloader", "monolithic" and so on; ``product_id`` and ``product_version`` are None when the
    firmware sets none; ``sha256`` is the digest as stored, ``crc_stored`` and ``crc_actual`` the two check sums;
    ``own_build``: linked by photonrig, not by Particle.
    """

    size: int
    prefix_offset: int
    start: int
    end: int
    module_version: int
    platform_id: int
    function: str
    index: int
    dependencies: tuple[Dependency, ...]
    product_id: int | None
    product_version: int | None
    sha256: bytes
    crc_stored: int
    crc_actual: int
    own_build: bool

    @property
    def crc_ok(self) -> bool:
        """Whether the CRC is right."""
        return self.crc_stored == self.crc_actual


def parse_module(data: bytes) -> Module:
    """Parse an image's prefix, suffix and CRC; a wrong CRC is reported in the result, not raised.

    :raises ModuleError: empty, truncated, or not a module
    """
    if not data:
        raise ModuleError("the firmware image is empty; build or download it again")
    offset = _find_prefix(data)
    if offset is None:
        raise ModuleError(_why_implausible(data))
    start, end, _, _, module_version, platform_id, function, index, *needs = _PREFIX.unpack_from(data, offset)
    product_id, product_version, _, sha256, suffix_size = _SUFFIX.unpack_from(
        data, len(data) - _CRC.size - _SUFFIX.size
    )
    if suffix_size < _SUFFIX_PLAIN or suffix_size > len(data) - offset - _PREFIX.size:
        raise ModuleError(f"the firmware image has no inspection information (suffix size {suffix_size})")
    has_product = suffix_size >= _SUFFIX_PRODUCT
    return Module(
        size=len(data),
        prefix_offset=offset,
        start=start,
        end=end,
        module_version=module_version,
        platform_id=platform_id,
        function=_FUNCTIONS[function & 0x0F],
        index=index,
        dependencies=tuple(_dependencies(needs)),
        product_id=product_id if has_product and product_id != _NO_PRODUCT else None,
        product_version=product_version if has_product and product_version != _NO_PRODUCT else None,
        sha256=sha256,
        crc_stored=_CRC.unpack_from(data, len(data) - _CRC.size)[0],
        crc_actual=zlib.crc32(data[: -_CRC.size]),
        own_build=_BUILDER in data,
    )


def check_user_part(module: Module, platform_id: int = PHOTON_PLATFORM_ID) -> None:
    """Check that a device of this platform can run the module as its application.

    :raises ModuleError: wrong CRC, another platform, not a user part, or not at the user part's address
    """
    if not module.crc_ok:
        raise ModuleError(
            f"the firmware image is damaged: its CRC is {module.crc_stored:08x}, its bytes give {module.crc_actual:08x}"
        )
    if module.platform_id != platform_id:
        raise ModuleError(f"the firmware image is for platform {module.platform_id}, not for platform {platform_id}")
    if module.function != "user_part" or module.index != 1:
        raise ModuleError(f"the firmware image is {module.function} {module.index}, not an application (user_part 1)")
    if platform_id == PHOTON_PLATFORM_ID:
        if module.start != USER_PART_START:
            raise ModuleError(f"the firmware image is linked to 0x{module.start:08x}, not to 0x{USER_PART_START:08x}")
        if module.size > USER_PART_SIZE:
            raise ModuleError(f"the firmware image has {module.size} bytes; the user part holds {USER_PART_SIZE}")


def build_stand_in(function: str, index: int, version: int, payload: bytes) -> bytes:
    """Pack the virtual Photon's stand-in for a bootloader (index 0) or system part (1 or 2) of a version.

    Harmless to real Photons: its address is outside their memory, and it depends on a system version none has.

    :raises ModuleError: the Photon has no such module
    """
    start = _SYSTEM_STARTS.get((function, index))
    if start is None:
        raise ModuleError(f"a Photon has no {function} {index}; it has a bootloader 0 and system parts 1 and 2")
    start += STAND_IN_OFFSET
    vectors = b"" if (function, index) == ("system_part", 2) else _VECTORS
    code = payload + bytes(-len(payload) % 4)
    end = start + len(vectors) + _PREFIX.size + len(code) + _TAIL - _CRC.size
    needed = _DEPENDENCY.pack(_FUNCTIONS.index("system_part"), 2, _NO_SYSTEM_VERSION)
    number = _FUNCTIONS.index(function)
    prefix = _PREFIX.pack(start, end, 0, 0, version, PHOTON_PLATFORM_ID, number, index, needed, bytes(4))
    hashed = vectors + prefix + code + struct.pack("<HHH", _NO_PRODUCT, _NO_PRODUCT, 0)
    summed = hashed + hashlib.sha256(hashed).digest() + struct.pack("<H", _SUFFIX_PRODUCT)
    return summed + _CRC.pack(zlib.crc32(summed))


def _find_prefix(data: bytes) -> int | None:
    last = min(_LAST_OFFSET, len(data) - _PREFIX.size - _TAIL)
    candidates: list[int] = [*_USUAL_OFFSETS, *range(4, last + 1, 4)]
    for offset in candidates:
        if offset <= last and _plausible(data, offset) and _length_of(data, offset) == len(data):
            return offset
    return None


def _plausible(data: bytes, offset: int) -> bool:
    start, end, reserved, flags, _, _, function, _, *needs = _PREFIX.unpack_from(data, offset)
    if reserved != 0 or flags >= 8 or end <= start:
        return False
    functions: list[int] = [function & 0x0F or len(_FUNCTIONS), *(_DEPENDENCY.unpack(need)[0] for need in needs)]
    return max(functions) < len(_FUNCTIONS)


def _length_of(data: bytes, offset: int) -> int:
    start, end = struct.unpack_from("<II", data, offset)
    return int(end - start + _CRC.size)


def _why_implausible(data: bytes) -> str:
    if len(data) >= _PREFIX.size and _plausible(data, 0) and (stated := _length_of(data, 0)) <= 4 * 1024 * 1024:
        if stated > len(data):
            return f"the firmware image is truncated: it has {len(data)} bytes and says that it has {stated}"
        return f"foreign bytes follow the firmware image: it has {len(data)} bytes and says that it has {stated}"
    return f"these {len(data)} bytes are no firmware image: no module prefix that fits them"


def _dependencies(needs: list[bytes]) -> Iterator[Dependency]:
    for need in needs:
        function, index, version = _DEPENDENCY.unpack(need)
        if function != 0:
            yield Dependency(_FUNCTIONS[function], index, version)
